/* mailbox_quota.h - usage of mailboxes as a part of signet-mailbox */
#ifndef DOVECOT_PLUGIN_MAILBOX_QUOTA_H
#define DOVECOT_PLUGIN_MAILBOX_QUOTA_H

#include "dovecot-plugin/mailbox_part.h"

extern const struct mailbox_part mailbox_quota;

#endif
