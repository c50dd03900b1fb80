#include "io/https.h"

#include <curl/curl.h>
#include <errno.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/limits.h"
#include "base/why.h"
#include "base/xalloc.h"
#include "io/clock.h"
#include "io/https_target.h"

#define IDLE_MS 60000

/* One request between the thread that asks and the one that moves bytes: the
 * latter alone touches it from its start until `done`. */
struct job {
	struct job *next;
	struct https *https;
	CURL *curl;
	struct buf body;
	size_t header_bytes;
	bool too_large, forbidden;
	CURLcode code;
	bool done; /* under the lock of https */
	pthread_cond_t ended;
	char error[CURL_ERROR_SIZE];
};

struct https {
	char *ca_file, *agent;
	const struct ipnet *allowed;
	size_t allowed_count;
	uint16_t port;
	CURLM *multi;
	pthread_t thread;
	pthread_mutex_t lock;
	struct job *waiting; /* to be started; newest first */
	bool closing, aborted;
	struct job *running; /* the thread's own */
};

/* --- what libcurl calls, in the thread --- */

/* The last gate: whatever it was that led here, no other address is
 * connected to. */
static curl_socket_t
open_socket(void *handle, curlsocktype purpose, struct curl_sockaddr *to)
{
	struct job *job = handle;
	struct ipaddr address;

	if (purpose != CURLSOCKTYPE_IPCXN ||
	    !ipaddr_from_sockaddr(&to->addr, &address) ||
	    !https_target_is_allowed(&address, job->https->allowed,
				     job->https->allowed_count)) {
		job->forbidden = true;
		return CURL_SOCKET_BAD;
	}
	return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

static size_t
take_body(char *at, size_t size, size_t count, void *handle)
{
	struct job *job = handle;

	buf_text(&job->body, text_of(at, size * count));
	if (buf_ok(&job->body))
		return size * count;
	job->too_large = true;
	return 0;
}

static size_t
count_header(char *at, size_t size, size_t count, void *handle)
{
	struct job *job = handle;

	(void)at;
	job->header_bytes += size * count;
	if (job->header_bytes <= LIMIT_HTTPS_HEADER_BYTES)
		return size * count;
	job->too_large = true;
	return 0;
}

/* --- the thread --- */

static void
finish(struct https *https, struct job *job, CURLcode code)
{
	struct job **at = &https->running;

	while (*at != job)
		at = &(*at)->next;
	*at = job->next;
	curl_multi_remove_handle(https->multi, job->curl);
	pthread_mutex_lock(&https->lock);
	job->code = code;
	job->done = true;
	pthread_cond_signal(&job->ended);
	pthread_mutex_unlock(&https->lock);
}

static void
start_jobs(struct https *https, struct job *jobs)
{
	while (jobs != NULL) {
		struct job *job = jobs;

		jobs = job->next;
		job->next = https->running;
		https->running = job;
		if (curl_multi_add_handle(https->multi, job->curl) != CURLM_OK)
			finish(https, job, CURLE_FAILED_INIT);
	}
}

static void
collect_ended(struct https *https)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(https->multi, &left)) != NULL) {
		char *job;
		CURLcode code = message->data.result;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &job);
		finish(https, (struct job *)(void *)job, code);
	}
}

static void *
run(void *handle)
{
	struct https *https = handle;
	bool closing, aborted;
	struct job *jobs;
	int count;

	for (;;) {
		pthread_mutex_lock(&https->lock);
		jobs = https->waiting;
		https->waiting = NULL;
		closing = https->closing;
		aborted = https->aborted;
		pthread_mutex_unlock(&https->lock);
		start_jobs(https, jobs);
		while (aborted && https->running != NULL)
			finish(https, https->running,
			       CURLE_ABORTED_BY_CALLBACK);
		if (closing)
			return NULL;
		curl_multi_perform(https->multi, &count);
		collect_ended(https);
		curl_multi_poll(https->multi, NULL, 0, IDLE_MS, NULL);
	}
}

/* --- opening --- */

struct https *
https_open(const struct https_options *options, struct why *why)
{
	struct https *https;

	if (options->ca_file != NULL && access(options->ca_file, R_OK) != 0) {
		why_set(why, "%.300s: %s", options->ca_file, strerror(errno));
		return NULL;
	}
	https = xcalloc(1, sizeof(*https));
	if (options->ca_file != NULL)
		https->ca_file = xstrdup(options->ca_file);
	if (options->agent != NULL)
		https->agent = xstrdup(options->agent);
	https->allowed = options->allowed;
	https->allowed_count = options->allowed_count;
	https->port = options->port != 0 ? options->port : 443;
	pthread_mutex_init(&https->lock, NULL);
	if (curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK)
		https->multi = curl_multi_init();
	if (https->multi != NULL &&
	    pthread_create(&https->thread, NULL, run, https) == 0)
		return https;
	why_set(why, "libcurl or its thread did not start");
	curl_multi_cleanup(https->multi);
	pthread_mutex_destroy(&https->lock);
	free(https->ca_file);
	free(https->agent);
	free(https);
	return NULL;
}

