/* quota_limits.h - `signet quota set` and `signet quota option` */
#ifndef ADMIN_QUOTA_LIMITS_H
#define ADMIN_QUOTA_LIMITS_H

struct quota_run;

int quota_set(struct quota_run *run);
int quota_option(struct quota_run *run);

#endif
