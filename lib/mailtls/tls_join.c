#include "mailtls/tls_join.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "mailtls/tls_join_state.h"

#define S INT64_C(1000000)

/* What tlsproxy(8) says of a handshake comes just before smtp(8) goes on. */
#define PROXY_US (120 * S)
#define PROXY_FACTS 64

/* qmgr(8) names the sender just before it hands a message out. */
#define REPORT_US (3600 * S)
#define REPORTS 256

/* What tlsproxy(8) said, for the smtp(8) that it works for. */
struct proxy_fact {
	char address[64];
	int64_t at_us;
	enum postfix_log_kind kind;
	struct text failure, reason; /* constants of the parser */
};

/* A message in the queue that is a report of ours. */
struct report {
	char id[TLS_JOIN_ID_BYTES];
	int64_t at_us;
	uint64_t position;
};

struct tls_join {
	struct arena *arena, *work;
	struct tls_join_options options;
	struct tls_join_calls calls;
	struct tls_join_table *table;
	struct proxy_fact facts[PROXY_FACTS];
	unsigned next_fact;
	struct report reports[REPORTS];
	unsigned next_report;
	bool has_tls; /* some session was logged: plain ones can be told */
};

static void
end_arena(void *handle)
{
	arena_free(handle);
}

struct tls_join *
tls_join_new(struct arena *arena, const struct tls_join_options *options,
	     const struct tls_join_calls *calls)
{
	struct tls_join *join = arena_new_value(arena, struct tls_join);

	join->arena = arena;
	join->work = arena_new();
	arena_defer(arena, end_arena, join->work);
	join->options.report_domain = text_copy(arena, options->report_domain);
	join->options.report_instance =
	    text_copy(arena, options->report_instance);
	join->options.is_indirect = options->is_indirect;
	join->calls = *calls;
	join->table = tls_join_table_new(arena);
	return join;
}

/* Under the name of no host. */
void
tls_join_answer(struct tls_join *join, const struct tls_answer *answer)
{
	tls_join_process_answer(
	    tls_join_table_get(join->table, "", answer->pid, answer->at_us),
	    answer);
}

void
tls_join_expire(struct tls_join *join, int64_t now_us)
{
	tls_join_table_expire(join->table, now_us);
	for (size_t i = 0; i < REPORTS; i++)
		if (now_us - join->reports[i].at_us > REPORT_US)
			join->reports[i].id[0] = '\0';
}

uint64_t
tls_join_oldest(const struct tls_join *join)
{
	uint64_t oldest = tls_join_table_oldest(join->table);

	for (size_t i = 0; i < REPORTS; i++)
		if (join->reports[i].id[0] != '\0' &&
		    join->reports[i].position < oldest)
			oldest = join->reports[i].position;
	return oldest;
}

size_t
tls_join_processes(const struct tls_join *join)
{
	return tls_join_table_count(join->table);
}

uint64_t
tls_join_forgotten(const struct tls_join *join)
{
	return tls_join_table_forgotten(join->table);
}

/* --- reports of ours --- */

static void
remember_report(struct tls_join *join, const struct postfix_log *log,
		int64_t at_us, uint64_t position)
{
	struct report *report = &join->reports[join->next_report];

	if (!text_starts(log->local_part, TEXT("report+")) ||
	    (join->options.report_domain.len > 0 &&
	     !text_equal_nocase(log->domain, join->options.report_domain)) ||
	    log->queue_id.len >= TLS_JOIN_ID_BYTES)
		return;
	snprintf(report->id, sizeof(report->id), TEXT_FMT,
		 TEXT_ARG(log->queue_id));
	report->at_us = at_us;
	report->position = position;
	join->next_report = (join->next_report + 1) % REPORTS;
}

static void
forget_report(struct tls_join *join, const struct postfix_log *log)
{
	for (size_t i = 0; i < REPORTS; i++)
		if (text_equal(log->queue_id, text_from(join->reports[i].id)))
			join->reports[i].id[0] = '\0';
}

static bool
is_report(const struct tls_join *join, const struct postfix_log *log)
{
	if (join->options.report_instance.len > 0 &&
	    text_equal(log->instance, join->options.report_instance))
		return true;
	for (size_t i = 0; i < REPORTS; i++)
		if (text_equal(log->queue_id, text_from(join->reports[i].id)))
			return true;
	return false;
}

/* --- tlsproxy --- */

static void
remember_fact(struct tls_join *join, const struct postfix_log *log,
	      int64_t at_us)
{
	struct proxy_fact *fact = &join->facts[join->next_fact];

	if (log->kind != POSTFIX_LOG_UNVERIFIED &&
	    log->kind != POSTFIX_LOG_HANDSHAKE_FAILED &&
	    log->kind != POSTFIX_LOG_TLSRPT)
		return;
	snprintf(fact->address, sizeof(fact->address), TEXT_FMT,
		 TEXT_ARG(log->address));
	fact->at_us = at_us;
	fact->kind = log->kind;
	if (log->kind != POSTFIX_LOG_TLSRPT) {
		fact->failure = log->failure;
		fact->reason = log->reason;
	}
	join->next_fact = (join->next_fact + 1) % PROXY_FACTS;
}

static void
take_facts(struct tls_join *join, struct tls_join_session *session,
	   int64_t at_us)
{
	for (size_t i = 0; i < PROXY_FACTS; i++) {
		struct proxy_fact *fact = &join->facts[i];

		if (fact->address[0] == '\0' ||
		    !text_equal(session->address, text_from(fact->address)) ||
		    at_us - fact->at_us > PROXY_US)
			continue;
		if (fact->kind == POSTFIX_LOG_TLSRPT) {
			session->is_told = true;
		} else if (session->failure.len == 0 &&
			   (session->is_failed || session->is_violated)) {
			session->failure = fact->failure;
			session->reason = fact->reason;
		}
		fact->address[0] = '\0';
	}
}

