#ifndef SIGNET_SETTINGS_H
#define SIGNET_SETTINGS_H

/* The settings, signet-plugin(7). In 2.3 they stand in plugin { }, in 2.4 at
   the top; both can be overridden for a user by a field of userdb. A new one
   is a member here, and a line in each of the tables of signet-settings.c. */

struct mail_user;

struct signet_settings {
	pool_t pool;

	/* does the plugin tell what the user does with messages? */
	bool training;
	/* directory of events, and the socket that wakes who reads them */
	const char *spool_dir;
	const char *nudge;
	/* is an event on disk before the rename? */
	bool spool_fsync;
	/* what of a message is given to the daemon, in bytes */
	uoff_t max_message;

	/* where a delivery asks, and how long the answer may take */
	const char *socket;
	unsigned int timeout_msecs;

	/* names, besides what has the special use */
	const char *junk_mailbox;
	const char *trash_mailbox;
	const char *rejects_mailbox;

	/* pause between two tellings of the quota within a session */
	unsigned int quota_interval_msecs;
};

/* Returns -1 and error_r if a value cannot be read. */
int signet_settings_get(struct mail_user *user,
			const struct signet_settings **set_r,
			const char **error_r);
void signet_settings_free(const struct signet_settings **set);

#endif
