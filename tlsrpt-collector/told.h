/* told.h - who of an MX host's recipient domains was told already
 *
 * A recipient domain's report holds what its MX hosts did.  When its record
 * names the same URIs as that of the MX host, whoever reads them would get
 * all of it twice: the host's report leaves such domains out.
 */
#ifndef TLSRPT_COLLECTOR_TOLD_H
#define TLSRPT_COLLECTOR_TOLD_H

#include <stddef.h>

#include "base/text.h"

struct arena;
struct claim;
struct reporter;
struct why;

enum told_result {
	TOLD_DONE = 1,
	TOLD_LATER, /* DNS did not tell; `why` says of whom */
	TOLD_AWAY   /* database */
};

struct told {
	struct text *domains;
	size_t count, of; /* `of` recipient domains in all */
};

enum told_result told_find(struct reporter *reporter, struct arena *arena,
			   const struct claim *claim, struct told *told,
			   struct why *why);

#endif
