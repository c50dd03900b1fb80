/* in_work_file.h - the file behind in_work.h, as it lies on disk
 *
 * Its length is fixed, and its blocks are reserved, since a write to memory
 * cannot fail for want of space.  A file of another build, or with any
 * other first bytes, is begun anew.
 */
#ifndef IO_IN_WORK_FILE_H
#define IO_IN_WORK_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"
#include "io/in_work.h"

enum in_work_state { IN_WORK_IDLE, IN_WORK_BUSY, IN_WORK_CRASHED };

struct in_work_slot {
	uint64_t digest;
	uint32_t state; /* enum in_work_state */
	uint32_t signal;
	struct in_work_label label;
};

struct in_work_accused {
	uint64_t digest; /* 0: free */
	int64_t at_s;
	uint32_t signal;
	uint32_t unused;
	struct in_work_label label;
};

struct in_work_file {
	char magic[64]; /* with the build */
	char boot[40];	/* of the host that wrote the slots */
	uint64_t key[2];
	struct in_work_accused accused[LIMIT_IN_WORK_ACCUSED];
	struct in_work_slot slots[LIMIT_IN_WORK_SLOTS];
};

/* Locks, maps and, where needed, begins the file; the lock is the
 * descriptor's.  NULL with the reason. */
struct in_work_file *in_work_file_map(const char *directory,
				      const char *program, const char *part,
				      int *fd, struct why *why);
void in_work_file_unmap(struct in_work_file *file, int fd);

/* Turns what the slots hold into accusations, drops old ones and empties the
 * slots.  Logs a line for each piece that will be passed over. */
void in_work_file_judge(struct in_work_file *file, int64_t now_s);

#endif
