/* config_common.h - options that all programs share: [common] [dns] [database]
 *
 * A program fills one struct config_common with config_common_fill, then its
 * own tables, then calls config_check with config_known_sections.
 */
#ifndef IO_CONFIG_COMMON_H
#define IO_CONFIG_COMMON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "io/config.h"
#include "io/spool.h"

struct arena;
struct why;

struct config_common {
	/* [common] */
	const char *hostname;			/* of this host, never NULL */
	struct config_strings public_addresses; /* of this host as the world
						   sees it; ADDR */
	const char *spool_directory;
	int spool_sync;	    /* enum spool_sync */
	uint64_t spool_max; /* bytes; 0: no bound */
	int log;	    /* index: see config_common_log */
	bool debug;
	/* [dns] */
	struct config_strings forward; /* ADDR or ADDR@PORT */
	const char *root_key;	       /* NULL: the system's; "none": no
					  validation */
	uint64_t dns_timeout_s;	       /* for one message's questions */
	uint64_t cache_entries;
	/* [database] */
	const char *conninfo; /* of libpq */
};

/* All three sections, for config_print_changed. */
extern const struct config_option config_common_table[];

/* The sections of all programs, NULL-terminated. */
extern const char *const config_known_sections[];

bool config_common_fill(struct arena *arena, struct config_source *source,
			struct config_common *common, struct why *why);

/* Is this "ADDR" or "ADDR@PORT", as libunbound reads it? */
bool config_is_server(struct text text);

/* What log_open wants to hear. */
const char *config_common_log(const struct config_common *common);

/* What spool_open wants; borrows. */
struct spool_options config_common_spool(const struct config_common *common,
					 const char *program);

#endif
