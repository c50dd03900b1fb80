#include "tlsrpt-collector/maillog_events.h"

#include <limits.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/limits.h"
#include "base/uuid.h"
#include "base/why.h"
#include "base/xalloc.h"
#include "io/clock.h"
#include "io/log.h"
#include "mailtls/tls_incoming.h"
#include "mailtls/tls_join.h"
#include "tlsrpt-collector/collect.h"
#include "tlsrpt-collector/collect_settings.h"
#include "tlsrpt-collector/mx_look.h"

/* domains of which REQUIRETLS was told today; more are told more often */
#define TOLD 4096

struct told {
	uint64_t domain; /* hash */
	int64_t day;
	bool offered;
};

struct maillog_events {
	struct collect *collect;
	struct arena *arena, *work;
	struct tls_join *join;
	struct tls_incoming *incoming;
	struct mx_look *look;
	struct told told[TOLD];
	bool is_quiet; /* this line was told of */
	_Atomic uint64_t succeeded, failed, uncounted, accepted, refused,
	    bad_answers, forgotten;
};

static void
keep(struct maillog_events *events, const struct buf *line)
{
	if (buf_ok(line))
		collect_keep(events->collect, buf_view(line));
}

/* --- what tls_join tells --- */

static void
count_result(struct maillog_events *events, const struct tls_result *result)
{
	bool has_failed = false, has_counted = false;

	for (const struct tlsrpt_policy *one = result->policies; one != NULL;
	     one = one->next) {
		has_failed = has_failed || one->failed > 0;
		has_counted = has_counted || one->successful > 0;
	}
	atomic_fetch_add(has_failed    ? &events->failed
			 : has_counted ? &events->succeeded
				       : &events->uncounted,
			 1);
}

static void
on_result(void *data, const struct tls_result *result,
	  const char id[UUID_STRING_BYTES], int64_t at_us)
{
	struct maillog_events *events = data;
	char fresh[UUID_STRING_BYTES];
	struct tls_event frame =
	    collect_event(events->collect, at_us / 1000, fresh);
	struct buf line;

	if (events->is_quiet)
		return;
	frame.id = id;
	buf_init(&line, events->work, LIMIT_EVENT_BYTES - 1);
	tls_result_write(events->work, &frame, result, &line);
	keep(events, &line);
	count_result(events, result);
}

static bool
was_told(struct maillog_events *events, struct text domain, bool offered,
	 int64_t at_us)
{
	uint64_t hash = 14695981039346656037u;
	int64_t day = at_us / 1000000 / 86400;
	struct told *told;

	for (size_t i = 0; i < domain.len; i++)
		hash = (hash ^ (unsigned char)domain.at[i]) * 1099511628211u;
	told = &events->told[hash % TOLD];
	if (told->domain == hash && told->day == day &&
	    told->offered == offered)
		return true;
	*told = (struct told){hash, day, offered};
	return false;
}

static void
on_requiretls(void *data, struct text domain, bool offered, int64_t at_us)
{
	struct maillog_events *events = data;
	struct tls_domain seen = {
	    .domain = domain,
	    .starttls = offered ? TLS_SEEN_YES : TLS_SEEN_NOTHING,
	    .requiretls = offered ? TLS_SEEN_YES : TLS_SEEN_NO,
	};
	char id[UUID_STRING_BYTES];
	struct tls_event frame =
	    collect_event(events->collect, at_us / 1000, id);
	struct buf line;

	if (was_told(events, domain, offered, at_us) || events->is_quiet)
		return;
	buf_init(&line, events->work, LIMIT_EVENT_BYTES - 1);
	tls_domain_write(events->work, &frame, &seen, &line);
	keep(events, &line);
}

static void
on_look(void *data, const struct tls_answer *answer,
	const struct tls_join_look *look)
{
	struct maillog_events *events = data;

	if (events->look != NULL && !events->is_quiet)
		mx_look_at(events->look, answer, look);
}

static void
on_unresolved(void *data, struct text domain, int64_t at_us)
{
	struct maillog_events *events = data;

	if (events->look != NULL && !events->is_quiet)
		mx_look_up(events->look, domain, at_us);
}

