/* quota_reconcile.h - `signet quota reconcile`: usage as Dovecot has it
 *
 * doveadm counts; what the database says else is mended, told, and what
 * Dovecot has no longer is removed.  A report that comes while doveadm runs is
 * newer and stays.
 */
#ifndef ADMIN_QUOTA_RECONCILE_H
#define ADMIN_QUOTA_RECONCILE_H

struct quota_run;

int quota_reconcile(struct quota_run *run);

#endif
