/* log_files.h - a log file and its rotated siblings, known by their content */
#ifndef TLSRPT_COLLECTOR_LOG_FILES_H
#define TLSRPT_COLLECTOR_LOG_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct log_file {
	uint64_t device, inode;
	uint64_t bytes;	     /* its size */
	unsigned head_bytes; /* of its first bytes: how many */
	uint64_t head;	     /* their hash */
	int64_t changed_ns;
};

bool log_file_read(int fd, struct log_file *file);

/* Whether what is open begins as the file did. */
bool log_file_has_head(int fd, const struct log_file *file);

/* "file INODE HEAD_BYTES HEAD CHANGED OFFSET" */
void log_file_write(const struct log_file *file, uint64_t offset, char *to,
		    size_t room);
bool log_file_parse(const char *text, struct log_file *file, uint64_t *offset);

/* The log or the sibling that begins as `file` does and has at least `offset`
 * bytes, the one with its number first.  The caller frees; NULL: none. */
char *log_files_find(const char *path, const struct log_file *file,
		     uint64_t offset);

/* Siblings, the log itself apart, that were changed later than the file, in
 * the order of their changes; the caller frees each.  Returns how many. */
size_t log_files_newer(const char *path, const struct log_file *than,
		       char **paths, size_t most);

#endif
