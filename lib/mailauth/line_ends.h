/* line_ends.h - carriage returns and line feeds that are no line end
 *
 * Where one mail server takes a bare CR or LF for the end of a line and
 * another does not, one can be led to see two messages where the other sees
 * one ("SMTP smuggling": CVE-2023-51764, -51765, -51766).  RFC 5321 section
 * 2.3.8 forbids both.  What is found is told, and nothing is changed: the
 * bytes are those that the mail server handed over.
 */
#ifndef MAILAUTH_LINE_ENDS_H
#define MAILAUTH_LINE_ENDS_H

#include <stdbool.h>

#include "base/text.h"

/* Begins cleared. */
struct line_ends {
	bool bare_cr, bare_lf;
	bool cr; /* the last byte of the body so far was one */
};

/* The value of a header field.  Mail servers hand folded ones over with LF, so
 * that only a CR counts. */
void line_ends_field(struct line_ends *ends, struct text value);
/* The body in chunks, cut anywhere. */
void line_ends_body(struct line_ends *ends, struct text chunk);
/* Once, at the end. */
void line_ends_finish(struct line_ends *ends);

/* "bare CR" and the like; NULL if there was none. */
const char *line_ends_words(const struct line_ends *ends);

#endif
