/* quota_show.h - `signet quota show` */
#ifndef ADMIN_QUOTA_SHOW_H
#define ADMIN_QUOTA_SHOW_H

struct quota_run;

int quota_show(struct quota_run *run);

#endif
