/* cfws.h - comments, folding and quoted strings (RFC 5322 section 3.2)
 *
 * What structured header fields have in common.  All functions want text
 * that cfws_is_clean accepts.
 */
#ifndef MAILAUTH_CFWS_H
#define MAILAUTH_CFWS_H

#include <stdbool.h>

#include "base/scan.h"
#include "base/text.h"

struct buf;
struct why;

/* No control byte but TAB, and CR and LF only as folding does it: CRLF with
 * space or TAB behind. */
bool cfws_is_clean(struct text text, struct why *why);

/* Skips one comment, nested ones included; false if it has no end. */
bool cfws_skip_comment(struct scan *in);

/* Skips folding white space and comments; false if a comment has no end. */
bool cfws_skip(struct scan *in);

/* Reads a quoted string, the scan standing on its '"'.  Its content goes to
 * `to` (which may be NULL) without quotes, quoted pairs and line breaks;
 * *escaped is set if there was a quoted pair.  False if it has no end. */
bool cfws_take_quoted(struct scan *in, struct buf *to, bool *escaped);

#endif
