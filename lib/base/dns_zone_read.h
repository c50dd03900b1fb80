/* dns_zone_read.h - the text of a zone file as a list of entries
 *
 * RFC 1035 section 5 with the additions of dns_zone.h.  A label that holds a
 * dot ("\.") cannot be told from two labels here and is an error.
 */
#ifndef BASE_DNS_ZONE_READ_H
#define BASE_DNS_ZONE_READ_H

#include <stdbool.h>

#include "base/dns.h"

struct arena;
struct why;

struct dns_zone_entry {
	struct text owner;	/* lower case, no final dot, "" for the root */
	uint16_t type;		/* number; 0 is ANY */
	enum dns_status status; /* FOUND, or how the question ends */
	const char *reason;	/* for TEMPFAIL and BOGUS */
	struct dns_record record; /* when FOUND */
	uint32_t ttl_s;
	enum dns_security security;
	struct dns_zone_entry *next;
};

/* A type that is kept only so that its owner exists. */
#define DNS_ZONE_OTHER_TYPE 0xffff

/* Entries in the order of the text.  All lies in the arena.  Errors name the
 * line. */
bool dns_zone_read(struct arena *arena, struct text text,
		   struct dns_zone_entry **first, struct why *why);

#endif
