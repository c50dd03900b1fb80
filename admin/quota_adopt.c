#include "admin/quota_adopt.h"

#include <stdio.h>

#include "admin/quota.h"
#include "admin/quota_table.h"
#include "base/arena.h"
#include "base/why.h"
#include "io/pg.h"

#define BATCH 500
#define CALL_MS 60000

struct adoption {
	struct quota_run *run;
	struct arena *arena; /* of the batch */
	struct text accounts[BATCH], bytes[BATCH], messages[BATCH];
	size_t count;
	long long read, taken;
};

static bool
send_batch(struct adoption *adoption, struct why *why)
{
	struct pg_param params[4];
	struct pg_rows *rows;

	if (adoption->count == 0)
		return true;
	params[0] =
	    pg_texts(adoption->arena, adoption->accounts, adoption->count);
	params[1] = pg_texts(adoption->arena, adoption->bytes, adoption->count);
	params[2] =
	    pg_texts(adoption->arena, adoption->messages, adoption->count);
	params[3] = pg_string(adoption->run->hostname);
	if (pg_call(adoption->run->pg, adoption->arena,
		    "select signet.quota_adopt($1, $2::text[]::bigint[], "
		    "$3::text[]::bigint[], $4)",
		    params, 4, &rows, why) != PG_DONE)
		return false;
	adoption->taken += pg_rows_int(rows, 0, 0);
	adoption->count = 0;
	arena_reset(adoption->arena);
	return true;
}

static struct text
number(struct adoption *adoption, const struct pg_rows *rows, int column)
{
	return text_from(arena_printf(adoption->arena, "%lld",
				      (long long)pg_rows_int(rows, 0, column)));
}

static bool
take_row(void *handle, const struct pg_rows *rows, struct why *why)
{
	struct adoption *adoption = handle;
	size_t n = adoption->count++;

	adoption->read++;
	adoption->accounts[n] =
	    text_copy(adoption->arena, pg_rows_text(rows, 0, 0));
	adoption->bytes[n] = number(adoption, rows, 1);
	adoption->messages[n] = number(adoption, rows, 2);
	return adoption->count < BATCH || send_batch(adoption, why);
}

static bool
adopt_all(struct adoption *adoption, const char *sql, struct why *why)
{
	const struct quota_run *run = adoption->run;
	const struct pg_options options = {
	    .conninfo = run->conninfo != NULL ? run->conninfo : run->database,
	    .program = "signet quota",
	    .call_ms = CALL_MS,
	    .pause_most_ms = 1000};
	struct pg *from = pg_open(&options);
	bool good;

	good =
	    pg_stream(from, sql, NULL, 0, take_row, adoption, why) == PG_DONE &&
	    send_batch(adoption, why);
	pg_close(from);
	return good;
}

int
quota_adopt(struct quota_run *run)
{
	struct adoption *adoption =
	    arena_new_value(run->arena, struct adoption);
	const char *sql;
	struct why why;
	bool good;

	if (!quota_table_sql(run->arena, run->words[0], run->columns, &sql))
		return quota_fail("write the table as schema.table, and three "
				  "columns as username,bytes,messages");
	adoption->run = run;
	adoption->arena = arena_new();
	good = adopt_all(adoption, sql, &why);
	arena_free(adoption->arena);
	if (!good)
		return quota_fail(why.text);
	printf("%lld accounts of %lld in %s taken over; of the others better "
	       "is known\n",
	       adoption->taken, adoption->read, run->words[0]);
	return 0;
}
