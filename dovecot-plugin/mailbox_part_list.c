#include "dovecot-plugin/mailbox_part.h"
#include "dovecot-plugin/mailbox_quota.h"
#include "dovecot-plugin/mailbox_rules.h"
#include "dovecot-plugin/mailbox_tagged.h"

/* In the order in which they are asked at delivery. */
const struct mailbox_part *const mailbox_parts[] = {
    &mailbox_rules,
    &mailbox_tagged,
    &mailbox_quota,
    NULL,
};
