#include "dmarc-reporter/intake_message.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/crypto.h"
#include "base/limits.h"
#include "base/why.h"
#include "dmarc-reporter/intake_cell.h"
#include "dmarc-reporter/intake_flood.h"
#include "dmarc-reporter/intake_judge.h"
#include "dmarc-reporter/intake_keep.h"
#include "io/clock.h"
#include "io/in_work.h"
#include "io/log.h"
#include "io/random.h"
#include "io/spool.h"

#define LINE_BYTES 4000

struct progress {
	const struct intake *intake;
	struct arena *arena;
	struct intake_case it;
	enum intake_outcome outcome;
	struct text reason;
	struct text pairs; /* for the log */
	bool is_flood;
};

static const char *const outcome_names[] = {NULL,      "counted", "returned",
					    "refused", "aside",	  "deferred"};

const char *
intake_outcome_name(enum intake_outcome outcome)
{
	return outcome_names[outcome];
}

/* --- what the reader says --- */

static bool
admit(struct progress *progress, struct text sender, struct why *why)
{
	const struct intake_settings *settings = progress->intake->settings;
	struct intake_flood flood = {.directory = settings->directory,
				     .daily = settings->daily,
				     .daily_all = settings->daily_all};

	progress->outcome = INTAKE_COUNTED;
	if (progress->intake->source != INTAKE_FROM_MTA)
		return true;
	progress->is_flood = !intake_flood_admit(
	    progress->arena, &flood, (struct domain){sender},
	    progress->it.arrival.now_ms, why);
	return !progress->is_flood;
}

static void
settle(struct progress *progress, enum intake_outcome outcome,
       struct text reason)
{
	progress->outcome = outcome;
	progress->reason = text_copy(progress->arena, reason);
}

static bool
take_piece(void *handle, struct text piece, struct why *why)
{
	struct progress *progress = handle;
	struct intake_arrival *arrival = &progress->it.arrival;
	struct text text = text_skip(piece, 1);

	switch (piece.len > 0 ? (enum intake_piece)piece.at[0] : PIECE_LOG) {
	case PIECE_LINE:
		return spool_append(progress->intake->spool, text, why);
	case PIECE_SENDER:
		return admit(progress, text_copy(progress->arena, text), why);
	case PIECE_REFUSED:
		settle(progress, INTAKE_REFUSED, text);
		break;
	case PIECE_ASIDE:
		settle(progress, INTAKE_ASIDE, text);
		break;
	case PIECE_FROM:
		arrival->from = text_copy(progress->arena, text);
		break;
	case PIECE_MESSAGE_ID:
		arrival->message_id = text_copy(progress->arena, text);
		break;
	case PIECE_BOUNCE:
		progress->outcome = INTAKE_RETURNED;
		progress->pairs = text_copy(progress->arena, text);
		break;
	case PIECE_LOG:
		progress->pairs = text_copy(progress->arena, text);
		break;
	}
	return true;
}

static void
read_in_cell(struct progress *progress)
{
	struct sink pieces = {take_piece, progress};
	struct cell_cost cost;
	struct why why;
	enum cell_end end =
	    cell_run(false, intake_judge, &progress->it, pieces, &cost, &why);

	log_debug("reading took %llu ms and %llu KiB",
		  (unsigned long long)cost.cpu_ms,
		  (unsigned long long)cost.memory_bytes / 1024);
	switch (end) {
	case CELL_DONE:
		if (progress->outcome == 0)
			settle(progress, INTAKE_ASIDE,
			       TEXT("the reader said nothing"));
		return;
	case CELL_FAILED:
		settle(progress, INTAKE_ASIDE, text_from(why.text));
		return;
	case CELL_REFUSED:
		settle(progress,
		       progress->is_flood ? INTAKE_REFUSED : INTAKE_NOT_TAKEN,
		       text_from(why.text));
		return;
	}
}

/* --- keeping what does not count --- */

static bool
put_line(void *handle, struct text line, struct why *why)
{
	return spool_append(handle, line, why);
}

