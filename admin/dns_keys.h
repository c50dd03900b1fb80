/* dns_keys.h - the public halves of a domain's signing keys */
#ifndef ADMIN_DNS_KEYS_H
#define ADMIN_DNS_KEYS_H

#include "admin/dns_settings.h"

struct arena;

/* From DIRECTORY/DOMAIN/SELECTOR.pem into settings->signing_keys, in the order
 * of the selectors.  A directory that is not there holds no keys; what cannot
 * be read is told in keys_trouble and left out. */
void dns_keys_read(struct arena *arena, struct dns_settings *settings);

#endif
