/* quota_worker.h - the thread that asks the database about mailboxes
 *
 * One thread with one connection.  What comes while a call is under way is in
 * the next call, together: the more come, the more are in one.  While the
 * database is away cases are answered at once (QUOTA_AWAY), and the thread
 * looks by itself whether it is back: nobody waits for a connection that
 * cannot be made.
 */
#ifndef POLICY_QUOTA_WORKER_H
#define POLICY_QUOTA_WORKER_H

#include <stdbool.h>
#include <stdint.h>

#include "postfix-policy/quota_call.h"

/* Belongs to the worker from quota_worker_put to quota_worker_take. */
struct quota_job {
	struct quota_job *next;
	struct quota_case of;
	int64_t deadline_ms; /* after it nobody waits */
};

struct quota_worker_options {
	const char *conninfo;
	int64_t call_ms; /* longest time of a call */
	/* There are jobs to take: called in the worker's thread. */
	void (*done)(void *data);
	void *data;
};

struct quota_worker;

/* Keeps copies.  Never NULL: without a thread all is answered QUOTA_AWAY. */
struct quota_worker *
quota_worker_open(const struct quota_worker_options *options);
/* Ends the thread, which may take as long as one call.  Returns all jobs that
 * were not taken, linked. */
struct quota_job *quota_worker_close(struct quota_worker *worker);

/* False: the database is away, or too much waits; the job is not taken. */
bool quota_worker_put(struct quota_worker *worker, struct quota_job *job);

/* What is done since the last call, linked, in any order. */
struct quota_job *quota_worker_take(struct quota_worker *worker);

bool quota_worker_is_away(struct quota_worker *worker);

#endif
