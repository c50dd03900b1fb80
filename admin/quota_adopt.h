/* quota_adopt.h - `signet quota adopt`: what a quota_clone table knows */
#ifndef ADMIN_QUOTA_ADOPT_H
#define ADMIN_QUOTA_ADOPT_H

struct quota_run;

int quota_adopt(struct quota_run *run);

#endif
