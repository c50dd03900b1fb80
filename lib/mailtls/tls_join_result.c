#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/crypto.h"
#include "base/ipaddr.h"
#include "mailtls/tls_join_state.h"

/* Both results of one session, or of one that could not be. */
struct outcome {
	struct arena *arena;
	const struct tls_join_calls *calls;
	const struct tls_join_delivery *delivery;
	struct text mx, address;
	int64_t at_us;
	const char *kind; /* part of the id */
	struct tlsrpt_policy domain, host;
};

/* --- failures --- */

static void
add_failure(struct outcome *outcome, struct tlsrpt_policy *policy,
	    struct text type, struct text reason)
{
	struct tlsrpt_failure **end = &policy->failures;
	struct tlsrpt_failure *failure =
	    arena_new_value(outcome->arena, struct tlsrpt_failure);

	failure->result_type = type;
	failure->reason_code = reason;
	failure->receiving_mx = outcome->mx;
	ipaddr_parse(outcome->address, &failure->receiving_ip);
	failure->sessions = 1;
	while (*end != NULL)
		end = &(*end)->next;
	*end = failure;
	policy->failure_count++;
}

static void
add_both(struct outcome *outcome, struct text type, struct text reason)
{
	add_failure(outcome, &outcome->domain, type, reason);
	add_failure(outcome, &outcome->host, type, reason);
}

/* What our server found wrong before, of the domain and of this host. */
static void
add_problems(struct outcome *outcome)
{
	const struct tls_answer *answer = outcome->delivery->answer;
	const struct tlsrpt_failure *one =
	    answer == NULL ? NULL : answer->problems;

	for (; one != NULL; one = one->next) {
		if (one->receiving_mx.len == 0) {
			struct text mx = outcome->mx;

			outcome->mx = TEXT("");
			add_failure(outcome, &outcome->domain, one->result_type,
				    one->reason_code);
			outcome->mx = mx;
		} else if (text_equal(one->receiving_mx, outcome->mx)) {
			add_failure(outcome, &outcome->host, one->result_type,
				    one->reason_code);
		}
	}
}

static void
count(struct outcome *outcome, bool success)
{
	outcome->domain.successful = outcome->host.successful = success;
	outcome->domain.failed = outcome->host.failed = !success;
}

/* --- telling --- */

static void
hash_text(struct digest *digest, struct text text)
{
	digest_update(digest, text);
	digest_update(digest, text_of("", 1));
}

/* The same line gives the same id.  A message to two domains with one host may
 * leave by one process within the second that the log tells. */
static void
make_id(const struct outcome *outcome, char id[UUID_STRING_BYTES])
{
	const struct postfix_log *log = outcome->delivery->log;
	struct digest *digest = digest_new(outcome->arena, CRYPTO_SHA256);
	unsigned char bytes[CRYPTO_HASH_BYTES_MAX];
	char *numbers =
	    arena_printf(outcome->arena, "%lld %u", (long long)outcome->at_us,
			 (unsigned)log->pid);

	hash_text(digest, TEXT("signet tls_result of the log"));
	hash_text(digest, log->host);
	hash_text(digest, text_from(numbers));
	hash_text(digest, log->queue_id);
	hash_text(digest, outcome->delivery->domain);
	hash_text(digest, outcome->mx);
	hash_text(digest, outcome->address);
	hash_text(digest, text_from(outcome->kind));
	digest_finish(digest, bytes);
	uuid8_write(bytes, id);
}

static bool
is_empty(const struct tlsrpt_policy *policy)
{
	return policy->successful == 0 && policy->failed == 0 &&
	       policy->failures == NULL;
}

