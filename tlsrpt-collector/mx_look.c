#include "tlsrpt-collector/mx_look.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/crypto.h"
#include "base/dns.h"
#include "base/limits.h"
#include "base/uuid.h"
#include "base/why.h"
#include "base/xalloc.h"
#include "io/clock.h"
#include "io/log.h"
#include "io/resolver_unbound.h"
#include "io/smtp_probe.h"
#include "io/webpki.h"
#include "mailtls/tls_event.h"
#include "mailtls/tls_join.h"
#include "tlsrpt-collector/collect.h"
#include "tlsrpt-collector/collect_settings.h"

#define WAITING 200 /* looks that wait */
#define KNOWN 4096  /* hosts that were looked at; of more, the old ones go */
#define AGAIN_MS (3600 * INT64_C(1000))
#define HOUR_MS (3600 * INT64_C(1000))
#define PROBE_MS 30000
#define DNS_MS 10000

struct look {
	struct arena *arena; /* of itself */
	struct look *next;
	struct text domain;
	int64_t at_us;
	/* a host; mx empty: only the MX of the domain are asked for */
	struct text mx, instance;
	struct ipaddr address;
	uint16_t port;
	struct tlsrpt_policy policy;
};

struct mx_look {
	struct collect *collect;
	struct resolver_unbound *resolver; /* NULL: no lookups */
	struct webpki *webpki;
	pthread_mutex_t lock;
	pthread_cond_t came;
	pthread_t thread;
	struct look *first, **end;
	size_t waiting;
	bool stops;
	struct known {
		uint64_t host; /* hash of domain and MX */
		int64_t at_ms;
	} known[KNOWN];
	int64_t hour_ms; /* begin of the hour that is counted */
	uint64_t in_hour;
};

/* --- results --- */

static void
keep(struct mx_look *look, struct arena *arena, const struct tls_event *frame,
     const struct tls_result *result)
{
	struct buf line;

	buf_init(&line, arena, LIMIT_EVENT_BYTES - 1);
	tls_result_write(arena, frame, result, &line);
	if (buf_ok(&line))
		collect_keep(look->collect, buf_view(&line));
}

static void
tell(struct mx_look *look, const struct look *one, const char *type,
     const char *reason)
{
	struct tlsrpt_failure failure = {
	    .result_type = text_from(type),
	    .reason_code = text_from(reason),
	    .receiving_mx = one->mx,
	    .receiving_ip = one->address,
	    .sessions = 1,
	};
	struct tlsrpt_policy policy = one->policy;
	struct tls_result result = {
	    .recipient_domain = one->domain,
	    .source = TLS_SOURCE_PROBE,
	    .instance = one->instance,
	    .policies = &policy,
	};
	char id[UUID_STRING_BYTES];
	struct tls_event frame =
	    collect_event(look->collect, one->at_us / 1000, id);

	policy.failures = &failure;
	policy.failure_count = 1;
	keep(look, one->arena, &frame, &result);
}

static void
tell_requiretls(struct mx_look *look, const struct look *one, bool offered)
{
	struct tls_domain seen = {
	    .domain = one->domain,
	    .starttls = TLS_SEEN_YES,
	    .requiretls = offered ? TLS_SEEN_YES : TLS_SEEN_NO,
	};
	char id[UUID_STRING_BYTES];
	struct tls_event frame =
	    collect_event(look->collect, one->at_us / 1000, id);
	struct buf line;

	buf_init(&line, one->arena, LIMIT_EVENT_BYTES - 1);
	tls_domain_write(one->arena, &frame, &seen, &line);
	collect_keep(look->collect, buf_view(&line));
}

/* --- a host --- */

static void
check_chain(struct mx_look *look, const struct look *one,
	    const struct smtp_peer *peer)
{
	struct domain mx = {one->mx};
	struct why why;

	switch (webpki_check(look->webpki, peer->chain, peer->count,
			     clock_unix_ms() / 1000, &why)) {
	case WEBPKI_TRUSTED:
		if (!certificate_covers(&peer->chain[0], mx))
			tell(look, one, "certificate-host-mismatch", NULL);
		return;
	case WEBPKI_EXPIRED:
		tell(look, one, "certificate-expired", NULL);
		return;
	case WEBPKI_SELF_SIGNED:
		tell(look, one, "certificate-not-trusted",
		     "self-signed-certificate");
		return;
	case WEBPKI_UNKNOWN_ISSUER:
		tell(look, one, "certificate-not-trusted",
		     "unable-to-get-local-issuer-certificate");
		return;
	case WEBPKI_INVALID:
	case WEBPKI_NOT_EVALUATED:
		tell(look, one, "validation-failure", "certificate-invalid");
		return;
	}
}

