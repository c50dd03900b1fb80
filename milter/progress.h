/* progress.h - how far a message has come, for io/in_work.h
 *
 * The digests of its steps are a chain: connection, envelope, each field, each
 * chunk, so the step that crashed is met again by a message that is the same
 * up to there, and by no other.
 */
#ifndef MILTER_PROGRESS_H
#define MILTER_PROGRESS_H

#include "io/in_work.h"

enum progress_step {
	STEP_CONNECT = 1,
	STEP_HELO,
	STEP_MAIL,
	STEP_RCPT,
	STEP_NAME,
	STEP_VALUE,
	STEP_END_OF_HEADER,
	STEP_BODY,
	STEP_END
};

/* Zeroed: a connection that begins. */
struct progress {
	uint64_t greeting, digest;
	struct in_work_label label;
	bool bad_greeting, passed_over;
};

/* Once, before the first connection; NULL is allowed. */
void progress_use(struct in_work *work);

void progress_add(struct progress *progress, enum progress_step step,
		  struct text bytes);
/* False: the message is not looked at any more, to its end. */
bool progress_begin(struct progress *progress);
/* Both. */
bool progress_begin_with(struct progress *progress, enum progress_step step,
			 struct text bytes);
/* The step that was begun, in this thread. */
void progress_end(void);

/* The step was one of the connection, which all its messages begin with. */
void progress_greeted(struct progress *progress);
/* The message ends. */
void progress_reset(struct progress *progress);

#endif
