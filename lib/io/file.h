/* file.h - a whole file at once */
#ifndef IO_FILE_H
#define IO_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

struct why;

/* "-" is standard input.  More than `most` bytes is an error. */
bool file_read(struct arena *arena, const char *path, size_t most,
	       struct text *contents, struct why *why);

/* Puts a file of this mode in the place of whatever is there, whole: it is
 * written beside it ("PATH.new"), brought to the disk and renamed.  One
 * process at a time for a path. */
bool file_replace(struct arena *arena, const char *path, struct text contents,
		  unsigned mode, struct why *why);

#endif