static void
tell(struct outcome *outcome)
{
	const struct tls_join_delivery *delivery = outcome->delivery;
	struct tls_result result = {
	    .recipient_domain = delivery->domain,
	    .source = TLS_SOURCE_LOG,
	    .instance = delivery->log->instance,
	    .is_report = delivery->is_report,
	};
	char id[UUID_STRING_BYTES];

	/* Mail straight to a host: what is known of the host says it all. */
	if (text_equal(outcome->host.domain, outcome->domain.domain) &&
	    text_equal(outcome->domain.type, TEXT("no-policy-found"))) {
		if (text_equal(outcome->host.type, TEXT("tlsa")))
			outcome->domain = (struct tlsrpt_policy){.next = NULL};
		else
			outcome->host = (struct tlsrpt_policy){.next = NULL};
	}
	if (outcome->host.domain.len > 0 && !is_empty(&outcome->host))
		result.policies = &outcome->host;
	if (outcome->domain.domain.len > 0 && !is_empty(&outcome->domain)) {
		outcome->domain.next =
		    (struct tlsrpt_policy *)(uintptr_t)result.policies;
		result.policies = &outcome->domain;
	}
	if (result.policies == NULL)
		return;
	make_id(outcome, id);
	outcome->calls->result(outcome->calls->data, &result, id,
			       outcome->at_us);
}

static struct outcome
begin(struct arena *arena, const struct tls_join_calls *calls,
      const struct tls_join_delivery *delivery, struct text mx)
{
	struct outcome outcome = {
	    .arena = arena,
	    .calls = calls,
	    .delivery = delivery,
	    .mx = mx,
	    .domain = {.type = TEXT("no-policy-found"),
		       .domain = delivery->domain},
	    .host = {.type = TEXT("no-policy-found"), .domain = mx},
	};
	const struct tlsrpt_policy *host = NULL;

	if (delivery->answer != NULL) {
		outcome.domain = *delivery->answer->policy;
		host = tls_join_host_policy(delivery->answer, mx);
	}
	if (host != NULL) {
		outcome.host = *host;
		/* the list held the name of the MX, for finding it */
		outcome.host.mx_hosts = NULL;
	}
	outcome.domain.next = outcome.host.next = NULL;
	return outcome;
}

/* --- sessions --- */

static bool
is_sts(const struct outcome *outcome)
{
	return text_equal(outcome->domain.type, TEXT("sts"));
}

/* Which of both results the datagram of Postfix has: that of the host if it
 * was held against TLSA. */
static bool
is_told_of_host(const struct outcome *outcome,
		const struct tls_join_session *session)
{
	struct text tls = outcome->delivery->log->tls;

	if (session->is_established && !session->is_violated &&
	    session->trust != POSTFIX_LOG_VERIFIED)
		return false;
	return text_equal(outcome->host.type, TEXT("tlsa")) ||
	       text_starts(tls, TEXT("dane")) ||
	       text_starts(tls, TEXT("!dane"));
}

static void
leave_out_told(struct outcome *outcome, const struct tls_join_session *session)
{
	struct tlsrpt_policy *told = &outcome->domain;

	if (is_told_of_host(outcome, session))
		told = &outcome->host;
	told->successful = told->failed = 0;
	told->failures = NULL;
	/* A policy that we were not asked about: nobody knows which. */
	if (outcome->delivery->answer == NULL &&
	    (session->trust == POSTFIX_LOG_VERIFIED || session->is_violated))
		outcome->host = outcome->domain =
		    (struct tlsrpt_policy){.next = NULL};
}

static struct text
refusal(struct outcome *outcome, const struct tls_join_session *session)
{
	if (session->reply == 0)
		return TEXT("");
	return text_from(arena_printf(
	    outcome->arena, "smtp-starttls-reply-code-%u", session->reply));
}

static void
judge_failure(struct outcome *outcome, const struct tls_join_session *session)
{
	const struct tls_answer *answer = outcome->delivery->answer;
	struct text type = session->failure, reason = session->reason;

	if (type.len == 0)
		type = TEXT("validation-failure");
	if (text_equal(type, TEXT("starttls-not-supported")))
		reason = refusal(outcome, session);
	else if (session->is_violated && is_sts(outcome) &&
		 !tls_join_is_named(answer, outcome->mx)) {
		/* Postfix before 3.10.5 finds it in the certificate alone */
		type = TEXT("validation-failure");
		reason = TEXT("mtasts-policy-mx-mismatch");
	}
	count(outcome, false);
	add_both(outcome, type, reason);
}

/* MTA-STS that Postfix was not told of: it is in mode testing, or DANE went
 * before it (RFC 8461 section 2). */
static bool
is_unchecked(const struct tls_answer *answer)
{
	return answer != NULL && (answer->mode == TLS_ANSWER_TESTING ||
				  (answer->mode == TLS_ANSWER_ENFORCE &&
				   !text_equal(answer->level, TEXT("secure"))));
}