bool
https_has_authorities(const struct https *https, struct why *why)
{
	CURL *curl = curl_easy_init();
	char *file = https->ca_file;
	bool good;

	if (file == NULL && curl != NULL)
		curl_easy_getinfo(curl, CURLINFO_CAINFO, &file);
	good = file == NULL || access(file, R_OK) == 0;
	if (!good)
		why_set(why, "%.300s: %s", file, strerror(errno));
	curl_easy_cleanup(curl);
	return good;
}

void
https_close(struct https *https)
{
	if (https == NULL)
		return;
	pthread_mutex_lock(&https->lock);
	https->closing = true;
	pthread_mutex_unlock(&https->lock);
	curl_multi_wakeup(https->multi);
	pthread_join(https->thread, NULL);
	curl_multi_cleanup(https->multi);
	pthread_mutex_destroy(&https->lock);
	free(https->ca_file);
	free(https->agent);
	free(https);
}

void
https_abort(struct https *https)
{
	pthread_mutex_lock(&https->lock);
	https->aborted = true;
	pthread_mutex_unlock(&https->lock);
	curl_multi_wakeup(https->multi);
}

/* --- one request --- */

#define SET(option, value)                                                     \
	(curl_easy_setopt(job->curl, (option), (value)) == CURLE_OK)

static bool
set_connection(struct job *job, const struct https *https)
{
	return SET(CURLOPT_PROTOCOLS_STR, "https") && SET(CURLOPT_PROXY, "") &&
	       SET(CURLOPT_NOSIGNAL, 1L) && SET(CURLOPT_FOLLOWLOCATION, 0L) &&
	       SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) &&
	       SET(CURLOPT_FRESH_CONNECT, 1L) &&
	       SET(CURLOPT_FORBID_REUSE, 1L) &&
	       SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) &&
	       SET(CURLOPT_SSL_VERIFYPEER, 1L) &&
	       SET(CURLOPT_SSL_VERIFYHOST, 2L) &&
	       SET(CURLOPT_SSL_SESSIONID_CACHE, 0L) &&
	       /* a file of authorities alone is one that libcurl keeps */
	       SET(CURLOPT_CAPATH, NULL) &&
	       (https->ca_file == NULL ||
		SET(CURLOPT_CAINFO, https->ca_file)) &&
	       SET(CURLOPT_USERAGENT, https->agent) &&
	       SET(CURLOPT_OPENSOCKETFUNCTION, open_socket) &&
	       SET(CURLOPT_OPENSOCKETDATA, job) &&
	       SET(CURLOPT_HEADERFUNCTION, count_header) &&
	       SET(CURLOPT_HEADERDATA, job) &&
	       SET(CURLOPT_WRITEFUNCTION, take_body) &&
	       SET(CURLOPT_WRITEDATA, job) && SET(CURLOPT_PRIVATE, job) &&
	       SET(CURLOPT_ERRORBUFFER, job->error);
}

static bool
set_request(struct job *job, const struct https_request *request,
	    const char *url, int64_t left_ms, const struct curl_slist *resolve,
	    const struct curl_slist *fields)
{
	if (!SET(CURLOPT_URL, url) || !SET(CURLOPT_RESOLVE, resolve) ||
	    !SET(CURLOPT_HTTPHEADER, fields) ||
	    !SET(CURLOPT_TIMEOUT_MS, (long)left_ms) ||
	    !SET(CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)request->body_most))
		return false;
	return request->media_type == NULL ||
	       (SET(CURLOPT_POST, 1L) &&
		SET(CURLOPT_POSTFIELDSIZE_LARGE,
		    (curl_off_t)request->body.len) &&
		SET(CURLOPT_POSTFIELDS,
		    request->body.len > 0 ? request->body.at : ""));
}

static void
perform(struct https *https, struct job *job)
{
	pthread_mutex_lock(&https->lock);
	job->next = https->waiting;
	https->waiting = job;
	pthread_mutex_unlock(&https->lock);
	curl_multi_wakeup(https->multi);
	pthread_mutex_lock(&https->lock);
	while (!job->done)
		pthread_cond_wait(&job->ended, &https->lock);
	pthread_mutex_unlock(&https->lock);
}

static enum https_result
judge(const struct job *job)
{
	if (job->too_large)
		return HTTPS_TOO_LARGE;
	/* one of several addresses may have been refused, and another done */
	if (job->forbidden && job->code == CURLE_COULDNT_CONNECT)
		return HTTPS_FORBIDDEN;
	switch ((int)job->code) {
	case CURLE_OK:
		return HTTPS_REPLIED;
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_ISSUER_ERROR:
		return HTTPS_NOT_TRUSTED;
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_SSL_CIPHER:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_ENGINE_NOTFOUND:
	case CURLE_SSL_ENGINE_SETFAILED:
		return HTTPS_TLS_FAILED;
	case CURLE_OPERATION_TIMEDOUT:
		return HTTPS_LATE;
	case CURLE_FILESIZE_EXCEEDED:
		return HTTPS_TOO_LARGE;
	case CURLE_ABORTED_BY_CALLBACK:
		return HTTPS_ABORTED;
	case CURLE_COULDNT_CONNECT:
	case CURLE_GOT_NOTHING:
	case CURLE_PARTIAL_FILE:
	case CURLE_RECV_ERROR:
	case CURLE_SEND_ERROR:
		return HTTPS_UNREACHABLE;
	default:
		return HTTPS_BROKEN;
	}
}

