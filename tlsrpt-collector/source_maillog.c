#include "tlsrpt-collector/source_maillog.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/deadline.h"
#include "base/why.h"
#include "base/xalloc.h"
#include "io/clock.h"
#include "io/in_work.h"
#include "io/log.h"
#include "mailtls/postfix_log.h"
#include "tlsrpt-collector/collect_settings.h"
#include "tlsrpt-collector/log_feed.h"
#include "tlsrpt-collector/maillog_answers.h"
#include "tlsrpt-collector/maillog_events.h"
#include "tlsrpt-collector/maillog_position.h"

/* lines that are taken before their answers are asked for */
#define BATCH 500
#define LOOK_AGAIN_MS 500
#define SAVE_MS 1000
#define MARK_EACH 100

/* How far it was read, and from where it is to be read again. */
struct reached {
	uint64_t oldest;
	struct maillog_told told;
};

struct source {
	struct collect *collect;
	struct maillog_events *events;
	struct maillog_answers *answers; /* NULL: nobody tells */
	struct maillog_position *position;
	struct log_feed feed;
	struct arena *arena; /* of one batch */
	struct text lines[BATCH];
	size_t count;
	uint64_t number;	    /* of the line that comes next */
	struct maillog_told before; /* the last start */
	int64_t newest_us;	    /* of the lines that were read */
	struct reached reached;	    /* when it was looked at last */
	struct deadline save_at;
	int stop; /* eventfd */
	pthread_t thread;
	bool was_started, told;
	_Atomic uint64_t read;
};

/* --- times --- */

/* Seconds east of Greenwich where this host keeps its clock. */
static int
zone_at(int64_t unix_s)
{
	time_t at = (time_t)unix_s;
	struct tm tm;

	return localtime_r(&at, &tm) == NULL ? 0 : (int)tm.tm_gmtoff;
}

static int64_t
time_of(const struct postfix_log *log)
{
	int64_t now_s = clock_unix_ms() / 1000;
	int64_t at_us = postfix_log_unix_us(&log->time, now_s, zone_at(now_s));

	if (log->time.has_offset)
		return at_us;
	/* summer time may have begun or ended since */
	return postfix_log_unix_us(&log->time, now_s, zone_at(at_us / 1000000));
}

/* --- one batch --- */

static void
take_lines(struct source *source)
{
	char mark[LOG_MARK_BYTES];
	struct text line;

	source->count = 0;
	while (source->count < BATCH) {
		uint64_t number = source->number + source->count;

		if (source->count % MARK_EACH == 0) {
			source->feed.mark(source->feed.handle, mark);
			maillog_position_note(source->position, number, mark);
		}
		if (!source->feed.next(source->feed.handle, &line))
			return;
		source->lines[source->count++] = text_copy(source->arena, line);
	}
}

static void
on_answer(void *data, struct text datagram)
{
	struct source *source = data;

	maillog_events_answer(source->events, datagram);
}

/* False: it is not of the mail server, or this program died of it. */
static bool
parse_line(const struct source *source, struct text line,
	   struct postfix_log *log)
{
	if (!in_work_try("the line", line, line))
		return false;
	return source->feed.is_json
		   ? postfix_log_parse_json(source->arena, line, log)
		   : postfix_log_parse(source->arena, line, log);
}

/* Whether the line was told of before the last start.  One that is newer was
 * not: then the log has lost lines, and their number says nothing. */
static bool
was_told(struct source *source, uint64_t number, int64_t at_us)
{
	if (number >= source->before.number)
		return false;
	if (at_us <= source->before.newest_us)
		return true;
	source->before.number = number;
	return false;
}

static void
tell_line(struct source *source, const struct postfix_log *log, uint64_t number)
{
	int64_t at_us = time_of(log);

	maillog_events_line(source->events, log, at_us, number,
			    was_told(source, number, at_us));
	if (at_us > source->newest_us)
		source->newest_us = at_us;
}

static void
tell_lines(struct source *source)
{
	for (size_t i = 0; i < source->count; i++) {
		uint64_t number = source->number++;
		struct postfix_log log;

		if (parse_line(source, source->lines[i], &log))
			tell_line(source, &log, number);
		in_work_done();
	}
	atomic_fetch_add(&source->read, source->count);
}

static struct reached
reach(const struct source *source)
{
	struct reached reached = {maillog_events_oldest(source->events),
				  {source->number, source->newest_us}};

	if (reached.oldest > source->number)
		reached.oldest = source->number;
	if (reached.told.number < source->before.number)
		reached.told.number = source->before.number;
	return reached;
}

