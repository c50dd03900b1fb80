/* config_file.h - the lines of a configuration file, through inih
 *
 * A comment starts with '#' or ';' at the start of a line, or with " ;"
 * behind a value.  White space around names and values does not count, and
 * no line continues another.
 */
#ifndef IO_CONFIG_FILE_H
#define IO_CONFIG_FILE_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct why;

/* above any list of networks a person would keep on one line */
#define CONFIG_LINE_BYTES 8000
/* above any file that a person wrote */
#define CONFIG_FILE_BYTES (1u << 20)

struct config_entry {
	const char *section, *name, *value;
	unsigned line;
	struct config_entry *next;
};

struct config_section {
	const char *name;
	unsigned line;
	struct config_section *next;
};

struct config_file {
	const char *path;
	struct config_entry *entries;	 /* in the order of the file */
	struct config_section *sections; /* each name once */
};

/* What cannot be a configuration is an error "FILE:LINE: ...". */
bool config_file_read(struct arena *arena, const char *path,
		      struct config_file *file, struct why *why);

/* The same for bytes that are there already; `path` is for errors. */
bool config_file_parse(struct arena *arena, const char *path, const char *bytes,
		       size_t length, struct config_file *file,
		       struct why *why);

#endif
