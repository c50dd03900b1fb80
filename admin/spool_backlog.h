/* spool_backlog.h - what waits in the spool */
#ifndef ADMIN_SPOOL_BACKLOG_H
#define ADMIN_SPOOL_BACKLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct why;

struct spool_backlog {
	size_t files, bad_files;
	uint64_t bytes;
	int64_t oldest_s; /* age of the oldest waiting file; 0 if none */
};

bool spool_backlog_read(const char *directory, struct spool_backlog *backlog,
			struct why *why);

#endif