/* --- incoming --- */

static void
tell_incoming(struct maillog_events *events,
	      const struct tls_incoming_counts *counts)
{
	char id[UUID_STRING_BYTES];
	struct tls_event frame = collect_event(events->collect, 0, id);
	struct buf line;

	buf_init(&line, events->work, LIMIT_EVENT_BYTES - 1);
	tls_incoming_write(events->work, counts, frame.host, frame.program,
			   &line);
	keep(events, &line);
}

/* --- lines --- */

void
maillog_events_answer(struct maillog_events *events, struct text datagram)
{
	struct tls_answer answer;
	struct why why;

	if (tls_answer_parse(events->work, datagram, &answer, &why))
		tls_join_answer(events->join, &answer);
	else if (atomic_fetch_add(&events->bad_answers, 1) == 0)
		log_warning("the socket for answers of signet-policy got "
			    "something else: %s",
			    why.text);
	arena_reset(events->work);
}

void
maillog_events_line(struct maillog_events *events,
		    const struct postfix_log *log, int64_t at_us,
		    uint64_t position, bool is_told)
{
	struct tls_incoming_counts counts;

	events->is_quiet = is_told;
	tls_join_line(events->join, log, at_us, position);
	if (log->kind == POSTFIX_LOG_ACCEPTED)
		atomic_fetch_add(&events->accepted, !is_told);
	else if (log->kind == POSTFIX_LOG_ACCEPT_FAILED)
		atomic_fetch_add(&events->refused, !is_told);
	if (tls_incoming_line(events->incoming, log, at_us, position,
			      &counts) &&
	    !is_told)
		tell_incoming(events, &counts);
	if (position % 1000 == 0)
		tls_join_expire(events->join, at_us);
	atomic_store(&events->forgotten, tls_join_forgotten(events->join));
	arena_reset(events->work);
}

void
maillog_events_idle(struct maillog_events *events, int64_t now_us)
{
	struct tls_incoming_counts counts;

	tls_join_expire(events->join, now_us);
	if (tls_incoming_idle(events->incoming, now_us / 1000000, &counts))
		tell_incoming(events, &counts);
	atomic_store(&events->forgotten, tls_join_forgotten(events->join));
	arena_reset(events->work);
}

uint64_t
maillog_events_oldest(const struct maillog_events *events)
{
	uint64_t a = tls_join_oldest(events->join);
	uint64_t b = tls_incoming_oldest(events->incoming);

	return a < b ? a : b;
}

struct maillog_counts
maillog_events_counts(struct maillog_events *events)
{
	return (struct maillog_counts){
	    .succeeded = atomic_load(&events->succeeded),
	    .failed = atomic_load(&events->failed),
	    .uncounted = atomic_load(&events->uncounted),
	    .incoming = atomic_load(&events->accepted),
	    .incoming_failed = atomic_load(&events->refused),
	    .bad_answers = atomic_load(&events->bad_answers),
	    .forgotten = atomic_load(&events->forgotten),
	};
}

/* --- begin and end --- */

static void
open_join(struct maillog_events *events)
{
	const struct maillog_settings *settings =
	    &collect_settings(events->collect)->maillog;
	const struct tls_join_calls calls = {on_result, on_requiretls, on_look,
					     on_unresolved, events};
	struct tls_join_options options = {
	    .report_domain = text_from(settings->report_domain),
	    .report_instance = text_from(settings->log_reports),
	    .is_indirect = !settings->log_direct,
	};

	events->join = tls_join_new(events->arena, &options, &calls);
}

struct maillog_events *
maillog_events_new(struct collect *collect)
{
	struct maillog_events *events = xcalloc(1, sizeof(*events));

	events->collect = collect;
	events->arena = arena_new();
	events->work = arena_new();
	open_join(events);
	events->incoming = tls_incoming_new(events->arena);
	events->look = mx_look_open(collect);
	return events;
}

void
maillog_events_free(struct maillog_events *events)
{
	mx_look_close(events->look);
	arena_free(events->work);
	arena_free(events->arena);
	free(events);
}
