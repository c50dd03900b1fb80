/* rules_show.h - what `signet rules list` and `signet rules lists` print */
#ifndef ADMIN_RULES_SHOW_H
#define ADMIN_RULES_SHOW_H

struct rules_call;

/* One account, or how much each has. */
int rules_list(struct rules_call *call);
/* Lists by the number of accounts that have a rule for them. */
int rules_lists(struct rules_call *call);

#endif
