/* spool_reader.h - the reading side of the spool (io/spool.h writes it)
 *
 * Several loaders may read one spool: a file belongs to whoever holds its
 * lock (flock), and is removed before the lock is given up.  Names are what
 * the writers made them; only those that end in ".jsonl" are looked at.
 */
#ifndef SQL_SPOOL_READER_H
#define SQL_SPOOL_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct why;
struct spool_reader;

#define SPOOL_NAME_BYTES 256

struct spool_name {
	char name[SPOOL_NAME_BYTES];
	int64_t bytes;
};

/* The oldest files in new/ by name, at most SPOOL_LIST_MOST of them, and the
 * number and size of all that are there. */
#define SPOOL_LIST_MOST 4096
struct spool_list {
	struct spool_name *names; /* room for twice SPOOL_LIST_MOST */
	size_t count;
	size_t files;
	int64_t bytes;
};

enum spool_take {
	SPOOL_TAKE_NONE,
	SPOOL_TAKEN,
	SPOOL_TAKE_BUSY, /* another process has it */
	SPOOL_TAKE_GONE, /* another process has loaded it */
	SPOOL_TAKE_ERROR
};

/* A file in new/ that is ours. */
struct spool_file {
	int fd;
	char name[SPOOL_NAME_BYTES];
};

/* Makes open/ new/ bad/ below `directory` (0770) if they are missing. */
struct spool_reader *spool_reader_open(const char *directory, struct why *why);
/* NULL is allowed. */
void spool_reader_close(struct spool_reader *reader);

/* Descriptors of the directory itself and of bad/, borrowed. */
int spool_reader_top(const struct spool_reader *reader);
int spool_reader_bad(const struct spool_reader *reader);

/* Readable (poll) when something came into new/. -1: the system has no
 * inotify to give. */
int spool_reader_watch(struct spool_reader *reader);
/* Forgets what made it readable. */
void spool_reader_watched(struct spool_reader *reader);

/* Moves what dead writers left in open/ to new/; empty files are removed.
 * Returns how many were moved.  Trouble with one file is told in `why`
 * (empty: none) and stops nothing. */
unsigned spool_reader_adopt(struct spool_reader *reader, struct why *why);

/* Files whose name ends in `unlisted` (NULL: none) are counted only. */
bool spool_reader_list(struct spool_reader *reader, const char *unlisted,
		       struct spool_list *list, struct why *why);
void spool_list_free(struct spool_list *list);

enum spool_take spool_reader_take(struct spool_reader *reader, const char *name,
				  struct spool_file *file, struct why *why);
/* Removes the file (true) or leaves it, and gives up the lock. */
bool spool_reader_remove(struct spool_reader *reader, struct spool_file *file,
			 struct why *why);
void spool_reader_leave(struct spool_file *file);
/* Moves the file as it is to bad/ and gives up the lock. */
bool spool_reader_set_aside(struct spool_reader *reader,
			    struct spool_file *file, struct why *why);

/* Puts `bytes` into new/ under another name, complete and on disk before it
 * can be seen there. */
bool spool_reader_replace(struct spool_reader *reader, const char *name,
			  const char *bytes, size_t len, struct why *why);

/* Writes a whole file: temporary name, fsync, rename, fsync of the directory.
 * `directory` is a descriptor. */
bool spool_write_file(int directory, const char *name, const char *bytes,
		      size_t len, struct why *why);

#endif