/* --- deliveries --- */

/* A message to many domains has one queue id, and a process may be given
 * several of them. */
static void
name_relay(const struct postfix_log *log, char to[TLS_JOIN_RELAY_BYTES])
{
	snprintf(to, TLS_JOIN_RELAY_BYTES, TEXT_FMT " " TEXT_FMT,
		 TEXT_ARG(log->address),
		 TEXT_ARG(log->mx.len > 0 ? log->mx : log->domain));
}

static bool
is_done(const struct tls_join_process *process, const struct postfix_log *log)
{
	char relay[TLS_JOIN_RELAY_BYTES];

	name_relay(log, relay);
	return !tls_join_process_is_pending(process) &&
	       text_equal(log->queue_id, text_from(process->done_id)) &&
	       strcmp(relay, process->done_at) == 0;
}

/* "secure/requiretls", "secure/requiretls:none", "may?/!requiretls:..." */
static void
tell_requiretls(struct tls_join *join, const struct postfix_log *log,
		struct text domain, int64_t at_us)
{
	struct text word = text_skip(log->tls, text_find(log->tls, '/') + 1);
	bool offered = text_equal(word, TEXT("requiretls"));

	if (domain.len == 0 ||
	    (!offered && !text_equal(word, TEXT("requiretls:none")) &&
	     !text_starts(word, TEXT("!requiretls:no-requiretls"))))
		return;
	join->calls.requiretls(join->calls.data, domain, offered, at_us);
}

static const struct tls_answer *
answer_for(struct tls_join *join, uint32_t pid, struct text domain,
	   struct text mx, int64_t at_us)
{
	const struct tls_join_process *asked =
	    tls_join_table_find(join->table, "", pid);
	const struct tls_answer *answer = NULL;

	if (asked != NULL)
		answer = tls_join_process_find(asked, domain, mx, at_us);
	if (answer != NULL)
		return answer;
	/* Where process ids tell nothing (other name space, TCP), the
	 * recipient's domain does. */
	asked = tls_join_table_find(join->table, "", 0);
	if (asked == NULL)
		return NULL;
	return tls_join_process_find(asked, domain, TEXT(""), at_us);
}

static void
tell(struct tls_join *join, const struct tls_join_process *process,
     const struct postfix_log *log, struct text domain, int64_t at_us)
{
	struct tls_join_delivery delivery = {
	    .log = log,
	    .at_us = at_us,
	    .domain = domain,
	    .sessions = process->sessions,
	    .misses = process->misses,
	    .is_report = is_report(join, log),
	};
	struct text mx = log->mx;

	if (mx.len == 0 && process->sessions != NULL)
		mx = process->sessions->mx;
	delivery.answer = answer_for(join, log->pid, domain,
				     tls_join_domain(join->work, mx), at_us);
	if (delivery.answer != NULL || !join->options.is_indirect)
		tls_join_tell(join->work, &join->calls, &delivery);
}

static void
deliver(struct tls_join *join, struct tls_join_process *process,
	const struct postfix_log *log, int64_t at_us, uint64_t position)
{
	struct text domain = tls_join_domain(join->work, log->domain);

	if (is_done(process, log)) {
		process->done_us = at_us;
		return; /* one more recipient */
	}
	if (!tls_join_process_is_pending(process))
		process->position = position;
	tls_join_process_deliver(process, log, at_us, join->has_tls);
	for (struct tls_join_session *session = process->sessions;
	     session != NULL; session = session->next)
		take_facts(join, session, at_us);
	tell_requiretls(join, log, domain, at_us);
	if (domain.len > 0) {
		if (text_equal(log->reason, TEXT("dns-try-again")))
			join->calls.unresolved(join->calls.data, domain, at_us);
		tell(join, process, log, domain, at_us);
	}
	tls_join_process_clear(process);
	snprintf(process->done_id, sizeof(process->done_id), TEXT_FMT,
		 TEXT_ARG(log->queue_id));
	name_relay(log, process->done_at);
	process->done_us = at_us;
}

static void
take_smtp(struct tls_join *join, const struct postfix_log *log, int64_t at_us,
	  uint64_t position)
{
	char host[TLS_JOIN_HOST_BYTES];
	struct tls_join_process *process;

	tls_join_host_name(log->host, host);
	process = tls_join_table_get(join->table, host, log->pid, at_us);
	if (log->kind == POSTFIX_LOG_ESTABLISHED)
		join->has_tls = true;
	if (log->kind == POSTFIX_LOG_DELIVERY) {
		deliver(join, process, log, at_us, position);
		return;
	}
	if (!tls_join_process_is_pending(process))
		process->position = position;
	tls_join_process_line(process, log, at_us);
}

void
tls_join_line(struct tls_join *join, const struct postfix_log *log,
	      int64_t at_us, uint64_t position)
{
	if (log->kind == POSTFIX_LOG_OTHER)
		return;
	if (log->kind == POSTFIX_LOG_SENDER)
		remember_report(join, log, at_us, position);
	else if (log->kind == POSTFIX_LOG_REMOVED)
		forget_report(join, log);
	else if (text_equal(log->program, TEXT("tlsproxy")))
		remember_fact(join, log, at_us);
	else if (text_equal(log->program, TEXT("smtp")))
		take_smtp(join, log, at_us, position);
	arena_reset(join->work);
}
