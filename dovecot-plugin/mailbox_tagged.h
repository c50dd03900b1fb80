/* mailbox_tagged.h - files what signet-milter would not vouch for
 *
 * A site whose milter tags a message (dmarc_reject = tag and its like) instead
 * of refusing it may want it out of sight of its users, and yet where they find
 * it: [mailbox] tagged_mailbox.  A rule of the user comes first.  The tag
 * is the milter's, which removes those of others.
 */
#ifndef DOVECOT_PLUGIN_MAILBOX_TAGGED_H
#define DOVECOT_PLUGIN_MAILBOX_TAGGED_H

#include "dovecot-plugin/mailbox_part.h"

extern const struct mailbox_part mailbox_tagged;

#endif
