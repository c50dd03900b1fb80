/* cases.h - case files (t/cases/README): what reader, runner and handlers
 * share
 */
#ifndef UNIT_CASES_H
#define UNIT_CASES_H

#include <stdbool.h>

#include "base/dns.h"
#include "base/text.h"

struct arena;
struct why;

struct case_pair {
	struct text key, value;
	struct case_pair *next;
};

/* an ask and its want */
struct case_one {
	unsigned line; /* of the ask */
	struct case_pair *ask;
	bool has_want;
	struct text want;
	struct case_pair *details;
	struct case_one *next;
};

struct case_file {
	struct text zone;
	struct case_one *first;
};

/* One question on its way through a handler. */
struct case_run {
	struct arena *arena;
	struct resolver *resolver;
	const struct case_pair *ask;
	const char *result;	   /* the handler sets this */
	struct case_pair *details; /* and these, with case_tell */
};

struct case_area {
	const char *name;	 /* of the folder */
	const char *const *keys; /* of ask; ends with NULL */
	void (*run)(struct case_run *run);
	/* True if `now`, with a DNS question failing, is better for a sender
	 * than `before`; the two differ. */
	bool (*is_better)(const char *now, const char *before);
};

extern const struct case_area case_area_dkim;
extern const struct case_area case_area_dmarc;
extern const struct case_area case_area_from;
extern const struct case_area case_area_iprev;
extern const struct case_area case_area_results;
extern const struct case_area case_area_rule;
extern const struct case_area case_area_spf;
extern const struct case_area case_area_tls;

/* Everything lies in the arena and borrows from `text`. */
bool case_file_read(struct arena *arena, struct text text,
		    struct case_file *file, struct why *why);

/* A value of the ask; "" or `otherwise` if it is absent. */
struct text case_asked(const struct case_run *run, const char *key);
struct text case_asked_or(const struct case_run *run, const char *key,
			  const char *otherwise);
bool case_has(const struct case_run *run, const char *key);
/* NULL if there is none. */
const struct case_pair *case_find(const struct case_pair *first,
				  const char *key);
/* Something besides the result that a want may speak of. */
void case_tell(struct case_run *run, const char *key, struct text value);

#endif
