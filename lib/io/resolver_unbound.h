/* resolver_unbound.h - the DNS, validated, through libunbound
 *
 * libunbound validates by itself from the root anchor; the AD bit of others
 * is not believed.  Bogus answers are DNS_BOGUS whatever they hold.  A small
 * cache of finished answers stands before it (dns_cache.h), since a hand-over
 * to libunbound's thread costs more than the rest of a warm message.
 */
#ifndef IO_RESOLVER_UNBOUND_H
#define IO_RESOLVER_UNBOUND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/dns.h"

struct why;

struct resolver_options {
	const char *const *forward; /* "ADDR", "ADDR@PORT"; none: iterate
				       from the root hints */
	size_t forward_count;
	const char *root_key; /* trust anchor file (DS or DNSKEY); NULL
				 with `forward`: no validation, all is
				 insecure */
	size_t cache_entries; /* of our own cache; 0: the default */
	const char *told;     /* the log tells when the DNS is away, and what
				 becomes of what rests on it; NULL: not */
	bool is_small;	      /* libunbound's caches hold little: what comes
				 of the answers is kept elsewhere */
};

/* The default anchor file if it is readable, else NULL. */
const char *resolver_default_root_key(void);

struct resolver_unbound;
struct resolver_unbound *
resolver_unbound_open(const struct resolver_options *options, struct why *why);
/* Gives up what is on its way.  No question may be waited for after it. */
void resolver_unbound_close(struct resolver_unbound *resolver);
struct resolver *resolver_unbound_resolver(struct resolver_unbound *resolver);

/* Counters for metrics. */
struct resolver_counts {
	uint64_t asked, from_cache, failed, bogus;
};
struct resolver_counts
resolver_unbound_counts(struct resolver_unbound *resolver);

#endif
