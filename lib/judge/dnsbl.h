/* dnsbl.h - whether a DNS blocklist names the client (RFC 5782)
 *
 * A listing is an answer in 127.0.0.0/8 but for 127.0.0.1, which no list may
 * mean (section 5), and 127.255.255.0/24, by which lists tell that they were
 * asked wrongly or too often.
 */
#ifndef JUDGE_DNSBL_H
#define JUDGE_DNSBL_H

#include <stddef.h>

#include "base/dns.h"
#include "base/domain.h"

struct arena;

enum dnsbl_result {
	DNSBL_NOT_EVALUATED = 0,
	DNSBL_CLEAR,
	DNSBL_LISTED,
	DNSBL_TEMPERROR /* no list names it, and one could not be asked */
};

struct dnsbl_verdict {
	enum dnsbl_result result;
	struct domain zone; /* that lists it, or that could not be asked */
	struct ipaddr code; /* what it answered; family 0 unless listed */
};

struct dnsbl_check;

/* Asks all lists at once (LIMIT_DNSBL_ZONES at most) and returns.  NULL if
 * there is no list or no address. `zones` is borrowed. */
struct dnsbl_check *dnsbl_begin(struct arena *arena,
				struct resolver *resolver,
				const struct ipaddr *client,
				const struct domain *zones, size_t count);

/* The first list, in the order given, that names the client. */
void dnsbl_finish(struct dnsbl_check *check, struct deadline deadline,
		  struct dnsbl_verdict *verdict);

/* "clear", "listed", "temperror"; "not evaluated". */
const char *dnsbl_result_name(enum dnsbl_result result);

#endif
