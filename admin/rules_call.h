/* rules_call.h - one run of `signet rules`: its words, and the database */
#ifndef ADMIN_RULES_CALL_H
#define ADMIN_RULES_CALL_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct pg;
struct pg_param;
struct pg_rows;
struct rules_call;

struct rules_action {
	const char *name;
	size_t least, most; /* words behind it */
	int (*run)(struct rules_call *call);
};

struct rules_call {
	const char *config, *place;
	bool is_folder;
	const struct rules_action *action;
	char **words;
	size_t count;
	struct arena *arena;
	struct pg *pg;
};

/* Tells the sentence and returns 2. */
int rules_fail(const char *why);

/* pg_call that tells what went wrong. */
bool rules_ask(struct rules_call *call, const char *sql,
	       const struct pg_param *params, size_t count,
	       struct pg_rows **rows);

#endif
