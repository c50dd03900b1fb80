/* mailbox_reply.h - one question, read and answered */
#ifndef DOVECOT_PLUGIN_MAILBOX_REPLY_H
#define DOVECOT_PLUGIN_MAILBOX_REPLY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/text.h"

struct arena;
struct mailbox_reply;
struct mailbox_server_options;

struct mailbox_reply *
mailbox_reply_new(const struct mailbox_server_options *options);
void mailbox_reply_free(struct mailbox_reply *reply);

struct mailbox_reply_to {
	int fd;
	uid_t uid; /* who asks */
	int64_t asked_us;
};

/* False: it was no question, or none of theirs; that is logged.  Any
 * thread. */
bool mailbox_reply(struct mailbox_reply *reply, struct arena *arena,
		   struct text bytes, const struct mailbox_reply_to *to);

/* Microseconds of the monotonic clock. */
int64_t mailbox_reply_now_us(void);

#endif
