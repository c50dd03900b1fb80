/* glue_text.h - texts as libmilter has them */
#ifndef MILTER_GLUE_TEXT_H
#define MILTER_GLUE_TEXT_H

#include "base/text.h"

struct arena;

/* "<a@example.com>" or the same without brackets, as local mail comes. */
struct text glue_without_brackets(const char *path);

/* libmilter wants folded lines with a bare line feed, and with LEADSPC the
 * space after the colon. */
char *glue_header_value(struct arena *arena, struct text space,
			struct text value);

#endif