/* Not `now`: as it was the last time, since the spool needs as long to have on
 * its disk what it was told. */
static void
save(struct source *source, bool now)
{
	struct reached reached = source->reached;
	struct why why;
	bool good;

	if (!now && deadline_left_ms(source->save_at, clock_monotonic_ms()) > 0)
		return;
	source->save_at = clock_deadline_in(SAVE_MS);
	source->reached = reach(source);
	if (now)
		reached = source->reached;
	good = maillog_position_save(source->position, reached.oldest,
				     &reached.told, &why);
	if (!good && !source->told)
		log_error("how far the log was read cannot be kept: %s",
			  why.text);
	source->told = !good;
}

static void
wait_for_more(struct source *source)
{
	struct pollfd fds[2] = {
	    {source->stop, POLLIN, 0},
	    {source->feed.fd(source->feed.handle), POLLIN, 0}};

	poll(fds, 2, LOOK_AGAIN_MS);
}

static void *
run(void *data)
{
	struct source *source = data;

	while (!collect_is_stopping(source->collect)) {
		take_lines(source);
		if (source->answers != NULL)
			maillog_answers_take(source->answers, on_answer,
					     source);
		tell_lines(source);
		if (source->count < BATCH) {
			maillog_events_idle(source->events,
					    clock_unix_ms() * 1000);
			save(source, false);
			wait_for_more(source);
		} else {
			save(source, false);
		}
		arena_reset(source->arena);
	}
	return NULL;
}

/* --- begin and end --- */

static void
open_feed(struct source *source, const struct maillog_settings *settings)
{
	char mark[LOG_MARK_BYTES];

	source->position = maillog_position_open(settings->log_position,
						 log_feed_name(settings), mark,
						 &source->before);
	source->newest_us = source->before.newest_us;
	log_feed_open(settings, mark, &source->feed);
}

static void
release(struct source *source)
{
	maillog_answers_close(source->answers);
	if (source->events != NULL)
		maillog_events_free(source->events);
	if (source->feed.close != NULL)
		source->feed.close(source->feed.handle);
	if (source->position != NULL)
		maillog_position_close(source->position);
	if (source->stop >= 0)
		close(source->stop);
	arena_free(source->arena);
	free(source);
}

static bool
begin(struct source *source, const struct collect_settings *settings,
      struct why *why)
{
	char mark[LOG_MARK_BYTES];

	if (strcmp(settings->maillog.answers, "none") != 0) {
		source->answers = maillog_answers_open(settings, why);
		if (source->answers == NULL)
			return false;
	}
	source->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	source->events = maillog_events_new(source->collect);
	open_feed(source, &settings->maillog);
	/* at the first start: what comes from now on counts */
	source->feed.mark(source->feed.handle, mark);
	maillog_position_note(source->position, 0, mark);
	save(source, true);
	if (pthread_create(&source->thread, NULL, run, source) != 0)
		return why_set(why, "cannot start a thread");
	source->was_started = true;
	return true;
}

static bool
open_source(struct collect *collect, void **handle, struct why *why)
{
	const struct collect_settings *settings = collect_settings(collect);
	struct source *source;

	if (settings->maillog.log_file == NULL &&
	    !settings->maillog.log_journal)
		return true;
	source = xcalloc(1, sizeof(*source));
	source->collect = collect;
	source->arena = arena_new();
	source->stop = -1;
	if (!begin(source, settings, why)) {
		release(source);
		return false;
	}
	*handle = source;
	return true;
}

static void
close_source(void *handle)
{
	struct source *source = handle;
	uint64_t one = 1;

	if (write(source->stop, &one, sizeof(one)) < 0)
		log_debug("the thread of the log looks for itself");
	pthread_join(source->thread, NULL);
	save(source, true);
	release(source);
}

const struct collect_source source_maillog = {"log", open_source, close_source};

struct source_maillog_counts
source_maillog_counts(void *handle)
{
	struct source *source = handle;
	struct source_maillog_counts counts = {0};

	if (source == NULL)
		return counts;
	counts.events = maillog_events_counts(source->events);
	counts.lines = atomic_load(&source->read);
	counts.answers = maillog_answers_received(source->answers);
	counts.answers_dropped = maillog_answers_dropped(source->answers);
	return counts;
}
