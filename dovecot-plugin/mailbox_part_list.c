#include "dovecot-plugin/mailbox_part.h"

/* In the order in which they are asked at delivery. */
const struct mailbox_part *const mailbox_parts[] = {
    NULL,
};
