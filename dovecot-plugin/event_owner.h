/* event_owner.h - may this user of the system speak for that account?
 *
 * Anybody on the host may write into the spool and connect to the socket.  An
 * account that is a user of the system speaks for itself; others, which are
 * Dovecot's alone, are spoken for by [mailbox] mail_owners, and by anybody as
 * long as nobody is named there.  root may speak for all.
 */
#ifndef DOVECOT_PLUGIN_EVENT_OWNER_H
#define DOVECOT_PLUGIN_EVENT_OWNER_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/text.h"

struct config_strings;
struct event_owner;
struct why;

/* Names of users, or numbers.  NULL with a reason if there is none such. */
struct event_owner *event_owner_new(const struct config_strings *mail_owners,
				    struct why *why);
/* NULL is allowed. */
void event_owner_free(struct event_owner *owner);

/* False with the reason.  Any thread. */
bool event_owner_may(struct event_owner *owner, uid_t uid, struct text account,
		     struct why *why);

/* root, or one of mail_owners; anybody while nobody is named. */
bool event_owner_is_trusted(const struct event_owner *owner, uid_t uid);

#endif
