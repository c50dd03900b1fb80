/* sign_options.h - what signet.conf says to signet-sign (signet.conf(5)) */
#ifndef MILTER_SIGN_OPTIONS_H
#define MILTER_SIGN_OPTIONS_H

#include "io/config.h"

enum sign_mode { SIGN_ENFORCE, SIGN_TEST };

/* A key that the DNS does not carry. */
enum dns_remedy { DNS_CHECK_NO, DNS_CHECK_WARN, DNS_CHECK_SKIP };

enum sign_canon { CANON_RELAXED, CANON_SIMPLE };

enum sign_identity { IDENTITY_NONE, IDENTITY_DOMAIN, IDENTITY_AUTHOR };

enum resign { RESIGN_NO, RESIGN_LISTS };

/* Existing signatures of a message that is signed now. */
enum signature_removal {
	REMOVE_SIGNATURES_NONE,
	REMOVE_SIGNATURES_OURS,
	REMOVE_SIGNATURES_ALL
};

/* A login that does not own the address it writes in the name of. */
enum mismatch { MISMATCH_REJECT, MISMATCH_UNSIGNED, MISMATCH_ACCEPT };

/* Who sends what is signed. */
enum mail_server { SERVER_POSTFIX, SERVER_SENDMAIL };

enum signing_failure { FAILURE_ACCEPT, FAILURE_TEMPFAIL };

struct sign_options {
	/* where */
	const char *listen;
	const char *socket_group;
	const char *socket_mode; /* octal */
	const char *metrics;
	int mode;

	/* which mail */
	bool authenticated;
	struct config_strings daemon_names;
	struct config_networks networks;

	/* which key */
	bool parent_keys;
	const char *rules;
	const char *key_table, *signing_table;
	bool multiple_signatures;
	int check_dns;
	uint64_t check_dns_interval_s;

	/* how */
	int header_canonicalization, body_canonicalization;
	uint64_t expiry_s;
	int identity;
	struct config_strings sign_headers, oversign_headers;
	int mail_server;
	uint64_t line_length_limit; /* 0: the mail server breaks no lines */
	int signing_failure;

	/* what came signed already */
	int resign, remove_signatures;
	const char *arc_domain, *arc_selector, *arc_authserv_id;

	/* who may write in whose name */
	const char *sender_table;
	bool sender_database;
	const char *sender_snapshot;
	uint64_t sender_refresh_s;
	int sender_mismatch;
	bool sender_envelope;
	struct config_strings sender_exempt;
	const char *recipient_delimiter;

	/* REQUIRETLS mail: where signet-policy listens; NULL: not asked */
	const char *requiretls_check;
	struct config_strings requiretls_exempt;
	bool tls_field;
};

extern const struct config_option sign_options_table[];

/* What one option cannot say alone.  `listener` is that of config_fill, or
 * NULL. */
bool sign_options_check(const struct config_source *source,
			const char *listener,
			const struct sign_options *options, struct why *why);

#endif
