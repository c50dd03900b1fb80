/* mailbox_rules.h - rules of users as a part of signet-mailbox */
#ifndef DOVECOT_PLUGIN_MAILBOX_RULES_H
#define DOVECOT_PLUGIN_MAILBOX_RULES_H

#include "dovecot-plugin/mailbox_part.h"

extern const struct mailbox_part mailbox_rules;

#endif
