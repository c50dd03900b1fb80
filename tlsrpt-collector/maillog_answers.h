/* maillog_answers.h - what signet-policy tells of its answers, in order
 *
 * signet-policy tells before the mail server logs what it made of an answer.
 * So that order is kept here: maillog_answers_take gives all that was told
 * before it was called.
 */
#ifndef TLSRPT_COLLECTOR_MAILLOG_ANSWERS_H
#define TLSRPT_COLLECTOR_MAILLOG_ANSWERS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

struct arena;
struct why;
struct maillog_answers;
struct collect_settings;

/* NULL with a reason. */
struct maillog_answers *
maillog_answers_open(const struct collect_settings *settings, struct why *why);
/* NULL is allowed. */
void maillog_answers_close(struct maillog_answers *answers);

/* Calls for each datagram that came since the last time, oldest first. */
void maillog_answers_take(struct maillog_answers *answers,
			  void (*take)(void *data, struct text datagram),
			  void *data);

/* Datagrams so far, and those for which there was no room.  NULL: none. */
uint64_t maillog_answers_received(struct maillog_answers *answers);
uint64_t maillog_answers_dropped(struct maillog_answers *answers);

#endif
