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

#endif
