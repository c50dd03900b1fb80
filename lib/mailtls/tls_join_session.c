#include "base/arena.h"
#include "base/domain.h"
#include "base/ipaddr.h"
#include "base/limits.h"
#include "mailtls/tls_join_state.h"

static struct tls_join_session *
last_session(struct tls_join_process *process)
{
	struct tls_join_session *session = process->sessions;

	while (session != NULL && session->next != NULL)
		session = session->next;
	return session;
}

struct text
tls_join_domain(struct arena *arena, struct text name)
{
	struct domain domain;
	struct ipaddr address;

	if (ipaddr_parse(name, &address) ||
	    !domain_parse(arena, name, &domain, NULL))
		return TEXT("");
	return domain.name;
}

/* The session with that host, a new one if the last is with another, or had
 * its handshake: then `is_next` tells that this line is of the next. */
static struct tls_join_session *
session_of(struct tls_join_process *process, const struct postfix_log *log,
	   int64_t at_us, bool is_next)
{
	struct tls_join_session *last = last_session(process);

	if (last != NULL && text_equal(last->address, log->address) &&
	    !(is_next && (last->is_established || last->is_failed)))
		return last;
	if (process->session_count == LIMIT_TLS_JOIN_HOSTS)
		return NULL;
	last = arena_new_value(process->arena, struct tls_join_session);
	last->mx = tls_join_domain(process->arena, log->mx);
	last->address = text_copy(process->arena, log->address);
	last->port = log->port;
	last->at_us = at_us;
	last->is_offered = true;
	*process->sessions_end = last;
	process->sessions_end = &last->next;
	process->session_count++;
	return last;
}

static void
take_failure(struct tls_join_process *process, struct tls_join_session *session,
	     const struct postfix_log *log)
{
	/* the first that went wrong says the most */
	if (session->failure.len > 0 && session->reason.len > 0)
		return;
	session->failure = text_copy(process->arena, log->failure);
	session->reason = text_copy(process->arena, log->reason);
}

static void
take_refusal(struct tls_join_session *session, enum postfix_log_kind kind,
	     unsigned reply)
{
	session->is_failed = true;
	session->is_offered = kind == POSTFIX_LOG_REFUSED;
	session->reply = reply;
	session->failure = TEXT("starttls-not-supported");
}

static void
add_miss(struct tls_join_process *process, const struct postfix_log *log,
	 int64_t at_us)
{
	struct tls_join_miss *miss;
	struct arena *arena = process->arena;

	if (process->miss_count == LIMIT_TLS_JOIN_HOSTS)
		return;
	miss = arena_new_value(arena, struct tls_join_miss);
	miss->mx = tls_join_domain(arena, log->mx);
	miss->domain = tls_join_domain(arena, log->domain);
	miss->at_us = at_us;
	miss->is_mismatch = log->kind == POSTFIX_LOG_MX_MISMATCH;
	miss->failure = text_copy(arena, log->failure);
	miss->reason = text_copy(arena, log->reason);
	*process->misses_end = miss;
	process->misses_end = &miss->next;
	process->miss_count++;
}

/* A line about the host that was spoken of last. */
static void
take_verdict(struct tls_join_process *process, enum postfix_log_kind verdict,
	     unsigned reply)
{
	struct tls_join_session *last = last_session(process);

	if (last == NULL)
		return;
	switch (verdict) {
	case POSTFIX_LOG_NOT_VERIFIED:
		last->is_violated = true;
		break;
	case POSTFIX_LOG_NOT_STARTED:
		last->is_failed = true;
		break;
	case POSTFIX_LOG_UNTOLD:
		last->is_told = false;
		last->is_untold = true;
		break;
	case POSTFIX_LOG_NOT_OFFERED:
	case POSTFIX_LOG_REFUSED:
		take_refusal(last, verdict, reply);
		break;
	case POSTFIX_LOG_OTHER:
	case POSTFIX_LOG_ESTABLISHED:
	case POSTFIX_LOG_REUSED:
	case POSTFIX_LOG_UNVERIFIED:
	case POSTFIX_LOG_HANDSHAKE_FAILED:
	case POSTFIX_LOG_TLSRPT:
	case POSTFIX_LOG_NO_REQUIRETLS:
	case POSTFIX_LOG_LIBRARY:
	case POSTFIX_LOG_MX_MISMATCH:
	case POSTFIX_LOG_POLICY_LOOKUP:
	case POSTFIX_LOG_DELIVERY:
	case POSTFIX_LOG_SENDER:
	case POSTFIX_LOG_REMOVED:
	case POSTFIX_LOG_ACCEPTED:
	case POSTFIX_LOG_ACCEPT_FAILED:
		break;
	}
}

