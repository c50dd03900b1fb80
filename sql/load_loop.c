#include "sql/load_loop.h"

#include "base/arena.h"
#include "base/why.h"
#include "base/xalloc.h"
#include "io/clock.h"
#include "io/log.h"
#include "io/pg.h"
#include "sql/spool_limit.h"
#include "sql/spool_reader.h"

#define CALL_MS 60000
#define REFUSED_PAUSE_MS 10000
#define STUCK_PAUSE_MS 60000
#define STUCK_MOST 64
#define EXPIRE_FIRST_MS 60000
#define EXPIRE_EVERY_MS (6 * 3600 * 1000)
#define EXPIRE_AGAIN_MS (600 * 1000)

struct load_loop {
	struct load_loop_options options;
	struct arena *arena;
	struct load load;
	struct spool_list list;
	struct spool_dropped dropped, recorded;
	enum load_state state;
	int64_t since_ms; /* of that state */
	struct deadline refused_end, expire_at, stuck_end;
	char stuck[STUCK_MOST][SPOOL_NAME_BYTES];
	size_t stuck_count;
	char trouble[WHY_BYTES]; /* with open/, logged last */
};

static const char *
keep_string(struct load_loop *loop, const char *string)
{
	return text_string(loop->arena, text_from(string));
}

struct load_loop *
load_loop_open(const struct load_loop_options *options, struct why *why)
{
	struct load_loop *loop = xcalloc(1, sizeof(*loop));
	struct pg_options database = {.conninfo = options->conninfo,
				      .program = "signet-load",
				      .call_ms = CALL_MS,
				      .pause_most_ms =
					  (int64_t)options->retry_s * 1000};

	loop->arena = arena_new();
	loop->options = *options;
	loop->options.spool_directory =
	    keep_string(loop, options->spool_directory);
	loop->load.name = keep_string(loop, options->name);
	loop->load.reader = spool_reader_open(options->spool_directory, why);
	if (loop->load.reader == NULL) {
		load_loop_close(loop);
		return NULL;
	}
	loop->load.pg = pg_open(&database);
	loop->dropped = spool_limit_read(loop->load.reader);
	loop->expire_at = clock_deadline_in(EXPIRE_FIRST_MS);
	return loop;
}

void
load_loop_close(struct load_loop *loop)
{
	if (loop == NULL)
		return;
	pg_close(loop->load.pg);
	spool_reader_close(loop->load.reader);
	spool_list_free(&loop->list);
	arena_free(loop->arena);
	free(loop);
}

int
load_loop_watch(struct load_loop *loop)
{
	if (loop->state == LOAD_STATE_AWAY || loop->state == LOAD_STATE_REFUSED)
		return -1;
	return spool_reader_watch(loop->load.reader);
}

int64_t
load_loop_pause_ms(const struct load_loop *loop)
{
	int64_t now_ms = clock_monotonic_ms();

	switch (loop->state) {
	case LOAD_STATE_AWAY:
		return pg_pause_ms(loop->load.pg);
	case LOAD_STATE_REFUSED:
		return deadline_left_ms(loop->refused_end, now_ms);
	case LOAD_STATE_NONE:
	case LOAD_STATE_CLEAR:
	case LOAD_STATE_STUCK:
		break;
	}
	return (int64_t)loop->options.poll_s * 1000;
}

const struct load_counts *
load_loop_counts(const struct load_loop *loop)
{
	return &loop->load.counts;
}

/* Trouble with open/ is logged when it begins or changes. */
static void
adopt(struct load_loop *loop)
{
	struct why why;
	unsigned moved = spool_reader_adopt(loop->load.reader, &why);

	if (moved > 0)
		log_info("took over %u files of writers that have ended",
			 moved);
	if (why.text[0] != '\0' && strcmp(why.text, loop->trouble) != 0)
		log_error("spool: %s", why.text);
	memcpy(loop->trouble, why.text, sizeof(loop->trouble));
}

static void
limit(struct load_loop *loop)
{
	struct why why;

	if (loop->options.spool_max_bytes == 0)
		return;
	if (spool_limit_apply(loop->load.reader, &loop->list,
			      loop->options.spool_max_bytes, &loop->dropped,
			      &why))
		log_warning("the spool is full: %s", why.text);
	else if (why.text[0] != '\0')
		log_error("the spool is full: %s", why.text);
}

static bool
is_stuck(struct load_loop *loop, const char *name)
{
	size_t i;

	if (deadline_left_ms(loop->stuck_end, clock_monotonic_ms()) == 0)
		loop->stuck_count = 0;
	for (i = 0; i < loop->stuck_count; i++)
		if (strcmp(loop->stuck[i], name) == 0)
			return true;
	return false;
}

/* Such a file is left alone for a while, so that it neither holds up the
 * others nor fills the log. */
static void
note_stuck(struct load_loop *loop, const char *name, const struct why *why)
{
	log_error("file %s cannot be finished: %s", name, why->text);
	if (loop->stuck_count == 0)
		loop->stuck_end = clock_deadline_in(STUCK_PAUSE_MS);
	if (loop->stuck_count < STUCK_MOST)
		memcpy(loop->stuck[loop->stuck_count++], name,
		       strlen(name) + 1);
}

