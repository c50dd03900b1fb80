/* sts_file.h - the policies on disk: DIRECTORY/sts-policies
 *
 * Lines (sts_stored.h) are appended; now and then the file is written anew
 * beside the old one and takes its place.  So whenever the program or the
 * machine stops, the file holds whole lines, and at its end perhaps a part of
 * one, which is left out when it is read.  What could not be written, as on a
 * full disk, is taken back, so that the file ends with a whole line again.
 *
 * One process at a time has the directory; one thread at a time the file.
 */
#ifndef POSTFIX_POLICY_STS_FILE_H
#define POSTFIX_POLICY_STS_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/why.h"
#include "postfix-policy/sts_stored.h"

struct sts_file;

/* NULL with the reason, such as another process that has the directory. */
struct sts_file *sts_file_open(const char *directory, struct why *why);
/* NULL is allowed. */
void sts_file_close(struct sts_file *file);

/* What was found beside good lines. */
struct sts_file_damage {
	size_t lines;		/* that are no entries */
	size_t first;		/* number of the first of them, from 1 */
	char reason[WHY_BYTES]; /* why that is none */
	bool cut;		/* the last line has no end */
};

/* Hands over each entry in the order of the file; what it points to lives for
 * the call.  A missing file is an empty one.  False if it cannot be read. */
typedef void sts_file_fn(void *handle, struct arena *arena,
			 struct sts_stored *stored);
bool sts_file_read(struct sts_file *file, sts_file_fn *entry, void *handle,
		   struct sts_file_damage *damage, struct why *why);

/* Whole lines at the end of the file; all of them, or none and false. */
bool sts_file_append(struct sts_file *file, struct text lines, struct why *why);
/* To the disk itself. */
bool sts_file_sync(struct sts_file *file, struct why *why);

/* Writing anew: begin, add lines, end.  Until then, and if any of it fails,
 * the old file stays.  With `keep_old` it then stays as sts-policies.damaged,
 * for a person to look at. */
bool sts_file_begin(struct sts_file *file, struct why *why);
bool sts_file_add(struct sts_file *file, struct text lines, struct why *why);
bool sts_file_end(struct sts_file *file, bool keep_old, struct why *why);

#endif
