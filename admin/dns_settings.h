/* dns_settings.h - what signet dns knows of a domain before it asks anybody
 *
 * From signet.conf, the system, the keys directory and certificate files.
 */
#ifndef ADMIN_DNS_SETTINGS_H
#define ADMIN_DNS_SETTINGS_H

#include "admin/key_state.h"
#include "base/certificate.h"
#include "base/crypto.h"
#include "base/domain.h"
#include "base/ipaddr.h"
#include "io/config_common.h"
#include "io/config_domain.h"
#include "io/config_keys.h"
#include "postfix-policy/sts_settings.h"

struct arena;
struct why;

/* One of our signing keys, its public half only. */
struct dns_key {
	struct text selector;
	enum key_state state;
	enum crypto_key_type type;
	unsigned bits;
	struct text public_bytes; /* as p= carries it */
};

/* What a file of [domain] certificates begins with. */
struct dns_certificate {
	const char *path;
	struct certificate certificate;
};

struct dns_settings {
	struct config_common common;
	struct config_keys keys;
	struct config_domain options;
	struct sts_settings sts;
	struct domain domain, hostname;
	const struct domain *mx; /* that the domain should have */
	size_t mx_count;
	const struct domain *ours; /* domains with a section */
	size_t ours_count;
	const struct ipaddr *addresses; /* ours, as the world sees them */
	size_t address_count;
	bool addresses_are_told;	    /* by public_addresses */
	const struct dns_key *signing_keys; /* by selector */
	size_t key_count;
	const char *keys_trouble;  /* why they could not be read, or NULL */
	const char *known_trouble; /* the same of those of other hosts */
	const struct dns_certificate *certificates;
	size_t certificate_count;
};

/* Reads it all.  Unreadable keys are remembered in keys_trouble; a wrong
 * configuration or certificate file is an error. */
bool dns_settings_read(struct arena *arena, const char *path,
		       struct text domain, struct dns_settings *settings,
		       struct why *why);

/* Whether the domain is one of ours: it has a section, or keys. */
bool dns_settings_is_ours(const struct dns_settings *settings,
			  struct domain domain);

#endif
