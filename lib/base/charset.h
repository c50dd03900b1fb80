/* charset.h - text in any charset as UTF-8, piece by piece
 *
 * UTF-8 is taken as it is but for bytes that are none, which are read as
 * windows-1252, as their writers mostly meant them.  Other charsets go
 * through iconv(3); only those of a list are handed to it.
 */
#ifndef BASE_CHARSET_H
#define BASE_CHARSET_H

#include "base/sink.h"

struct arena;
struct charset;

/* NULL if the name (no case) is none that we know. */
struct charset *charset_new(struct arena *arena, struct text name,
			    struct sink to);
bool charset_put(struct charset *charset, struct text bytes, struct why *why);
/* The text ends here. */
bool charset_finish(struct charset *charset, struct why *why);
/* Bytes so far that were not what the charset says. */
uint64_t charset_misfits(const struct charset *charset);

#endif
