/* dkim_reference.h - canonical forms written byte by byte
 *
 * From RFC 6376 section 3.4; they share nothing with the library, so that
 * each checks the other.
 */
#ifndef DKIM_REFERENCE_H
#define DKIM_REFERENCE_H

#include <stdbool.h>

#include "base/text.h"

struct arena;

struct text reference_body(struct arena *arena, bool relaxed, struct text body);
struct text reference_field(struct arena *arena, bool relaxed, struct text name,
			    struct text value);

#endif
