/* dovecot_status.h - what `signet status` says of the Dovecot plugin
 *
 * Dovecot refuses a plugin that was built for another ABI, and then opens no
 * mailbox; its ABI changes with nearly every release.  And a plugin that is
 * there, but not loaded, or cannot write its events, learns nothing without a
 * word to anybody.  Both are troubles here.
 *
 * Dovecot is asked through its doveconf.  On a host without Dovecot, or with
 * one that neither has the plugin nor is told to load it, nothing is said.
 */
#ifndef ADMIN_DOVECOT_STATUS_H
#define ADMIN_DOVECOT_STATUS_H

struct arena;

/* `config` is Dovecot's, NULL where doveconf looks by itself. */
void dovecot_status_show(struct arena *arena, const char *config,
			 void (*trouble)(const char *sentence));

#endif
