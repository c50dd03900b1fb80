/* bad_lines.h - lines that could not be loaded, kept for a person to see
 *
 * They go to bad/NAME with the name of the file they stood in, as they are,
 * and the reasons to bad/NAME.reason, one line each.  To load them again,
 * mend them and move the file to new/.
 */
#ifndef SQL_BAD_LINES_H
#define SQL_BAD_LINES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/text.h"

struct arena;
struct spool_file;
struct spool_reader;
struct why;

struct bad_lines {
	struct buf lines, reasons;
	size_t count;
	bool whole_file;
	char first[200]; /* reason of the first, for the log */
};

void bad_lines_init(struct bad_lines *bad, struct arena *arena);

void bad_lines_add(struct bad_lines *bad, size_t number, struct text line,
		   struct text reason);

/* The line was not kept in memory: the whole file will be put aside. */
void bad_lines_add_unread(struct bad_lines *bad, size_t number,
			  struct text reason);

/* Writes both files.  With whole_file the spool file itself goes to bad/ and
 * `file` is given up; else it stays the caller's, also when this fails. */
bool bad_lines_write(struct bad_lines *bad, struct spool_reader *reader,
		     struct spool_file *file, struct why *why);

#endif
