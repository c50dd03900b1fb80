#include "admin/rules_call.h"

#include "base/why.h"
#include "io/pg.h"

int
rules_fail(const char *why)
{
	fprintf(stderr, "signet rules: %s\n", why);
	return 2;
}

bool
rules_ask(struct rules_call *call, const char *sql,
	  const struct pg_param *params, size_t count, struct pg_rows **rows)
{
	struct why why;

	return pg_call(call->pg, call->arena, sql, params, count, rows, &why) ==
		   PG_DONE ||
	       (rules_fail(why.text), false);
}
