/* signing_table.h - OpenDKIM's SigningTable, as opendkim.conf(5) has it
 *
 *	PATTERN  KEYNAME[:SIGNER]
 *
 * In a "refile" PATTERN is matched against the author's address, '*' standing
 * for anything, in the order of the lines.  In any other file these keys are
 * looked up in turn: user@host, host, user@.parent for each parent, .parent
 * for each parent, user@*, *.  The first match counts, or all of them with
 * MultipleSignatures.  KEYNAME "%" is the author's domain; so is "%" in
 * SIGNER.
 */
#ifndef MILTER_SIGNING_TABLE_H
#define MILTER_SIGNING_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

struct arena;
struct why;

struct signing_entry {
	struct text pattern, key_name, signer;
	unsigned line;
};

struct signing_table {
	bool is_refile;
	struct signing_entry *entries; /* in the order of the file */
	size_t count;
	const struct signing_entry **sorted; /* by pattern, then by line */
};

/* At most LIMIT_SIGN_TABLE_LINES.  Borrows from `contents`.  The reason begins
 * with the number of the line. */
bool signing_table_parse(struct arena *arena, struct text contents,
			 bool is_refile, struct signing_table *table,
			 struct why *why);

/* Entries for "user@host", best first, at most `most`; returns how many.
 * Without `all` there is one at most. */
size_t signing_table_match(const struct signing_table *table,
			   struct arena *arena, struct text user,
			   struct text host, bool all,
			   const struct signing_entry **found, size_t most);

#endif
