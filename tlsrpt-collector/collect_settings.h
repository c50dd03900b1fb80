/* collect_settings.h - section [tls_collect] of signet.conf */
#ifndef TLSRPT_COLLECTOR_COLLECT_SETTINGS_H
#define TLSRPT_COLLECTOR_COLLECT_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "io/config_common.h"
#include "tlsrpt-collector/maillog_settings.h"

struct arena;
struct receiver_place;
struct why;

struct collect_settings {
	struct config_common common;
	/* datagrams of the MTA */
	struct config_strings listen; /* "none": there are none */
	const char *socket_owner, *socket_group, *socket_mode;
	const char *metrics;
	/* as read: no place with "none" */
	struct receiver_place *places;
	size_t place_count;
	struct maillog_settings maillog;
};

extern const struct config_option collect_settings_table[];

bool collect_settings_read(struct arena *arena, const char *path,
			   struct collect_settings *settings,
			   struct config_source **source, struct why *why);

#endif
