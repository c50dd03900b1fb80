/* dns_wire.h - names and record data as they travel (RFC 1035 section 3) */
#ifndef IO_DNS_WIRE_H
#define IO_DNS_WIRE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/dns.h"
#include "base/limits.h"

struct arena;

/* Reads the data of one record without compression.  False if it is broken,
 * or if it holds a name that text cannot tell from another (a '.' or a zero
 * byte within a label).  What the record points to lies in the arena. */
bool dns_wire_record(struct arena *arena, enum dns_type type, struct text data,
		     struct dns_record *record);

/* The question's name as master files write it: bytes that mean something
 * there become \DDD. */
#define DNS_WIRE_NAME_BYTES (4 * LIMIT_DOMAIN_BYTES + 2)
void dns_wire_escape(struct text name, char to[DNS_WIRE_NAME_BYTES]);

/* The name of a response code that is an error, for log lines. */
const char *dns_wire_rcode_name(int rcode);

#endif
