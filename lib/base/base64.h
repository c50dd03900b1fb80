/* base64.h - RFC 4648 section 4 */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include <stdbool.h>

#include "base/text.h"

struct arena;

/* FWS anywhere is skipped (RFC 6376 section 2.10).  Any other foreign byte,
 * or wrong or missing padding, is an error; unused bits may have any value.
 * The bytes lie in the arena. */
bool base64_decode(struct arena *arena, struct text text, struct text *bytes);
struct text base64_encode(struct arena *arena, struct text bytes);

#endif
