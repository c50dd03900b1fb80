/* load_settings.h - what signet-load reads from signet.conf */
#ifndef SQL_LOAD_SETTINGS_H
#define SQL_LOAD_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "io/config_common.h"
#include "sql/load_loop.h"

struct arena;
struct why;

struct load_settings {
	struct config_common common;
	/* [load] */
	uint64_t poll_s, retry_s;
	uint64_t retain_messages_s, retain_evaluations_s, retain_tls_results_s;
};

/* Section [load], for config_print_changed. */
extern const struct config_option load_settings_table[];

/* The parsed file lies in the arena, and all strings with it. */
bool load_settings_read(struct arena *arena, const char *path,
			struct load_settings *settings,
			struct config_source **source, struct why *why);

struct load_loop_options
load_settings_loop(const struct load_settings *settings);

#endif
