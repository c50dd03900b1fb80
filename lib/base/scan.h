/* scan.h - reading foreign text from left to right
 *
 * A scan never reads past its end.  Functions that test return true and move
 * on if they matched, and stay where they are if not.
 */
#ifndef BASE_SCAN_H
#define BASE_SCAN_H

#include <stdbool.h>

#include "base/text.h"

struct scan {
	const char *at, *end;
};

void scan_init(struct scan *in, struct text text);
bool scan_at_end(const struct scan *in);
struct text scan_rest(const struct scan *in);

/* The next byte, or '\0' at the end (a zero byte looks the same: ask
 * scan_at_end where it matters). */
char scan_peek(const struct scan *in);

bool scan_char(struct scan *in, char c);
bool scan_string(struct scan *in, const char *literal);
bool scan_string_nocase(struct scan *in, const char *literal);

/* Skips WSP / FWS (space, tab, CR, LF). */
void scan_blank(struct scan *in);
void scan_fws(struct scan *in);

/* The longest run of bytes for which is_wanted is true; may be empty. */
struct text scan_while(struct scan *in, bool (*is_wanted)(char));
/* Up to the next `stop` (which is skipped too) or the end. */
struct text scan_until(struct scan *in, char stop);

/* Decimal number, at least one digit, not above `most`. */
bool scan_u64(struct scan *in, uint64_t most, uint64_t *value);

#endif
