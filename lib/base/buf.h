/* buf.h - output that grows in an arena up to a ceiling
 *
 * What would pass the ceiling is dropped and remembered: write freely, then
 * check once with buf_ok.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

struct arena;

struct buf {
	struct arena *arena;
	char *at;
	size_t len, room, ceiling;
	bool overflow;
};

void buf_init(struct buf *buf, struct arena *arena, size_t ceiling);
void buf_char(struct buf *buf, char c);
void buf_text(struct buf *buf, struct text text);
void buf_string(struct buf *buf, const char *string);
void buf_printf(struct buf *buf, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* True if nothing was dropped. */
bool buf_ok(const struct buf *buf);

/* What was written; stays valid until the next write or the arena's end. */
struct text buf_view(const struct buf *buf);

/* The same with a terminating zero. */
char *buf_cstring(struct buf *buf);

/* Forgets what was written, keeps the memory. */
void buf_clear(struct buf *buf);

#endif
