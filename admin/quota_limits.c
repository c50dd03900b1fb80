#include "admin/quota_limits.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "admin/quota.h"
#include "base/arena.h"
#include "base/why.h"
#include "io/config_value.h"
#include "io/pg.h"

/* NULL in `number` for "-": nothing is said. */
static bool
read_amount(struct arena *arena, const char *word, enum config_type type,
	    const char **number)
{
	const struct config_option option = {.section = "quota",
					     .name = "limit",
					     .type = type,
					     .least = 1,
					     .most = INT64_MAX};
	uint64_t value = 0;
	struct why why;

	*number = NULL;
	if (word == NULL || strcmp(word, "-") == 0)
		return true;
	if (strcmp(word, "none") != 0 && strcmp(word, "0") != 0 &&
	    !config_value_parse(arena, &option, word, &value, &why)) {
		fprintf(stderr, "signet quota: \"%s\": %s\n", word, why.text);
		return false;
	}
	*number = arena_printf(arena, "%" PRIu64, value);
	return true;
}

static bool
read_whom(const struct quota_run *run, const char **kind, const char **name)
{
	const char *whom = run->words[0];

	*name = whom;
	if (whom[0] == '@') {
		*kind = run->total ? "total" : "each";
		*name = whom + 1;
	} else if (strcmp(whom, "default") == 0) {
		*kind = "default";
		*name = "";
	} else {
		*kind = "account";
	}
	if (run->total && whom[0] != '@')
		return quota_fail("-t is for a domain: write @example.com"),
		       false;
	return true;
}

int
quota_set(struct quota_run *run)
{
	const char *kind, *name, *bytes, *messages;
	struct pg_param params[4];
	struct pg_rows *rows;

	if (!read_whom(run, &kind, &name) ||
	    !read_amount(run->arena, run->count > 1 ? run->words[1] : NULL,
			 CONFIG_BYTES, &bytes) ||
	    !read_amount(run->arena, run->count > 2 ? run->words[2] : NULL,
			 CONFIG_UINT, &messages))
		return 2;
	params[0] = pg_string(kind);
	params[1] = pg_string(name);
	params[2] = pg_string(bytes);
	params[3] = pg_string(messages);
	if (!quota_ask(run,
		       "select 1 where signet.quota_set($1, $2, $3::bigint, "
		       "$4::bigint)",
		       params, 4, &rows))
		return 2;
	if (pg_rows_count(rows) == 0) {
		printf("%s has no limit here\n", run->words[0]);
		return 1;
	}
	if (bytes == NULL && messages == NULL)
		printf("%s: nothing is said any more\n", run->words[0]);
	else
		printf("%s: %s bytes, %s messages\n", run->words[0],
		       bytes != NULL ? bytes : "-",
		       messages != NULL ? messages : "-");
	return 0;
}

int
quota_option(struct quota_run *run)
{
	struct pg_param params[2] = {pg_string(run->words[0]),
				     pg_string(run->words[1])};

	return quota_ask(run, "select signet.quota_option($1, $2)", params, 2,
			 NULL)
		   ? 0
		   : 2;
}
