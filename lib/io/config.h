/* config.h - signet.conf: sections of "name = value"
 *
 * One file for all programs (signet.conf(5)).  Each program states the
 * options it knows as a table; sections of other programs are skipped, an
 * unknown name in a known section is an error with file, line and the
 * nearest known name.
 */
#ifndef IO_CONFIG_H
#define IO_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ipaddr.h"
#include "base/text.h"

struct arena;
struct why;

enum config_type {
	CONFIG_STRING,	/* const char * */
	CONFIG_STRINGS, /* struct config_strings: separated by commas or
			   spaces; further lines of the same name add */
	CONFIG_BOOL,	/* bool: yes no true false on off 1 0 */
	CONFIG_UINT,	/* uint64_t, within [least, most] */
	CONFIG_SECONDS, /* uint64_t; "20", "20s", "5m", "2h", "7d" */
	CONFIG_BYTES,	/* uint64_t; "1000", "64K", "10M", "2G" */
	CONFIG_WORD,	/* int: index into `words` */
	CONFIG_WORDS,	/* unsigned: set of 1 << index into `words`; "none"
			   for the empty set */
	CONFIG_NETWORKS /* struct config_networks */
};

struct config_strings {
	const char **values;
	size_t count;
};

struct config_networks {
	struct ipnet *values;
	size_t count;
};

struct config_option {
	const char *section; /* "milter"; a section "milter NAME" repeats all
				options of "milter" for one listener */
	const char *name;
	enum config_type type;
	size_t offset;	       /* of the member in the program's struct */
	const char *otherwise; /* default, in the form of the file; NULL:
				  none */
	uint64_t least, most;
	const char *const *words; /* NULL-terminated */
	const char *help;	  /* what to write instead, in an error */
};

struct config_source; /* the parsed file */

/* Reads the file.  `table` ends with a NULL section.  `known_sections` is
 * NULL-terminated: all sections of all programs. */
struct config_source *config_read(struct arena *arena, const char *path,
				  struct why *why);

/* The names behind "section NAME" in the order of the file. */
size_t config_names(const struct config_source *source, const char *section,
		    const char *const **names);

/* Fills `target` from section `section` (and, if `name` is not NULL, then
 * from "section name", which wins).  Unset options get their defaults. */
bool config_fill(struct config_source *source,
		 const struct config_option *table, const char *section,
		 const char *name, void *target, struct why *why);

/* After all fills: a section nobody knows, or an option in a filled section
 * that no table has, is an error. */
bool config_check(const struct config_source *source,
		  const char *const *known_sections, struct why *why);

/* For what a program finds wrong after config_fill: puts "FILE:LINE: " before
 * `why`, the line of the option in "section" or "section name" (which may be
 * NULL); with several, the last whose value holds `word` (which may be NULL);
 * "FILE: " when there is none.  Returns false. */
bool config_blame(const struct config_source *source, const char *section,
		  const char *name, const char *option, const char *word,
		  struct why *why);

/* "name = value" of all settings that differ from the defaults (for -n). */
void config_print_changed(const struct config_source *source,
			  const struct config_option *table);

#endif