static void
look_at(struct mx_look *look, const struct look *one)
{
	const struct collect_settings *settings =
	    collect_settings(look->collect);
	struct smtp_probe probe = {
	    .address = one->address,
	    .port = one->port,
	    .server_name = text_string(one->arena, one->mx),
	    .helo = settings->common.hostname,
	};
	struct smtp_peer peer = {.count = 0};
	struct why why;

	switch (smtp_probe_run(one->arena, &probe, clock_deadline_in(PROBE_MS),
			       &peer, &why)) {
	case SMTP_PROBE_DONE:
		check_chain(look, one, &peer);
		tell_requiretls(look, one, peer.requiretls);
		return;
	case SMTP_PROBE_NO_STARTTLS:
		tell(look, one, "starttls-not-supported", NULL);
		return;
	case SMTP_PROBE_NO_TLS:
		tell(look, one, "validation-failure", "tls-handshake-failure");
		return;
	case SMTP_PROBE_AWAY:
	case SMTP_PROBE_NOT_TRIED:
		log_debug("no look at " TEXT_FMT ": %s", TEXT_ARG(one->mx),
			  why.text);
		return;
	}
}

/* --- a domain --- */

/* The same line of the log has the same id. */
static void
make_id(const struct look *one, char id[UUID_STRING_BYTES])
{
	unsigned char bytes[CRYPTO_HASH_BYTES_MAX];
	struct digest *digest = digest_new(one->arena, CRYPTO_SHA256);
	char *text = arena_printf(
	    one->arena, "signet tls_result of a lookup " TEXT_FMT " %lld",
	    TEXT_ARG(one->domain), (long long)one->at_us);

	digest_update(digest, text_from(text));
	digest_finish(digest, bytes);
	uuid8_write(bytes, id);
}

static void
look_up(struct mx_look *look, const struct look *one)
{
	struct resolver *resolver = resolver_unbound_resolver(look->resolver);
	struct dns_question *question =
	    dns_ask(one->arena, resolver, one->domain, DNS_MX);
	struct tlsrpt_failure failure = {
	    .result_type = TEXT("validation-failure"),
	    .reason_code = TEXT("dnssec-bogus-mx"),
	    .sessions = 1,
	};
	struct tlsrpt_policy policy = {
	    .type = TEXT("no-policy-found"),
	    .domain = one->domain,
	    .failed = 1,
	    .failures = &failure,
	    .failure_count = 1,
	};
	struct tls_result result = {
	    .recipient_domain = one->domain,
	    .source = TLS_SOURCE_PROBE,
	    .policies = &policy,
	};
	const struct dns_answer *answer;
	char fresh[UUID_STRING_BYTES], id[UUID_STRING_BYTES];
	struct tls_event frame =
	    collect_event(look->collect, one->at_us / 1000, fresh);

	if (dns_wait(question, clock_deadline_in(DNS_MS), &answer) != DNS_BOGUS)
		return;
	make_id(one, id);
	frame.id = id;
	keep(look, one->arena, &frame, &result);
}

/* --- the thread --- */

static struct look *
wait_for_look(struct mx_look *look)
{
	struct look *one;

	pthread_mutex_lock(&look->lock);
	while (look->first == NULL && !look->stops)
		pthread_cond_wait(&look->came, &look->lock);
	one = look->stops ? NULL : look->first;
	if (one != NULL) {
		look->first = one->next;
		if (look->first == NULL)
			look->end = &look->first;
		look->waiting--;
	}
	pthread_mutex_unlock(&look->lock);
	return one;
}

static void *
run(void *data)
{
	struct mx_look *look = data;
	struct look *one;

	while ((one = wait_for_look(look)) != NULL) {
		if (one->mx.len > 0)
			look_at(look, one);
		else
			look_up(look, one);
		arena_free(one->arena);
	}
	return NULL;
}

/* --- who asks --- */

static struct look *
new_look(struct text domain, int64_t at_us)
{
	struct arena *arena = arena_new();
	struct look *one = arena_new_value(arena, struct look);

	one->arena = arena;
	one->domain = text_copy(arena, domain);
	one->at_us = at_us;
	return one;
}

static void
enqueue(struct mx_look *look, struct look *one)
{
	pthread_mutex_lock(&look->lock);
	if (look->waiting == WAITING) {
		pthread_mutex_unlock(&look->lock);
		arena_free(one->arena);
		return;
	}
	*look->end = one;
	look->end = &one->next;
	look->waiting++;
	pthread_cond_signal(&look->came);
	pthread_mutex_unlock(&look->lock);
}

