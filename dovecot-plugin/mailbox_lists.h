/* mailbox_lists.h - tells signet-milter which lists users have rules for
 *
 * A list changes messages, so their authors' DMARC fails; who reads the list
 * wants them all the same.  signet-milter decides once for all recipients, so
 * the word of one user must not open the door for others: a list is told only
 * when [mailbox] lists_accounts accounts have a rule for it that they made or
 * accepted themselves, and by default none is.  What is told is the list with
 * its domain, never the domain alone.
 */
#ifndef DOVECOT_PLUGIN_MAILBOX_LISTS_H
#define DOVECOT_PLUGIN_MAILBOX_LISTS_H

#include <stdbool.h>

struct mailbox_settings;
struct pg;
struct why;

/* Writes [mailbox] lists_file (trusted_lists.h) when it should be another one
 * than it is: whole, at once, from time to time.  When lists_accounts is 0, a
 * file that is there becomes empty.  For one thread. */
bool mailbox_lists_round(const struct mailbox_settings *settings, struct pg *pg,
			 struct why *why);

#endif
