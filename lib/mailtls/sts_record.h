/* sts_record.h - the TXT record that announces MTA-STS (RFC 8461 section 3.1)
 *
 * It stands at _mta-sts.DOMAIN.  More than one record for which
 * sts_record_is holds, or a broken one, means that the domain has no MTA-STS.
 */
#ifndef MAILTLS_STS_RECORD_H
#define MAILTLS_STS_RECORD_H

#include <stdbool.h>

#include "base/text.h"

struct buf;
struct why;

#define STS_ID_BYTES 32

struct sts_record {
	struct text id; /* changes whenever the policy does */
};

/* True for a TXT record that begins with the version; others are somebody
 * else's and count for nothing. */
bool sts_record_is(struct text txt);

/* Borrows.  Extensions are checked and forgotten; id given twice is an
 * error. */
bool sts_record_parse(struct text txt, struct sts_record *record,
		      struct why *why);

/* What sts_record_parse reads back.  False if the id is none: 1 to
 * STS_ID_BYTES letters and digits. */
bool sts_record_write(struct buf *to, const struct sts_record *record);

#endif
