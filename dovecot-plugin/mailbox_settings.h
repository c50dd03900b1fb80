/* mailbox_settings.h - section [mailbox] of signet.conf */
#ifndef DOVECOT_PLUGIN_MAILBOX_SETTINGS_H
#define DOVECOT_PLUGIN_MAILBOX_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "io/config_common.h"

struct arena;
struct why;

struct mailbox_settings {
	struct config_common common;
	/* where it listens */
	const char *socket, *nudge;
	const char *socket_group, *socket_mode;
	const char *metrics;
	uint64_t connections; /* to Postgres, at most */
	uint64_t threads;     /* that answer questions */
	uint64_t patience;    /* ms that an answer waits for Postgres */
	/* the spool of events */
	const char *spool;
	uint64_t max_event;   /* bytes of one file */
	uint64_t user_events; /* of one user in a minute; more wait */
	struct config_strings mail_owners;
	uint64_t keep_events_s;
	/* what is known of a message */
	const char *authserv_id; /* never NULL */
	/* junk */
	bool junk;
	uint64_t threshold; /* percent */
	uint64_t least_ham; /* messages, before a verdict counts */
	const char *junk_mailbox;
	const char *junk_keyword; /* NULL: none */
	const char *tagged_mailbox; /* NULL: as untagged ones */
	bool header;
	uint64_t words; /* rows of one account */
	uint64_t words_age_s;
	uint64_t site_words, site_messages, site_users;
	uint64_t cache;	 /* bytes */
	uint64_t look_s; /* between two looks for changes by others */
	/* folders, with those below, into which a move suggests nothing */
	struct config_strings rules_skip;
	/* lists that signet-milter hears of */
	uint64_t lists_accounts; /* 0: of none */
	const char *lists_file;
};

extern const struct config_option mailbox_settings_table[];

bool mailbox_settings_read(struct arena *arena, const char *path,
			   struct mailbox_settings *settings,
			   struct config_source **source, struct why *why);

#endif
