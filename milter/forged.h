/* forged.h - which fields that came in claim to be ours
 *
 * Every field is looked at as it arrives, whatever the bounds of struct
 * message leave out: a forged field behind two thousand others goes too.
 */
#ifndef MILTER_FORGED_H
#define MILTER_FORGED_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

struct engine;
struct arena;

#define RESULTS_FIELD "Authentication-Results"
#define TAG_FIELD "X-Signet-Verdict"

/* Numbers, from 1, among the fields of the same name. */
struct forged_list {
	unsigned *numbers;
	size_t count, room;
	unsigned seen;
};

struct forged {
	struct forged_list results, tags;
	bool flood; /* more than LIMIT_FORGED_FIELDS: not all are listed */
};

void forged_note(struct forged *forged, struct arena *arena,
		 const struct engine *engine, struct text name,
		 struct text value);

/* The same for a message that is passed over: only the name is looked at, and
 * `forged_all` lists every field of ours, whoever wrote it. */
void forged_pass(struct forged *forged, struct text name);
void forged_all(struct forged *forged, struct arena *arena);

size_t forged_count(const struct forged *forged);

#endif