static void
judge_unchecked(struct outcome *outcome, const struct tls_join_session *session)
{
	const struct tls_join_delivery *delivery = outcome->delivery;
	struct tls_join_look look = {.mx = session->mx,
				     .address = session->address,
				     .instance = delivery->log->instance,
				     .port = session->port,
				     .at_us = session->at_us};

	if (!tls_join_is_named(delivery->answer, outcome->mx))
		add_failure(outcome, &outcome->domain,
			    TEXT("validation-failure"),
			    TEXT("mtasts-policy-mx-mismatch"));
	else
		outcome->calls->look(outcome->calls->data, delivery->answer,
				     &look);
}

static void
tell_session(struct arena *arena, const struct tls_join_calls *calls,
	     const struct tls_join_delivery *delivery,
	     const struct tls_join_session *session)
{
	struct outcome outcome = begin(arena, calls, delivery, session->mx);
	bool unchecked = is_unchecked(delivery->answer);

	outcome.address = session->address;
	outcome.at_us = session->at_us;
	outcome.kind = "session";
	if (session->is_old && !session->is_violated)
		return;
	if (session->is_failed || session->is_violated) {
		judge_failure(&outcome, session);
	} else if (session->is_plain) {
		add_both(&outcome, TEXT("starttls-not-supported"), TEXT(""));
	} else if (session->is_established) {
		count(&outcome, true);
	} else {
		return; /* the connection was lost, or goes on elsewhere */
	}
	if (session->is_told)
		leave_out_told(&outcome, session);
	if (unchecked && session->is_established && !session->is_violated)
		judge_unchecked(&outcome, session);
	add_problems(&outcome);
	tell(&outcome);
}

/* --- no session --- */

static bool
is_temp(const struct tls_answer *answer)
{
	return answer != NULL && text_equal(answer->level, TEXT("TEMP"));
}

/* Our server could not find out, and why belongs to the domain, the host or
 * nobody. */
static bool
judge_temp(struct outcome *outcome)
{
	static const struct tlsrpt_policy nothing;

	add_problems(outcome);
	if (outcome->host.failures == NULL) {
		outcome->host = nothing;
	} else {
		outcome->host.type = TEXT("tlsa");
		outcome->host.failed = 1;
	}
	if (outcome->domain.failures == NULL)
		outcome->domain = nothing;
	else
		outcome->domain.failed = 1;
	return outcome->host.failed + outcome->domain.failed > 0;
}

/* The MX host is in no policy, or its TLSA are not to be had. */
static void
tell_miss(struct arena *arena, const struct tls_join_calls *calls,
	  const struct tls_join_delivery *delivery,
	  const struct tls_join_miss *miss)
{
	struct outcome outcome = begin(arena, calls, delivery, miss->mx);

	outcome.at_us = miss->at_us;
	outcome.kind = miss->is_mismatch ? "mismatch" : "lookup";
	if (miss->is_mismatch) {
		outcome.host = (struct tlsrpt_policy){.next = NULL};
		outcome.domain.failed = 1;
		add_failure(&outcome, &outcome.domain,
			    TEXT("validation-failure"),
			    TEXT("mtasts-policy-mx-mismatch"));
	} else if (miss->failure.len > 0) {
		outcome.domain = (struct tlsrpt_policy){.next = NULL};
		outcome.host.type = TEXT("tlsa");
		if (outcome.host.domain.len == 0)
			outcome.host.domain = delivery->domain;
		outcome.host.failed = 1;
		add_problems(&outcome);
		outcome.domain.failures = NULL;
		if (outcome.host.failures == NULL)
			add_failure(&outcome, &outcome.host, miss->failure,
				    miss->reason);
	} else if (!is_temp(delivery->answer) || !judge_temp(&outcome)) {
		return;
	}
	tell(&outcome);
}

void
tls_join_tell(struct arena *arena, const struct tls_join_calls *calls,
	      const struct tls_join_delivery *delivery)
{
	const struct tls_join_session *session = delivery->sessions;
	const struct tls_join_miss *miss = delivery->misses;

	for (; session != NULL; session = session->next)
		tell_session(arena, calls, delivery, session);
	for (; miss != NULL; miss = miss->next)
		tell_miss(arena, calls, delivery, miss);
}
