#include "mailtls/tls_incoming.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/crypto.h"
#include "base/date.h"
#include "base/json.h"

/* what waits for its reason: processes that logged a failure just now */
#define PENDING 256
/* a log that is this silent after a period has no more of it */
#define IDLE_S 300

struct tls_incoming {
	struct tls_incoming_counts counts;
	uint64_t position; /* first line of `counts` */
	bool is_open;
	int64_t told_s;		   /* begin of the last period that was told */
	uint32_t pending[PENDING]; /* process ids; 0: free */
};

struct tls_incoming *
tls_incoming_new(struct arena *arena)
{
	struct tls_incoming *incoming =
	    arena_new_value(arena, struct tls_incoming);

	incoming->told_s = INT64_MIN;
	return incoming;
}

static void
count_reason(struct tls_incoming_counts *counts, struct text reason)
{
	struct tls_incoming_reason *one = counts->reasons;
	size_t i;

	reason = text_first(reason, TLS_INCOMING_REASON_BYTES - 1);
	for (i = 0; i < counts->reason_count; i++, one++)
		if (text_equal(text_from(one->name), reason))
			break;
	if (i == TLS_INCOMING_REASONS) {
		one--; /* the last place takes all further ones */
		snprintf(one->name, sizeof(one->name), "other");
	} else if (i == counts->reason_count) {
		snprintf(one->name, sizeof(one->name), TEXT_FMT,
			 TEXT_ARG(reason));
		counts->reason_count++;
	}
	one->count++;
}

/* Whether that process waited for a reason; it does no more. */
static bool
take_pending(struct tls_incoming *incoming, uint32_t pid)
{
	uint32_t *place = &incoming->pending[pid % PENDING];

	if (*place != pid || pid == 0)
		return false;
	*place = 0;
	return true;
}

static void
put_pending(struct tls_incoming *incoming, uint32_t pid)
{
	uint32_t *place = &incoming->pending[pid % PENDING];

	if (*place != 0)
		count_reason(&incoming->counts, TEXT("unknown"));
	*place = pid;
}

static void
count_line(struct tls_incoming *incoming, const struct postfix_log *log)
{
	bool was_pending = take_pending(incoming, log->pid);
	struct text reason = log->reason;

	if (was_pending)
		count_reason(&incoming->counts, log->kind == POSTFIX_LOG_LIBRARY
						    ? reason
						    : TEXT("unknown"));
	if (log->kind == POSTFIX_LOG_ACCEPTED) {
		incoming->counts.handshakes++;
	} else if (log->kind == POSTFIX_LOG_ACCEPT_FAILED) {
		incoming->counts.handshakes++;
		if (reason.len > 0)
			count_reason(&incoming->counts, reason);
		else
			put_pending(incoming, log->pid);
	}
}

static void
close_period(struct tls_incoming *incoming, struct tls_incoming_counts *counts)
{
	for (size_t i = 0; i < PENDING; i++)
		if (incoming->pending[i] != 0)
			count_reason(&incoming->counts, TEXT("unknown"));
	memset(incoming->pending, 0, sizeof(incoming->pending));
	*counts = incoming->counts;
	incoming->told_s = counts->at_s;
	incoming->counts = (struct tls_incoming_counts){.at_s = 0};
	incoming->is_open = false;
}

bool
tls_incoming_line(struct tls_incoming *incoming, const struct postfix_log *log,
		  int64_t at_us, uint64_t position,
		  struct tls_incoming_counts *counts)
{
	int64_t at_s = at_us / 1000000;
	bool is_over;

	if (!text_equal(log->program, TEXT("smtpd")))
		return false;
	at_s -= at_s % TLS_INCOMING_S;
	/* what comes late counts with the next */
	if (incoming->told_s >= at_s)
		at_s = incoming->told_s + TLS_INCOMING_S;
	is_over = incoming->is_open && at_s > incoming->counts.at_s;
	if (is_over)
		close_period(incoming, counts);
	if (!incoming->is_open && (log->kind == POSTFIX_LOG_ACCEPTED ||
				   log->kind == POSTFIX_LOG_ACCEPT_FAILED)) {
		incoming->is_open = true;
		incoming->counts.at_s = at_s;
		incoming->position = position;
	}
	if (incoming->is_open)
		count_line(incoming, log);
	return is_over;
}

bool
tls_incoming_idle(struct tls_incoming *incoming, int64_t now_s,
		  struct tls_incoming_counts *counts)
{
	if (!incoming->is_open ||
	    now_s < incoming->counts.at_s + TLS_INCOMING_S + IDLE_S)
		return false;
	close_period(incoming, counts);
	return true;
}

uint64_t
tls_incoming_oldest(const struct tls_incoming *incoming)
{
	return incoming->is_open ? incoming->position : UINT64_MAX;
}

static void
make_id(struct arena *arena, const struct tls_incoming_counts *counts,
	struct text host, char id[UUID_STRING_BYTES])
{
	struct digest *digest = digest_new(arena, CRYPTO_SHA256);
	unsigned char bytes[CRYPTO_HASH_BYTES_MAX];
	char *text = arena_printf(arena, "signet tls_incoming %lld " TEXT_FMT,
				  (long long)counts->at_s, TEXT_ARG(host));

	digest_update(digest, text_from(text));
	digest_finish(digest, bytes);
	uuid8_write(bytes, id);
}

void
tls_incoming_write(struct arena *arena,
		   const struct tls_incoming_counts *counts, struct text host,
		   const char *program, struct buf *to)
{
	struct json *line = json_new_object(arena);
	struct json *reasons = json_new_object(arena);
	char id[UUID_STRING_BYTES], at[DATE_STRING_BYTES];
	uint64_t failed = 0;

	make_id(arena, counts, host, id);
	date_write_iso(counts->at_s * 1000, at);
	json_put_int(line, "v", 1);
	json_put_string(line, "type", "tls_incoming");
	json_put_string(line, "id", id);
	json_put_string(line, "at", at);
	json_put_text(line, "host", host);
	json_put_string(line, "program", program);
	json_put_int(line, "seconds", TLS_INCOMING_S);
	json_put_int(line, "handshakes", (int64_t)counts->handshakes);
	for (size_t i = 0; i < counts->reason_count; i++) {
		json_put_int(reasons, counts->reasons[i].name,
			     (int64_t)counts->reasons[i].count);
		failed += counts->reasons[i].count;
	}
	json_put_int(line, "failed", (int64_t)failed);
	json_put(line, "reasons", reasons);
	json_write(line, 0, to);
}
