/* dns_keys.h - the public halves of a domain's signing keys */
#ifndef ADMIN_DNS_KEYS_H
#define ADMIN_DNS_KEYS_H

#include <stdbool.h>

#include "admin/dns_settings.h"

struct arena;
struct why;

/* From the directory of keys (key_files.h) into settings->signing_keys, in the
 * order of the selectors.  A directory that is not there holds no keys; what
 * cannot be read is told in keys_trouble and left out. */
void dns_keys_read(struct arena *arena, struct dns_settings *settings);

/* Adds those that only the database knows: keys of other hosts. */
bool dns_keys_add_known(struct arena *arena, struct dns_settings *settings,
			struct why *why);

#endif
