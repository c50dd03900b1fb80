/* settings.h - signet.conf as signet-policy reads it (signet.conf(5)) */
#ifndef POLICY_SETTINGS_H
#define POLICY_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "io/config.h"
#include "io/config_common.h"
#include "io/resolver_unbound.h"
#include "mailtls/tls_policy.h"
#include "postfix-policy/sts_cache.h"

struct arena;
struct why;

/* [policy] */
struct policy_options {
	struct config_strings listen;	/* socketmap */
	struct config_strings delegate; /* check_policy_service */
	bool quota;			/* a rule of that */
	uint64_t quota_deadline_s;
	const char *socket_group;
	const char *socket_mode; /* octal */
	const char *metrics;
	const char *answers; /* socket of the collector; "none": nobody is
				told */
	uint64_t deadline_s; /* how long an answer may take */
	uint64_t lookups;    /* at the same time */
	uint64_t connections;
	uint64_t idle_timeout_s, request_timeout_s;
	uint64_t cache_entries, cache_bytes;
	uint64_t cache_time_s; /* longest life of an answer */
	int dane_and_sts;      /* enum policy_preference */
};

/* Both hold for a destination, and Postfix can check one. */
enum policy_preference { POLICY_PREFERS_DANE, POLICY_PREFERS_STS };

struct settings {
	struct arena *arena; /* holds all of it */
	struct config_source *source;
	struct config_common common;
	struct policy_options policy;
	struct sts_settings sts;
};

extern const struct config_option policy_options_table[];

/* `path` NULL: the default file if there is one, else the defaults alone.
 * NULL with a reason that names file, line and remedy. */
struct settings *settings_load(const char *path, struct why *why);
/* NULL is allowed. */
void settings_free(struct settings *settings);

/* What resolver_unbound_open wants; borrows. */
void settings_resolver(const struct settings *settings,
		       struct resolver_options *options);

struct tls_policy_options settings_choice(const struct settings *settings);

/* The socket of the collector; NULL: nobody is told. */
const char *settings_answers(const struct settings *settings);

#endif
