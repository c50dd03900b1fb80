/* tlsrpt_record.h - who wants TLS reports (RFC 8460 section 3)
 *
 * The TXT record stands at _smtp._tls.DOMAIN, for a recipient domain as for
 * the name of an MX host.  More than one record for which tlsrpt_record_is
 * holds, or a broken one, means that nobody wants reports.
 */
#ifndef MAILTLS_TLSRPT_RECORD_H
#define MAILTLS_TLSRPT_RECORD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

struct arena;
struct buf;
struct why;

enum tlsrpt_scheme { TLSRPT_MAILTO = 1, TLSRPT_HTTPS };

struct tlsrpt_uri {
	enum tlsrpt_scheme scheme;
	struct text uri; /* as it stands in the record, percent-encoded */
	struct tlsrpt_uri *next;
};

struct tlsrpt_record {
	struct tlsrpt_uri *rua; /* in order; those of other schemes left out */
	size_t count;
};

/* True for a TXT record that begins with the version. */
bool tlsrpt_record_is(struct text txt);

/* Borrows.  Several rua fields add up; extensions are checked and forgotten.
 * No rua, or more than LIMIT_TLSRPT_URIS, is an error. */
bool tlsrpt_record_parse(struct arena *arena, struct text txt,
			 struct tlsrpt_record *record, struct why *why);

/* What tlsrpt_record_parse reads back. */
void tlsrpt_record_write(struct buf *to, const struct tlsrpt_record *record);

#endif
