/* report_consent.h - may reports about a domain go to a host?
 *
 * RFC 9990 section 4 (and RFC 9991 for ruf): a host of another organizational
 * domain has to agree, with a TXT record at
 * POLICY-DOMAIN._report._dmarc.HOST that begins with "v=DMARC1".  A record
 * for the organizational domain of the policy domain is accepted as well,
 * since other senders ask there; it is looked at when there is none for the
 * policy domain itself.
 */
#ifndef MAILAUTH_REPORT_CONSENT_H
#define MAILAUTH_REPORT_CONSENT_H

#include "base/deadline.h"
#include "base/dns.h"
#include "base/domain.h"
#include "mailauth/dmarc_discover.h"
#include "mailauth/dmarc_record.h"

struct arena;
struct resolver;

enum report_consent_result {
	REPORT_CONSENT_NOT_ASKED = 0,
	REPORT_CONSENT_OWN,   /* same organizational domain: no need to ask */
	REPORT_CONSENT_GIVEN, /* a record agrees */
	REPORT_CONSENT_REFUSED,
	REPORT_CONSENT_TEMPERROR /* could not ask: ask again later */
};

enum report_consent_tag { REPORT_CONSENT_RUA = 1, REPORT_CONSENT_RUF };

struct report_consent {
	enum report_consent_result result;
	struct domain asked_for;   /* GIVEN: whom the record is for: the policy
				      domain or its organizational domain */
	struct text name;	   /* last name that was asked, if any */
	struct text record;	   /* GIVEN: the record, the first of several */
	size_t records;		   /* GIVEN: how many agree */
	struct dmarc_uri *instead; /* GIVEN: the URIs to use in place of the
				      one asked about, all at the same host;
				      NULL: use that one */
	enum dns_security security; /* of the answers of this check */
	const char *reason;	    /* one clause, for all results */
};

/* `discovery` tells organizational domains and may be shared by many checks;
 * `policy_domain` is where the policy was found, `host` that of the URI.  A
 * record that names a URI at another host means that neither is used:
 * REFUSED. */
void report_consent_ask(struct arena *arena, struct resolver *resolver,
			struct dmarc_discovery *discovery,
			struct domain policy_domain, struct domain host,
			enum report_consent_tag tag, struct deadline deadline,
			struct report_consent *consent);

/* "own", "given", "refused", "temperror", "not asked". */
const char *report_consent_name(enum report_consent_result result);

#endif