static enum load_state
load_one(struct load_loop *loop, const char *name, struct why *why)
{
	if (is_stuck(loop, name))
		return LOAD_STATE_STUCK;
	switch (load_file(&loop->load, name, why)) {
	case LOAD_DONE:
		if (why->text[0] != '\0')
			log_warning("file %s: %s", name, why->text);
		return LOAD_STATE_CLEAR;
	case LOAD_SKIPPED:
		return LOAD_STATE_CLEAR;
	case LOAD_STUCK:
		note_stuck(loop, name, why);
		return LOAD_STATE_STUCK;
	case LOAD_REFUSED:
		return LOAD_STATE_REFUSED;
	case LOAD_NOT_DONE:
	case LOAD_AWAY:
		break;
	}
	return LOAD_STATE_AWAY;
}

static enum load_state
load_list(struct load_loop *loop, bool (*stop)(void), struct why *why)
{
	enum load_state worst = LOAD_STATE_CLEAR, one;
	size_t i;

	if (!pg_connect(loop->load.pg, why))
		return LOAD_STATE_AWAY;
	for (i = 0; i < loop->list.count && !stop(); i++) {
		one = load_one(loop, loop->list.names[i].name, why);
		if (one > worst)
			worst = one;
		if (worst >= LOAD_STATE_AWAY)
			break;
	}
	return worst;
}

/* A change of state is one line in the log. */
static void
tell(struct load_loop *loop, enum load_state state, const struct why *why)
{
	bool was_bad = loop->state >= LOAD_STATE_AWAY;
	int64_t now_ms = clock_monotonic_ms();

	if (state == LOAD_STATE_REFUSED)
		loop->refused_end = clock_deadline_in(REFUSED_PAUSE_MS);
	if (state == loop->state)
		return;
	if (state == LOAD_STATE_AWAY)
		log_warning("database away, %zu files are kept: %s",
			    loop->list.files, why->text);
	else if (state == LOAD_STATE_REFUSED)
		log_error("database refuses to load, %zu files are kept (is "
			  "\"signet-load --migrate\" needed?): %s",
			  loop->list.files, why->text);
	else if (was_bad)
		log_info("database is back after %lld s",
			 (long long)(now_ms - loop->since_ms) / 1000);
	loop->state = state;
	loop->since_ms = now_ms;
}

static void
record_dropped(struct load_loop *loop)
{
	struct arena *arena;
	struct pg_param params[3];
	struct why why;

	if (loop->dropped.messages == loop->recorded.messages &&
	    loop->dropped.evaluations == loop->recorded.evaluations)
		return;
	arena = arena_new();
	params[0] = pg_text(text_from(loop->load.name));
	params[1] = pg_string(arena_printf(
	    arena, "%llu", (unsigned long long)loop->dropped.messages));
	params[2] = pg_string(arena_printf(
	    arena, "%llu", (unsigned long long)loop->dropped.evaluations));
	if (pg_call(loop->load.pg, arena,
		    "select signet.load_dropped($1, $2, $3)", params, 3, NULL,
		    &why) == PG_DONE)
		loop->recorded = loop->dropped;
	arena_free(arena);
}

/* An age for SQL; null: for ever. */
static struct pg_param
interval(struct arena *arena, uint64_t seconds)
{
	if (seconds == 0)
		return pg_string(NULL);
	return pg_string(
	    arena_printf(arena, "%llu seconds", (unsigned long long)seconds));
}

bool
load_loop_expire(struct load_loop *loop, struct why *why)
{
	struct arena *arena = arena_new();
	struct pg_param params[3] = {
	    interval(arena, loop->options.retain_messages_s),
	    interval(arena, loop->options.retain_evaluations_s),
	    interval(arena, loop->options.retain_tls_results_s)};
	struct pg_rows *rows = NULL;
	bool ok;
	size_t i;

	ok = pg_call(loop->load.pg, arena,
		     "select partition, bytes from signet.expire($1, $2, "
		     "$3)",
		     params, 3, &rows, why) == PG_DONE;
	for (i = 0; ok && i < pg_rows_count(rows); i++)
		log_info("expired %.*s, %lld bytes",
			 (int)pg_rows_text(rows, i, 0).len,
			 pg_rows_text(rows, i, 0).at,
			 (long long)pg_rows_int(rows, i, 1));
	arena_free(arena);
	return ok;
}

static void
expire_if_due(struct load_loop *loop)
{
	struct why why;

	if (deadline_left_ms(loop->expire_at, clock_monotonic_ms()) > 0)
		return;
	loop->expire_at = clock_deadline_in(EXPIRE_EVERY_MS);
	if (load_loop_expire(loop, &why))
		return;
	log_warning("cannot expire old partitions: %s", why.text);
	loop->expire_at = clock_deadline_in(EXPIRE_AGAIN_MS);
}

enum load_state
load_loop_step(struct load_loop *loop, bool (*stop)(void))
{
	enum load_state state;
	struct why why = {""};
	uint64_t before;

	spool_reader_watched(loop->load.reader);
	adopt(loop);
	do {
		before = loop->load.counts.files;
		if (!spool_reader_list(loop->load.reader, NULL, &loop->list,
				       &why)) {
			log_error("spool: %s", why.text);
			return LOAD_STATE_STUCK;
		}
		state = load_list(loop, stop, &why);
		tell(loop, state, &why);
	} while (state == LOAD_STATE_CLEAR && !stop() &&
		 loop->list.files > loop->list.count &&
		 loop->load.counts.files > before);
	if (state > LOAD_STATE_CLEAR)
		limit(loop);
	if (state < LOAD_STATE_AWAY) {
		record_dropped(loop);
		expire_if_due(loop);
	}
	return state;
}
