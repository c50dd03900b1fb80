/* text.h - bytes with a length, borrowed from somebody who keeps them
 *
 * No terminating zero.  An empty text may have any pointer, NULL included.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

struct text {
	const char *at;
	size_t len;
};

/* for printf: "%.*s" with its two arguments */
#define TEXT_FMT "%.*s"
#define TEXT_ARG(t) ((t).len > 4096 ? 4096 : (int)(t).len), ((t).len ? (t).at : "")

/* a string literal as text, also in initialisers */
#define TEXT(literal) ((struct text){literal, sizeof(literal) - 1})
#define TEXT_INIT(literal) {literal, sizeof(literal) - 1}

static inline struct text
text_of(const char *at, size_t len)
{
	return (struct text){at, len};
}

/* NULL gives the empty text. */
struct text text_from(const char *string);

bool text_equal(struct text a, struct text b);
/* ASCII letters compare without case; other bytes as they are. */
bool text_equal_nocase(struct text a, struct text b);
/* Total order by bytes, for sorting: <0, 0, >0. */
int text_compare(struct text a, struct text b);
bool text_starts(struct text text, struct text prefix);
bool text_starts_nocase(struct text text, struct text prefix);
bool text_ends_nocase(struct text text, struct text suffix);

/* Without the first / last `count` bytes (or empty). */
struct text text_skip(struct text text, size_t count);
struct text text_first(struct text text, size_t count);

/* Without FWS (space, tab, CR, LF) at both ends. */
struct text text_trim(struct text text);

/* Position of the first / last `c`, or text.len if there is none. */
size_t text_find(struct text text, char c);
size_t text_find_last(struct text text, char c);
bool text_has(struct text text, char c);

/* Copies into the arena; the second form with a terminating zero. */
struct text text_copy(struct arena *arena, struct text text);
char *text_string(struct arena *arena, struct text text);
/* A copy with ASCII letters in lower case. */
struct text text_lower(struct arena *arena, struct text text);
/* A copy without any FWS byte. */
struct text text_without_fws(struct arena *arena, struct text text);

/* Decimal digits only, at least one, not above `most`. */
bool text_to_u64(struct text text, uint64_t most, uint64_t *value);

#endif
