/* junk_dovecot.h - the messages of a mailbox, from doveadm(1) */
#ifndef ADMIN_JUNK_DOVECOT_H
#define ADMIN_JUNK_DOVECOT_H

#include "admin/junk_mail.h"

struct arena;

#define JUNK_DOVEADM "/usr/bin/doveadm"

/* False if the user or the mailbox is not there. */
bool junk_dovecot_has(struct arena *arena, const char *doveadm,
		      const char *user, const char *mailbox, struct why *why);

/* All that match the query of doveadm-search-query(7), words up to NULL.
 * False if doveadm failed or said what we do not understand, or `take` ended
 * it. */
bool junk_dovecot_read(struct arena *arena, struct junk_mail_reader *reader,
		       const char *doveadm, const char *user,
		       const char *const *query, struct why *why);

/* What `doveadm -f pager fetch "size.physical text"` printed: for each message
 * "size.physical: 123", "text:", so many bytes, and a form feed. */
bool junk_dovecot_parse(struct junk_mail_reader *reader, struct text printed,
			struct why *why);

#endif
