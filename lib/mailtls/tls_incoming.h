/* tls_incoming.h - STARTTLS of others with our smtpd(8), counted from its log
 *
 * Counts of ten minutes each, by reason.  A reason is one word that
 * postfix_log.h gives for what OpenSSL said, or "unknown".
 * Lines that are read again after a restart give the same counts with the
 * same id, if reading begins where tls_incoming_oldest said.
 */
#ifndef MAILTLS_TLS_INCOMING_H
#define MAILTLS_TLS_INCOMING_H

#include <stddef.h>
#include <stdint.h>

#include "base/uuid.h"
#include "mailtls/postfix_log.h"

struct arena;
struct buf;

#define TLS_INCOMING_S 600
/* reasons of one period that are told apart; further ones are "other" */
#define TLS_INCOMING_REASONS 32
#define TLS_INCOMING_REASON_BYTES 48

struct tls_incoming_reason {
	char name[TLS_INCOMING_REASON_BYTES];
	uint64_t count;
};

struct tls_incoming_counts {
	int64_t at_s; /* begin of the period */
	uint64_t handshakes;
	struct tls_incoming_reason reasons[TLS_INCOMING_REASONS];
	size_t reason_count;
};

struct tls_incoming;

/* Ends with the arena. */
struct tls_incoming *tls_incoming_new(struct arena *arena);

/* True: a period is over, `counts` is what it had (to be told), and this line
 * belongs to the next. */
bool tls_incoming_line(struct tls_incoming *incoming,
		       const struct postfix_log *log, int64_t at_us,
		       uint64_t position, struct tls_incoming_counts *counts);

/* The same for a log that is silent: at that time of the clock. */
bool tls_incoming_idle(struct tls_incoming *incoming, int64_t now_s,
		       struct tls_incoming_counts *counts);

/* Position of the first line of what was not told yet; UINT64_MAX: none. */
uint64_t tls_incoming_oldest(const struct tls_incoming *incoming);

/* The id and the event tls_incoming, one line without its end. */
void tls_incoming_write(struct arena *arena,
			const struct tls_incoming_counts *counts,
			struct text host, const char *program, struct buf *to);

#endif
