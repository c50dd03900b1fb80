#include "io/transfer.h"

#include <curl/curl.h>

#include "base/ascii.h"
#include "base/why.h"
#include "base/xalloc.h"

#define CONNECT_MS 20000
#define KEEP_S 60
#define REPLY_BYTES 400

/* How far the transaction has come: the last command that was sent. */
enum stage { STAGE_GREETING, STAGE_MAIL, STAGE_RCPT, STAGE_DATA };

struct transfer {
	CURL *curl;
	int64_t timeout_ms;
	/* the transaction that runs */
	struct text rest;
	enum stage stage;
	bool ended; /* QUIT was said: what comes now is not about the mail */
	char reply[REPLY_BYTES]; /* last line from the server */
	char error[CURL_ERROR_SIZE];
};

static size_t
give_content(char *to, size_t size, size_t count, void *handle)
{
	struct transfer *transfer = handle;
	size_t bytes = size * count;

	if (bytes > transfer->rest.len)
		bytes = transfer->rest.len;
	if (bytes > 0)
		memcpy(to, transfer->rest.at, bytes);
	transfer->rest = text_skip(transfer->rest, bytes);
	return bytes;
}

/* Printable ASCII of one line. */
static void
keep_reply(struct transfer *transfer, struct text line)
{
	size_t i, n = 0;

	line = text_trim(line);
	if (transfer->ended)
		return;
	for (i = 0; i < line.len && n + 1 < REPLY_BYTES; i++)
		transfer->reply[n++] =
		    line.at[i] >= ' ' && line.at[i] < 0x7f ? line.at[i] : '?';
	transfer->reply[n] = '\0';
}

static void
note_command(struct transfer *transfer, struct text line)
{
	if (text_starts_nocase(line, TEXT("MAIL ")))
		transfer->stage = STAGE_MAIL;
	else if (text_starts_nocase(line, TEXT("RCPT ")))
		transfer->stage = STAGE_RCPT;
	else if (text_starts_nocase(line, TEXT("DATA")))
		transfer->stage = STAGE_DATA;
	else if (text_starts_nocase(line, TEXT("QUIT")))
		transfer->ended = true;
}

static int
watch(CURL *curl, curl_infotype type, char *data, size_t size, void *handle)
{
	struct transfer *transfer = handle;

	if (type == CURLINFO_HEADER_IN)
		keep_reply(transfer, text_of(data, size));
	else if (type == CURLINFO_HEADER_OUT)
		note_command(transfer, text_of(data, size));
	return 0;
}

static bool
set_up(struct transfer *transfer, const char *url)
{
	CURL *curl = transfer->curl;

	return curl_easy_setopt(curl, CURLOPT_URL, url) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp") ==
		   CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_PROXY, "") == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_READFUNCTION, give_content) ==
		   CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_READDATA, transfer) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_VERBOSE, 1L) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_DEBUGFUNCTION, watch) ==
		   CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_DEBUGDATA, transfer) ==
		   CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, transfer->error) ==
		   CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS,
				(long)CONNECT_MS) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS,
				(long)transfer->timeout_ms) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_MAXAGE_CONN, (long)KEEP_S) ==
		   CURLE_OK;
}

struct transfer *
transfer_open(const struct transfer_options *options, struct why *why)
{
	struct transfer *transfer = xcalloc(1, sizeof(*transfer));
	char url[512];
	int n = snprintf(url, sizeof(url), "smtp://%s/%s", options->server,
			 options->helo);

	transfer->timeout_ms = options->timeout_ms;
	if (n > 0 && (size_t)n < sizeof(url) &&
	    curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK) {
		transfer->curl = curl_easy_init();
		if (transfer->curl != NULL && set_up(transfer, url))
			return transfer;
	}
	transfer_close(transfer);
	why_set(why, "libcurl cannot send mail to %.200s", options->server);
	return NULL;
}

void
transfer_close(struct transfer *transfer)
{
	if (transfer == NULL)
		return;
	curl_easy_cleanup(transfer->curl);
	free(transfer);
}

static bool
set_mail(struct transfer *transfer, const struct transfer_mail *mail,
	 struct curl_slist *recipients)
{
	CURL *curl = transfer->curl;

	transfer->rest = mail->content;
	transfer->stage = STAGE_GREETING;
	transfer->ended = false;
	transfer->reply[0] = transfer->error[0] = '\0';
	return recipients != NULL &&
	       curl_easy_setopt(curl, CURLOPT_MAIL_FROM, mail->sender) ==
		   CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, recipients) ==
		   CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE,
				(curl_off_t)mail->content.len) == CURLE_OK;
}

/* The reply's first digit, 0 if it is no reply. */
static char
class_of(const char *reply)
{
	return ascii_is_digit(reply[0]) && ascii_is_digit(reply[1]) &&
		       ascii_is_digit(reply[2])
		   ? reply[0]
		   : '\0';
}

/* What a failure means: by the stage that was reached. */
static enum transfer_result
judge(const struct transfer *transfer)
{
	char class = class_of(transfer->reply);

	switch (transfer->stage) {
	case STAGE_GREETING:
	case STAGE_MAIL:
		return TRANSFER_AWAY;
	case STAGE_RCPT:
		return class == '5'   ? TRANSFER_REFUSED
		       : class == '4' ? TRANSFER_AGAIN
				      : TRANSFER_AWAY;
	case STAGE_DATA:
		return class == '5' ? TRANSFER_REFUSED : TRANSFER_AGAIN;
	}
	return TRANSFER_AWAY;
}

/* The reply if there was a bad one, else what the library says. */
static void
tell(const struct transfer *transfer, CURLcode code, struct why *why)
{
	char class = class_of(transfer->reply);

	if (code == CURLE_OK || class == '4' || class == '5')
		why_set(why, "%s", transfer->reply);
	else
		why_set(why, "%s",
			transfer->error[0] != '\0' ? transfer->error
						   : curl_easy_strerror(code));
}

enum transfer_result
transfer_send(struct transfer *transfer, const struct transfer_mail *mail,
	      struct why *why)
{
	struct curl_slist *recipients =
	    curl_slist_append(NULL, mail->recipient);
	enum transfer_result result = TRANSFER_AWAY;
	CURLcode code = CURLE_OUT_OF_MEMORY;

	if (set_mail(transfer, mail, recipients)) {
		code = curl_easy_perform(transfer->curl);
		result = code == CURLE_OK ? TRANSFER_ACCEPTED : judge(transfer);
	}
	tell(transfer, code, why);
	curl_easy_setopt(transfer->curl, CURLOPT_MAIL_RCPT, NULL);
	curl_slist_free_all(recipients);
	return result;
}

const char *
transfer_result_name(enum transfer_result result)
{
	switch (result) {
	case TRANSFER_NOT_TRIED:
		return "not tried";
	case TRANSFER_ACCEPTED:
		return "accepted";
	case TRANSFER_AGAIN:
		return "again";
	case TRANSFER_REFUSED:
		return "refused";
	case TRANSFER_AWAY:
		return "away";
	}
	return "not tried";
}
