/* told.h - who of an MX host's recipient domains was told already
 *
 * A recipient domain's report holds what its MX hosts did.  When its record
 * names the same URIs as that of the MX host, whoever reads them would get
 * all of it twice: the host's report leaves such domains out.
 *
 * A domain whose record cannot be asked for delays that report, but not for
 * ever: a host has many domains, and one of them is always broken.
 */
#ifndef TLSRPT_COLLECTOR_TOLD_H
#define TLSRPT_COLLECTOR_TOLD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

struct arena;
struct claim;
struct reporter;
struct why;

enum told_result {
	TOLD_DONE = 1,
	TOLD_LATER, /* DNS did not tell of one; `why` says of whom */
	TOLD_AWAY   /* database */
};

struct told {
	struct text *domains;
	size_t count, of; /* `of` recipient domains in all */
};

/* `patient`: wait for every answer; else a domain that DNS does not tell of
 * counts as not told, which its own report has not. */
enum told_result told_find(struct reporter *reporter, struct arena *arena,
			   const struct claim *claim, bool patient,
			   struct told *told, struct why *why);

#endif