/* Without parameters, in lower case; "?" for what is not printable. */
static const char *
media_type_of(struct arena *arena, const char *told)
{
	struct text type = text_from(told);
	char *copy;
	size_t i;

	type = text_trim(text_first(type, text_find(type, ';')));
	copy = text_string(arena, text_lower(arena, text_first(type, 100)));
	for (i = 0; copy[i] != '\0'; i++)
		if (copy[i] < ' ' || copy[i] > '~')
			copy[i] = '?';
	return copy;
}

static void
read_reply(const struct job *job, struct arena *arena,
	   struct https_reply *reply)
{
	const char *type = NULL, *address = NULL;
	struct ipaddr parsed;
	long status = 0;

	curl_easy_getinfo(job->curl, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(job->curl, CURLINFO_CONTENT_TYPE, &type);
	curl_easy_getinfo(job->curl, CURLINFO_PRIMARY_IP, &address);
	reply->status = (unsigned)status;
	reply->media_type = media_type_of(arena, type);
	reply->body = buf_view(&job->body);
	reply->address[0] = '\0';
	if (ipaddr_parse(text_from(address), &parsed))
		ipaddr_write(&parsed, reply->address);
}

/* libcurl's sentence, which may quote the server. */
static void
tell(struct job *job, enum https_result result, size_t most, struct why *why)
{
	char *at;

	if (result == HTTPS_TOO_LARGE) {
		why_set(why, "the reply has more than %zu bytes", most);
		return;
	}
	for (at = job->error; *at != '\0'; at++)
		if (*at < ' ' || *at > '~')
			*at = '?';
	why_set(why, "%s",
		job->error[0] != '\0' ? job->error
				      : curl_easy_strerror(job->code));
}

static enum https_result
exchange(struct https *https, struct arena *arena, struct job *job,
	 const struct https_request *request, struct https_reply *reply,
	 struct why *why)
{
	enum https_result result;

	perform(https, job);
	result = judge(job);
	if (result == HTTPS_REPLIED)
		read_reply(job, arena, reply);
	else
		tell(job, result, request->body_most, why);
	return result;
}

static enum https_result
send_request(struct https *https, struct arena *arena,
	     const struct https_request *request,
	     const struct https_target *target, const char *addresses,
	     struct deadline deadline, struct https_reply *reply,
	     struct why *why)
{
	int64_t left_ms = deadline_left_ms(deadline, clock_monotonic_ms());
	struct curl_slist *resolve, *fields = NULL;
	struct job job = {.https = https};
	enum https_result result = HTTPS_LATE;

	if (left_ms == 0) {
		why_set(why, "no time was left");
		return HTTPS_LATE;
	}
	/* '+': not for longer than libcurl keeps any address */
	resolve =
	    curl_slist_append(NULL, arena_printf(arena, "+" TEXT_FMT ":%u:%s",
						 TEXT_ARG(target->host.name),
						 target->port, addresses));
	if (request->media_type != NULL) {
		fields = curl_slist_append(
		    NULL, arena_printf(arena, "Content-Type: %s",
				       request->media_type));
		fields = curl_slist_append(fields, "Expect:");
	}
	job.curl = curl_easy_init();
	xalloc_check(job.curl != NULL && resolve != NULL);
	buf_init(&job.body, arena, request->body_most);
	pthread_cond_init(&job.ended, NULL);
	if (set_connection(&job, https) &&
	    set_request(&job, request,
			arena_printf(arena, "https://" TEXT_FMT ":%u" TEXT_FMT,
				     TEXT_ARG(target->host.name), target->port,
				     TEXT_ARG(target->path)),
			left_ms, resolve, fields)) {
		result = exchange(https, arena, &job, request, reply, why);
	} else {
		why_set(why, "libcurl refused the request");
		result = HTTPS_BROKEN;
	}
	curl_easy_cleanup(job.curl);
	pthread_cond_destroy(&job.ended);
	curl_slist_free_all(resolve);
	curl_slist_free_all(fields);
	return result;
}

enum https_result
https_ask(struct https *https, struct arena *arena, struct resolver *resolver,
	  const struct https_request *request, struct deadline deadline,
	  struct https_reply *reply, struct why *why)
{
	struct https_target target;
	struct buf addresses;
	enum https_result result;

	if (!https_target_parse(arena, text_from(request->url), https->port,
				&target, why))
		return HTTPS_FORBIDDEN;
	buf_init(&addresses, arena, LIMIT_DNS_ANSWER_BYTES);
	result = https_target_resolve(arena, resolver, target.host,
				      https->allowed, https->allowed_count,
				      deadline, &addresses, why);
	if (result != HTTPS_NOT_TRIED)
		return result;
	return send_request(https, arena, request, &target,
			    buf_cstring(&addresses), deadline, reply, why);
}
