/* table_line.h - the lines of a table: a key, white space, a value
 *
 * As OpenDKIM writes its data sets "file:" and "refile:" (opendkim.conf(5)):
 * '#' begins a comment anywhere, empty lines do not count, no line continues
 * another.
 */
#ifndef MILTER_TABLE_LINE_H
#define MILTER_TABLE_LINE_H

#include <stdbool.h>

#include "base/scan.h"

struct arena;
struct why;

struct table_line {
	struct text key, value; /* trimmed; borrowed */
	unsigned number;
};

struct table_lines {
	struct scan in;
	unsigned number;
};

void table_lines_init(struct table_lines *lines, struct text contents);

/* The next line with something on it; false at the end. */
bool table_lines_next(struct table_lines *lines, struct table_line *line);

/* Takes what stands before the next ':' off `value`; the rest if there is
 * none. */
struct text table_take_part(struct text *value);

/* `user`, `between` and `host` as one key, whatever bytes they hold. */
struct text table_key(struct arena *arena, struct text user,
		      const char *between, struct text host);

/* Puts "PATH:" before a reason that begins with the number of the line;
 * returns false. */
bool table_blame(struct why *why, const char *path);

#endif
