/* user_lists.h - mailing lists that users vouch for, from a file
 *
 * signet-mailbox writes it (trusted_lists.h) when enough users have a rule for
 * a list.  It is looked at once a second at most, by the message that comes
 * first, and read again when it is another one.  What cannot be read leaves
 * the lists as they were, with one line in the log; a file that is gone leaves
 * none.  Any thread may ask.
 */
#ifndef MILTER_USER_LISTS_H
#define MILTER_USER_LISTS_H

#include <stdbool.h>

#include "base/domain.h"

struct user_lists;

/* The same for the same path as long as somebody holds it: so a reload keeps
 * what a bad file would not give again.  NULL for NULL. */
struct user_lists *user_lists_open(const char *path);
/* NULL is allowed. */
void user_lists_close(struct user_lists *lists);

/* Is this list there, with a domain that `verified` is, or is below?  False if
 * `lists` is NULL. */
bool user_lists_have(struct user_lists *lists, struct text id,
		     struct domain verified);

/* How many files were not taken over. */
unsigned user_lists_refused(struct user_lists *lists);

#endif
