/* dns_zone.h - a resolver that answers from a zone file's text
 *
 * RFC 1035 master file format: $ORIGIN, $TTL, comments, parentheses, quoted
 * strings and \DDD escapes, an owner left out; TTL and class are optional.
 * Names without a final dot are relative to $ORIGIN (the root if none).
 * Types A AAAA MX TXT PTR CNAME NS SOA TLSA; wildcards; CNAMEs are followed
 * (8 at most); a name above an existing one is NODATA, any other NXDOMAIN.
 * Beyond the format, for tests and what-if questions:
 *
 *	NAME TYPE !TIMEOUT | !SERVFAIL | !BOGUS | !NXDOMAIN | !NODATA
 *		that question ends so; TYPE may be ANY for types not listed
 *	$DNSSEC secure | insecure
 *		what is said of the records that follow (insecure at first);
 *		an answer "not there" has the state of the nearest records
 *
 * Other types are read over; their owners exist.
 */
#ifndef BASE_DNS_ZONE_H
#define BASE_DNS_ZONE_H

#include <stdbool.h>

#include "base/dns.h"

struct dns_zone;
struct why;

/* A copy of what is needed is kept in the arena.  Errors name the line. */
struct dns_zone *dns_zone_parse(struct arena *arena, struct text text,
				struct why *why);
struct resolver *dns_zone_resolver(struct dns_zone *zone);

/* The answer to question number `index` (0 is the first) becomes
 * DNS_TEMPFAIL; -1 for none.  Counting starts anew.  Case files run once with
 * each failing. */
void dns_zone_fail_question(struct dns_zone *zone, int index);
/* Questions asked so far. */
unsigned dns_zone_questions(const struct dns_zone *zone);

#endif
