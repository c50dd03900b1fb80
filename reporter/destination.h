/* destination.h - where a report goes
 *
 * What a domain publishes names the URIs; each is judged on its own, and each
 * is in the list with what became of it, those that cannot be used too.
 */
#ifndef REPORTER_DESTINATION_H
#define REPORTER_DESTINATION_H

#include "base/dns.h"
#include "base/domain.h"

enum destination_state {
	DESTINATION_WAITING = 1, /* to be sent to */
	DESTINATION_UNDECIDED,	 /* DNS did not answer */
	DESTINATION_SKIPPED	 /* not used; `reason` says why */
};

struct destination {
	enum destination_state state;
	struct text uri;     /* without "!size" */
	struct text address; /* of mailto */
	struct text host;
	struct text instead_of;	  /* URI of the record that the host replaced */
	const char *consent;	  /* report_consent_name; NULL: not asked */
	struct text consent_name; /* that was asked in the DNS */
	enum dns_security security; /* of the consent's answers */
	const char *reason;	    /* NULL: there is nothing to say */
	struct destination *next;
};

enum destinations_found {
	DESTINATIONS_FOUND = 1,
	DESTINATIONS_NOBODY,   /* no record, or no URI in it: nothing is
				  wanted any more */
	DESTINATIONS_TEMPERROR /* the record could not be asked for */
};

struct destinations {
	enum destinations_found found;
	const char *reason;	    /* NOBODY and TEMPERROR */
	struct text record;	    /* FOUND */
	enum dns_security security; /* of the record */
	struct destination *first;
	size_t count;
};

/* "waiting", "undecided", "skipped" */
const char *destination_state_name(enum destination_state state);

#endif
