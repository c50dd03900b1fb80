#ifndef SIGNET_QUOTA_H
#define SIGNET_QUOTA_H

/* How full the mailboxes of a user are, told after changes: at the end of each
   session that made one, and in between at most each signet_quota_interval.
   Dovecot's quota plugin counts and enforces; where it is not loaded there is
   nothing to tell. */

struct signet_user;

void signet_quota_user_init(struct signet_user *suser);
/* A transaction that saved or expunged was committed. */
void signet_quota_changed(struct signet_user *suser);
void signet_quota_user_deinit(struct signet_user *suser);

#endif
