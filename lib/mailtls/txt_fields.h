/* txt_fields.h - "version; name=value; ..." of MTA-STS and TLSRPT records
 *
 * The grammar that RFC 8461 section 3.1 and RFC 8460 section 3 share.  Unlike
 * tag_list.h: names begin with a letter or digit, hold hyphens and dots, and
 * may come again.
 */
#ifndef MAILTLS_TXT_FIELDS_H
#define MAILTLS_TXT_FIELDS_H

#include <stdbool.h>

#include "base/scan.h"
#include "base/text.h"

struct why;

struct txt_field {
	struct text name, value; /* value without blanks at its ends */
};

/* True if the text begins with the version and a ';'. */
bool txt_fields_begin(struct scan *in, struct text txt, const char *version);

/* The next field; false at the end, or with the reason in `why` when what
 * follows is none: then *broken is set. */
bool txt_fields_next(struct scan *in, struct txt_field *field, bool *broken,
		     struct why *why);

/* Whether the value may stand in a field nobody knows: sts-ext-value, which
 * is tlsrpt-ext-value too. */
bool txt_fields_is_value(struct text value);

#endif