static uint64_t
hash_into(uint64_t hash, struct text text)
{
	for (size_t i = 0; i < text.len; i++)
		hash = (hash ^ (unsigned char)text.at[i]) * 1099511628211u;
	return (hash ^ 0xff) * 1099511628211u;
}

/* Only the thread of the log calls this. */
static bool
is_due(struct mx_look *look, struct text domain, struct text mx)
{
	const struct collect_settings *settings =
	    collect_settings(look->collect);
	uint64_t host = hash_into(hash_into(14695981039346656037u, domain), mx);
	struct known *known = &look->known[host % KNOWN];
	int64_t now_ms = clock_monotonic_ms();

	if (known->host == host && now_ms - known->at_ms < AGAIN_MS)
		return false;
	if (look->hour_ms == 0 || now_ms - look->hour_ms >= HOUR_MS) {
		look->hour_ms = now_ms;
		look->in_hour = 0;
	}
	if (look->in_hour >= settings->maillog.probe_hourly)
		return false;
	look->in_hour++;
	*known = (struct known){host, now_ms};
	return true;
}

static struct tlsrpt_value *
copy_values(struct arena *arena, const struct tlsrpt_value *from)
{
	struct tlsrpt_value *first = NULL, **end = &first;

	for (; from != NULL; from = from->next) {
		*end = arena_new_value(arena, struct tlsrpt_value);
		(*end)->text = text_copy(arena, from->text);
		end = &(*end)->next;
	}
	return first;
}

void
mx_look_at(struct mx_look *look, const struct tls_answer *answer,
	   const struct tls_join_look *host)
{
	struct ipaddr address;
	struct look *one;

	if (host->mx.len == 0 || host->port == 0 ||
	    !ipaddr_parse(host->address, &address) ||
	    !is_due(look, answer->domain.name, host->mx))
		return;
	one = new_look(answer->domain.name, host->at_us);
	one->mx = text_copy(one->arena, host->mx);
	one->instance = text_copy(one->arena, host->instance);
	one->address = address;
	one->port = host->port;
	one->policy.type = text_copy(one->arena, answer->policy->type);
	one->policy.domain = text_copy(one->arena, answer->policy->domain);
	one->policy.strings = copy_values(one->arena, answer->policy->strings);
	one->policy.mx_hosts =
	    copy_values(one->arena, answer->policy->mx_hosts);
	enqueue(look, one);
}

void
mx_look_up(struct mx_look *look, struct text domain, int64_t at_us)
{
	if (look->resolver != NULL)
		enqueue(look, new_look(domain, at_us));
}

/* --- begin and end --- */

static struct resolver_unbound *
open_resolver(const struct config_common *common, struct why *why)
{
	struct resolver_options options = {
	    .forward = common->forward.values,
	    .forward_count = common->forward.count,
	    .root_key = common->root_key,
	    .cache_entries = 256,
	    .is_small = true,
	};

	if (options.root_key == NULL)
		options.root_key = resolver_default_root_key();
	else if (strcmp(options.root_key, "none") == 0)
		return NULL; /* nothing is bogus without validation */
	return resolver_unbound_open(&options, why);
}

static void
release(struct mx_look *look)
{
	struct look *next;

	for (; look->first != NULL; look->first = next) {
		next = look->first->next;
		arena_free(look->first->arena);
	}
	resolver_unbound_close(look->resolver);
	webpki_close(look->webpki);
	pthread_cond_destroy(&look->came);
	pthread_mutex_destroy(&look->lock);
	free(look);
}

struct mx_look *
mx_look_open(struct collect *collect)
{
	const struct collect_settings *settings = collect_settings(collect);
	struct mx_look *look;
	struct why why = {""};

	if (!settings->maillog.probe)
		return NULL;
	look = xcalloc(1, sizeof(*look));
	look->collect = collect;
	pthread_mutex_init(&look->lock, NULL);
	pthread_cond_init(&look->came, NULL);
	look->end = &look->first;
	look->webpki = webpki_open(settings->maillog.probe_ca_file, &why);
	if (look->webpki != NULL)
		look->resolver = open_resolver(&settings->common, &why);
	if (look->webpki == NULL ||
	    pthread_create(&look->thread, NULL, run, look) != 0) {
		log_warning("hosts of domains that test MTA-STS are not "
			    "looked at: %s",
			    why.text);
		release(look);
		return NULL;
	}
	return look;
}

void
mx_look_close(struct mx_look *look)
{
	if (look == NULL)
		return;
	pthread_mutex_lock(&look->lock);
	look->stops = true;
	pthread_cond_signal(&look->came);
	pthread_mutex_unlock(&look->lock);
	pthread_join(look->thread, NULL);
	release(look);
}
