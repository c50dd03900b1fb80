/* load_loop.h - what signet-load does over and over
 *
 * One step: take over what dead writers left, load what is there, keep what
 * could not be loaded below the spool's ceiling, and from time to time let old
 * partitions go.
 * It logs: one line when the database goes away and one when it is back, one
 * for each file with lines that could not be loaded.
 */
#ifndef SQL_LOAD_LOOP_H
#define SQL_LOAD_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sql/load.h"

struct why;

struct load_loop_options {
	const char *spool_directory;
	const char *conninfo;
	const char *name;	  /* of this loader in the database */
	uint64_t poll_s;	  /* longest pause between two steps */
	uint64_t retry_s;	  /* longest pause between connections */
	uint64_t spool_max_bytes; /* 0: no ceiling */
	/* 0: for ever */
	uint64_t retain_messages_s, retain_evaluations_s, retain_tls_results_s;
};

enum load_state {
	LOAD_STATE_NONE,
	LOAD_STATE_CLEAR,  /* everything that was there is loaded */
	LOAD_STATE_STUCK,  /* some files could not be finished */
	LOAD_STATE_AWAY,   /* the database is not there */
	LOAD_STATE_REFUSED /* the database refuses the calls */
};

struct load_loop;

/* Keeps copies of the options. */
struct load_loop *load_loop_open(const struct load_loop_options *options,
				 struct why *why);
/* NULL is allowed. */
void load_loop_close(struct load_loop *loop);

/* `stop` is looked at between files. */
enum load_state load_loop_step(struct load_loop *loop, bool (*stop)(void));

/* Lets partitions go that are older than the options say, and logs each. */
bool load_loop_expire(struct load_loop *loop, struct why *why);

/* Readable when something came into the spool; -1: ask every `poll_s`. */
int load_loop_watch(struct load_loop *loop);
/* How long to wait for that before the next step. */
int64_t load_loop_pause_ms(const struct load_loop *loop);

const struct load_counts *load_loop_counts(const struct load_loop *loop);

#endif
