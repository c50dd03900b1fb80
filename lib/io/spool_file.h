/* spool_file.h - one file of the spool, from its first line to new/ */
#ifndef IO_SPOOL_FILE_H
#define IO_SPOOL_FILE_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

struct why;

struct spool_folder {
	int open_fd, new_fd; /* SPOOL/open, SPOOL/new */
	char *directory;
};

/* Makes what is missing below `directory` and opens it. */
bool spool_folder_open(struct spool_folder *folder, const char *directory,
		       struct why *why);
void spool_folder_close(struct spool_folder *folder);

struct spool_waiting {
	uint64_t files, bytes;
};

/* What lies in new/. */
struct spool_waiting spool_folder_waiting(const struct spool_folder *folder);

struct spool_file {
	int fd;
	char name[NAME_MAX + 1];
	uint64_t bytes;	   /* whole lines only */
	int64_t opened_ms; /* monotonic */
	int64_t synced_ms; /* when a sync was last considered */
	unsigned users;	   /* threads that sync it now */
	bool dirty;	   /* written after the newest sync */
	bool broken;	   /* ends with a part of a line: takes no more */
	struct spool_file *next;
};

/* Creates and locks SPOOL/open/STEM.SEQ.jsonl with the next number that is
 * free; `*sequence` is left behind it.  NULL if it cannot be done. */
struct spool_file *spool_file_create(const struct spool_folder *folder,
				     const char *stem, uint64_t *sequence,
				     struct why *why);

/* Writes the line and a line end, all or nothing. */
bool spool_file_append(struct spool_file *file, struct text line,
		       struct why *why);

/* Moves it to new/, or removes it if it holds no line; true if done. */
bool spool_file_publish(const struct spool_folder *folder,
			struct spool_file *file);

/* Unlocks; the file on disk stays. */
void spool_file_free(struct spool_file *file);

#endif
