/* postfix_status.h - what `signet status` says of Postfix
 *
 * Where it hands its mail to a milter: whether lines from the Internet that
 * end in a bare line feed can end a message, which lets others smuggle mail in
 * (CVE-2023-51764).
 */
#ifndef ADMIN_POSTFIX_STATUS_H
#define ADMIN_POSTFIX_STATUS_H

struct arena;

/* Asks postconf about the main.cf in `directory`, or its own for NULL; says
 * nothing where there is no Postfix or no milter in smtpd_milters.  `trouble`
 * gets what wants to be looked at. */
void postfix_status_show(struct arena *arena, const char *directory,
			 void (*trouble)(const char *sentence));

#endif
