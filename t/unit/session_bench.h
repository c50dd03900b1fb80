/* session_bench.h - for tests: a session driven from a zone and a message
 *
 * The engine is made as signet-milter makes it, from the defaults of the
 * configuration; tests change `setup->milter` before they start it.
 */
#ifndef SESSION_BENCH_H
#define SESSION_BENCH_H

#include "base/arena.h"
#include "base/dns_zone.h"
#include "milter/facts.h"
#include "milter/session.h"
#include "milter/setup.h"

#define BENCH_HOST "mx.site.test"
#define BENCH_NOW_S 1700000000

struct bench {
	struct arena *arena;
	struct setup *setup;
	struct milter_options *options; /* of `setup` */
	struct dns_zone *zone;
	struct engine *engine;
	struct session *session;
};

/* A message on its way; what is NULL is empty. */
struct mail {
	const char *client, *helo, *sender, *login;
	const char *rcpt;
	const char *raw; /* header section and body, lines end in \n */
};

/* Set-up and tear-down of one test: *state is a struct bench. */
int bench_new(void **state);
int bench_free(void **state);

/* Makes engine and session; fails the test if that cannot be. */
void bench_start(struct bench *bench, const char *zone);

/* Connects with the client and name of the mail. */
void bench_connect(struct bench *bench, const struct mail *mail);
/* One message on the open connection, up to its end. */
void bench_send(struct bench *bench, const struct mail *mail);
/* Both. */
void bench_mail(struct bench *bench, const struct mail *mail);

/* The line for the spool; it is there and within its bound. */
struct text bench_event(struct bench *bench);

#define bench_test(f) cmocka_unit_test_setup_teardown(f, bench_new, bench_free)

#endif
