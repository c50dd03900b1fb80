/* feed.h - tells signet-tls-collect what Postfix was answered
 *
 * One datagram for each answer, which the collector joins with the lines of
 * the mail log by process and time.  Nobody waits: a datagram that nobody
 * takes is counted and forgotten.  Belongs to the thread that serves, apart
 * from the counts.
 *
 *	{"v":1,"pid":4711,"at":"2026-11-22T06:07:08.123456Z",
 *	 "key":"Example.com","map":"policy","answer":"secure match=...", ...}
 */
#ifndef POLICY_FEED_H
#define POLICY_FEED_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/text.h"

struct feed;

/* `path` NULL: nobody is told.  Kept, not copied. */
struct feed *feed_new(const char *path);
/* NULL is allowed. */
void feed_free(struct feed *feed);

/* Does somebody listen?  Looked at once a second at most. */
bool feed_is_heard(struct feed *feed, int64_t now_ms);

struct feed_answer {
	pid_t peer;	   /* 0: not known */
	struct text key;   /* as asked */
	struct text map;   /* a name of ours */
	struct text reply; /* payload of the netstring */
	/* the rest of the object behind "answer", with its brace */
	struct text rest;
};

void feed_tell(struct feed *feed, const struct feed_answer *answer,
	       int64_t now_ms);

struct feed_counts {
	uint64_t told, lost;
};
/* Any thread. */
struct feed_counts feed_counts(const struct feed *feed);

#endif