static void
keep(struct progress *progress, int rest)
{
	const struct intake_settings *settings = progress->intake->settings;
	bool is_aside = progress->outcome == INTAKE_ASIDE;
	struct intake_bin bin = {.directory = settings->directory,
				 .name = is_aside ? "aside" : "refused",
				 .most_bytes = is_aside ? settings->aside_max
							: settings->refused_max,
				 .makes_room = !is_aside};
	struct sink lines = {put_line, progress->intake->spool};
	struct text path;
	struct why why;

	if (!intake_keep(progress->arena, &bin, &progress->it.arrival,
			 progress->it.message, rest, progress->reason, &path,
			 &why)) {
		settle(progress, INTAKE_NOT_TAKEN,
		       text_from(arena_printf(progress->arena, TEXT_FMT "; %s",
					      TEXT_ARG(progress->reason),
					      why.text)));
		return;
	}
	progress->pairs = text_from(
	    arena_printf(progress->arena, "kept=" TEXT_FMT, TEXT_ARG(path)));
	/* a remark for the database, no more */
	if (!intake_refused_event(progress->arena, &progress->it.arrival,
				  bin.name, progress->reason, path, lines,
				  &why))
		log_warning("not recorded: %s", why.text);
}

/* --- one message --- */

static void
write_log(const struct progress *progress)
{
	const struct intake_arrival *arrival = &progress->it.arrival;
	bool is_worse = progress->outcome == INTAKE_ASIDE ||
			progress->outcome == INTAKE_NOT_TAKEN;
	struct buf line;

	buf_init(&line, progress->arena, LINE_BYTES);
	buf_text(&line, arrival->queue_id.len > 0 ? arrival->queue_id
						  : TEXT("report"));
	buf_printf(&line, ": %s", intake_outcome_name(progress->outcome));
	if (progress->pairs.len > 0) {
		buf_char(&line, ' ');
		buf_text(&line, progress->pairs);
	}
	if (progress->reason.len > 0)
		log_pair(&line, "reason", progress->reason);
	log_pair(&line, "from", text_first(arrival->from, 300));
	log_line(is_worse ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO, "%s",
		 buf_cstring(&line));
}

/* Equal messages have equal ids: taking one again changes nothing. */
static void
identify(struct progress *progress)
{
	struct digest *digest = digest_new(progress->arena, CRYPTO_SHA256);
	unsigned char result[CRYPTO_HASH_BYTES_MAX];

	digest_update(digest, progress->it.message);
	digest_finish(digest, result);
	uuid8_write(result, progress->it.arrival.id);
}

/* One that is not read at all. */
static void
identify_by_chance(struct progress *progress)
{
	unsigned char random[10] = {0};

	random_fill(random, sizeof(random));
	uuid7_write(progress->it.arrival.now_ms, random,
		    progress->it.arrival.id);
}

/* Into what becomes of it. */
static void
read_message(struct progress *progress, int rest)
{
	if (!in_work_try("the message", progress->it.arrival.queue_id,
			 progress->it.message)) {
		identify_by_chance(progress);
		settle(progress, INTAKE_ASIDE, TEXT("the program died of it"));
		return;
	}
	identify(progress);
	if (rest >= 0)
		settle(progress, INTAKE_ASIDE,
		       TEXT("the message is longer than is read"));
	else
		read_in_cell(progress);
}

static void
set_arrival(struct progress *progress, const struct intake_envelope *envelope)
{
	const struct intake_settings *settings = progress->intake->settings;
	struct intake_arrival *arrival = &progress->it.arrival;

	progress->it.settings = settings;
	progress->it.suffixes = progress->intake->suffixes;
	arrival->host = text_from(settings->common.hostname);
	arrival->now_ms = clock_unix_ms();
	arrival->queue_id = envelope->queue_id;
	arrival->sender = envelope->sender;
	arrival->recipient = envelope->recipient;
	arrival->bytes = progress->it.message.len;
}

enum intake_outcome
intake_message(const struct intake *intake,
	       const struct intake_envelope *envelope, struct text message,
	       int rest)
{
	struct progress progress = {.intake = intake, .arena = arena_new()};
	enum intake_outcome outcome;

	progress.it.message = message;
	set_arrival(&progress, envelope);
	read_message(&progress, rest);
	in_work_done();
	if (intake->source == INTAKE_FROM_MTA &&
	    (progress.outcome == INTAKE_REFUSED ||
	     progress.outcome == INTAKE_ASIDE))
		keep(&progress, rest);
	write_log(&progress);
	outcome = progress.outcome;
	arena_free(progress.arena);
	return outcome;
}
