/* load_settings.h - what signet-load reads from signet.conf */
#ifndef SQL_LOAD_SETTINGS_H
#define SQL_LOAD_SETTINGS_H

#include <stdbool.h>

#include "io/config.h"
#include "sql/load_loop.h"

struct arena;
struct why;

/* The options of signet-load, for signet.conf(5) and -n. */
extern const struct config_option load_options[];

/* Without `path`: defaults alone.  Strings lie in the arena. */
bool load_settings_read(struct arena *arena, const char *path,
			struct load_settings *settings, struct why *why);

#endif
