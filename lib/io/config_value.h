/* config_value.h - one value of the configuration file, by type */
#ifndef IO_CONFIG_VALUE_H
#define IO_CONFIG_VALUE_H

#include <stdbool.h>

#include "io/config.h"

/* Stores `value` (zero-terminated, kept by the caller as long as `target`)
 * in the option's member of `target`.  Lists are added to what is there.
 * The sentence in `why` names neither file nor line. */
bool config_value_parse(struct arena *arena, const struct config_option *option,
			const char *value, void *target, struct why *why);

/* Clears the option's member. */
void config_value_clear(const struct config_option *option, void *target);

/* True if both targets hold the same value of the option. */
bool config_value_equal(const struct config_option *option, const void *a,
			const void *b);

/* Bytes of the option's member. */
size_t config_value_bytes(enum config_type type);

#endif
