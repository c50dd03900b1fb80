/* destinations.h - where the DMARC reports about a domain go: what its record
 * names as it is now */
#ifndef DMARC_REPORTER_DESTINATIONS_H
#define DMARC_REPORTER_DESTINATIONS_H

#include "base/deadline.h"
#include "mailauth/report_consent.h"
#include "reporter/destination.h"

struct arena;
struct resolver;

/* `tag`: of rua or of ruf. */
void destinations_find(struct arena *arena, struct resolver *resolver,
		       struct domain policy_domain, enum report_consent_tag tag,
		       struct deadline deadline, struct destinations *found);

#endif
