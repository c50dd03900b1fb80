/* load.h - from a spool file to the database, exactly once
 *
 * One transaction for each file.  The file is removed after the commit; if
 * the process or the connection ends in between, the file is loaded again and
 * the database knows its events by their ids.  What cannot be loaded goes to
 * bad/ (bad_lines.h) and never holds up the other lines.
 */
#ifndef SQL_LOAD_H
#define SQL_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct pg;
struct spool_reader;
struct why;

enum load_status {
	LOAD_NOT_DONE,
	LOAD_DONE,    /* in the database, file removed */
	LOAD_SKIPPED, /* another loader has it */
	LOAD_AWAY,    /* database not there: keep the file, try again */
	LOAD_REFUSED, /* the database refuses the calls: an administrator
			 must act (schema missing, no rights) */
	LOAD_STUCK    /* what could be loaded is in the database, but the
			 file or bad/ could not be changed */
};

#define LOAD_TYPES_MOST 16

/* New rows of one type of event other than message. */
struct load_type {
	char name[41];
	uint64_t rows;
};

/* Since the start of the program. */
struct load_counts {
	uint64_t files, lines, messages, evaluations, duplicates, refused;
	struct load_type types[LOAD_TYPES_MOST];
	size_t type_count;
};

/* " NAME=ROWS" for each other type, for a log line. */
const char *load_counts_types(struct arena *arena,
			      const struct load_counts *counts);

struct load {
	struct pg *pg;
	struct spool_reader *reader;
	const char *name; /* of this loader in the database */
	struct load_counts counts;
};

/* Loads new/`name`.  `why` is empty after LOAD_DONE unless lines were put
 * aside: then it says how many and why the first. */
enum load_status load_file(struct load *load, const char *name,
			   struct why *why);

#endif