/* A line about a session with `log->mx`. */
static void
take_session(struct tls_join_process *process, struct tls_join_session *session,
	     const struct postfix_log *log)
{
	switch (log->kind) {
	case POSTFIX_LOG_ESTABLISHED:
	case POSTFIX_LOG_REUSED:
		session->is_established = true;
		session->is_old =
		    log->resumed || log->kind == POSTFIX_LOG_REUSED;
		session->trust = log->trust;
		return;
	case POSTFIX_LOG_HANDSHAKE_FAILED:
		session->is_failed = true;
		take_failure(process, session, log);
		return;
	case POSTFIX_LOG_UNVERIFIED:
		take_failure(process, session, log);
		return;
	case POSTFIX_LOG_NOT_OFFERED:
	case POSTFIX_LOG_REFUSED:
		take_refusal(session, log->kind, log->reply);
		return;
	case POSTFIX_LOG_TLSRPT:
		session->is_told = !session->is_untold;
		return;
	case POSTFIX_LOG_OTHER:
	case POSTFIX_LOG_NO_REQUIRETLS:
	case POSTFIX_LOG_LIBRARY:
	case POSTFIX_LOG_NOT_VERIFIED:
	case POSTFIX_LOG_NOT_STARTED:
	case POSTFIX_LOG_UNTOLD:
	case POSTFIX_LOG_MX_MISMATCH:
	case POSTFIX_LOG_POLICY_LOOKUP:
	case POSTFIX_LOG_DELIVERY:
	case POSTFIX_LOG_SENDER:
	case POSTFIX_LOG_REMOVED:
	case POSTFIX_LOG_ACCEPTED:
	case POSTFIX_LOG_ACCEPT_FAILED:
		return;
	}
}

void
tls_join_process_line(struct tls_join_process *process,
		      const struct postfix_log *log, int64_t at_us)
{
	struct tls_join_session *session = last_session(process);

	if (log->kind == POSTFIX_LOG_MX_MISMATCH ||
	    log->kind == POSTFIX_LOG_POLICY_LOOKUP) {
		add_miss(process, log, at_us);
	} else if (log->kind == POSTFIX_LOG_LIBRARY) {
		if (session != NULL && session->is_failed)
			take_failure(process, session, log);
	} else if (log->mx.len == 0 && log->address.len == 0) {
		take_verdict(process, log->kind, 0);
	} else if (log->kind != POSTFIX_LOG_NO_REQUIRETLS) {
		session = session_of(process, log, at_us,
				     log->kind != POSTFIX_LOG_TLSRPT);
		if (session != NULL)
			take_session(process, session, log);
	}
}

/* Postfix 3.11 says itself how it went; before, no line means no TLS. */
static bool
is_plain(const struct postfix_log *log, bool tells_plain)
{
	struct text level = text_first(log->tls, text_find(log->tls, '/'));

	if (!log->has_replied || log->uses > 1)
		return false;
	if (level.len > 0)
		return text_ends_nocase(level, TEXT(":none")) ||
		       text_equal(level, TEXT("none"));
	return tells_plain;
}

void
tls_join_process_deliver(struct tls_join_process *process,
			 const struct postfix_log *log, int64_t at_us,
			 bool tells_plain)
{
	struct tls_join_session *last = last_session(process);
	bool is_known = last != NULL && text_equal(last->address, log->address);

	if (log->mx.len > 0 && !is_known &&
	    (log->verdict == POSTFIX_LOG_NOT_OFFERED ||
	     log->verdict == POSTFIX_LOG_REFUSED ||
	     log->verdict == POSTFIX_LOG_NOT_STARTED ||
	     is_plain(log, tells_plain))) {
		last = session_of(process, log, at_us, true);
		if (last != NULL && log->verdict == POSTFIX_LOG_OTHER) {
			last->is_plain = true;
			last->is_offered = false;
		}
	}
	take_verdict(process, log->verdict, log->reply);
	if (log->mx.len == 0 && log->failure.len > 0 &&
	    process->miss_count == 0)
		add_miss(process, log, at_us);
}
