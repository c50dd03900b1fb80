/* sts_settings.h - [mta_sts] of signet.conf */
#ifndef POSTFIX_POLICY_STS_SETTINGS_H
#define POSTFIX_POLICY_STS_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "io/config.h"

struct arena;
struct why;

struct sts_settings {
	const char *directory; /* of the file; NULL: memory only */
	const char *ca_file;   /* authorities of policy hosts; NULL: the
				  system's */
	struct config_networks allowed; /* addresses beside global ones */
	uint64_t port;			/* of policy hosts */
	uint64_t fetch_s;		/* longest time of a fetch */
	uint64_t back_off_s;		/* after one that failed */
	uint64_t refresh_s;		/* age at which a policy is looked at
					   again */
	uint64_t unused_s;		/* nobody asked: forget */
	uint64_t policies;		/* most that are kept */
	bool share;			/* through Postgres */
};

extern const struct config_option sts_settings_table[];

bool sts_settings_fill(struct config_source *source,
		       struct sts_settings *settings, struct why *why);

#endif
