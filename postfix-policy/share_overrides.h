/* share_overrides.h - a copy of the overrides, in memory and as a file */
#ifndef POSTFIX_POLICY_SHARE_OVERRIDES_H
#define POSTFIX_POLICY_SHARE_OVERRIDES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "mailtls/tls_override.h"

struct arena;
struct pg_rows;
struct why;

/* more than anybody looks after */
#define SHARE_OVERRIDES 10000
#define SHARE_OVERRIDES_BYTES (8u << 20)

struct share_overrides {
	struct arena *arena; /* all lies here */
	struct tls_override *list;
	const char **words; /* the level of each as a word */
	size_t count;
	size_t refused; /* rows that could not be read */
	struct why *first_refused;
	struct text json; /* the same, as the file has it */
};

/* From the rows of signet.tls_overrides() or from the file.  What cannot be
 * read is left out and counted.  NULL with the reason if it is no list at
 * all.  Freed with share_overrides_free. */
struct share_overrides *share_overrides_from_rows(const struct pg_rows *rows,
						  struct why *why);
struct share_overrides *share_overrides_parse(struct text json,
					      struct why *why);
/* NULL is allowed. */
void share_overrides_free(struct share_overrides *overrides);

/* Takes the place of the file at once, or leaves it. */
bool share_overrides_save(const struct share_overrides *overrides,
			  const char *directory, struct why *why);
/* NULL with the reason; *missing tells that there is no file. */
struct share_overrides *share_overrides_load(const char *directory,
					     bool *missing, struct why *why);

#endif
