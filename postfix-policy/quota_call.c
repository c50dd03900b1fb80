#include "postfix-policy/quota_call.h"

#include <inttypes.h>

#include "base/arena.h"
#include "base/why.h"

/* in the order of enum quota_verdict */
static const char *const words[] = {
    "", "unknown", "fits", "full", "large", "domain_full", "domain_large"};

bool
quota_verdict_parse(struct text word, enum quota_verdict *verdict)
{
	size_t i;

	for (i = QUOTA_UNKNOWN; i < sizeof(words) / sizeof(*words); i++)
		if (text_equal(word, text_from(words[i]))) {
			*verdict = (enum quota_verdict)i;
			return true;
		}
	return false;
}

static struct text
number(struct arena *arena, uint64_t value)
{
	return text_from(arena_printf(arena, "%" PRIu64, value));
}

struct columns {
	struct text *recipients, *messages, *sizes;
	struct quota_case **cases;
	size_t count;
};

static struct columns
columns_of(struct arena *arena, struct quota_case *const *cases, size_t count,
	   bool has_recipient)
{
	struct columns columns = {
	    .recipients = arena_new_array(arena, struct text, count + 1),
	    .messages = arena_new_array(arena, struct text, count + 1),
	    .sizes = arena_new_array(arena, struct text, count + 1),
	    .cases = arena_new_array(arena, struct quota_case *, count + 1),
	};
	size_t i;

	for (i = 0; i < count; i++) {
		size_t n = columns.count;

		if ((cases[i]->recipient.len > 0) != has_recipient)
			continue;
		columns.recipients[n] = cases[i]->recipient;
		columns.messages[n] = cases[i]->message;
		columns.sizes[n] = number(arena, cases[i]->size);
		columns.cases[n] = cases[i];
		columns.count++;
	}
	return columns;
}

static bool
take_answers(const struct columns *columns, const struct pg_rows *rows,
	     struct why *why)
{
	size_t i;

	if (pg_rows_count(rows) != columns->count)
		return why_set(why, "%zu answers to %zu questions",
			       pg_rows_count(rows), columns->count);
	for (i = 0; i < columns->count; i++)
		if (!quota_verdict_parse(pg_rows_text(rows, i, 1),
					 &columns->cases[i]->verdict))
			return why_set(why, "\"" TEXT_FMT "\" is no answer",
				       TEXT_ARG(pg_rows_text(rows, i, 1)));
	return true;
}

enum pg_status
quota_call_ask(struct pg *pg, struct arena *arena,
	       struct quota_case *const *cases, size_t count, struct why *why)
{
	struct columns columns = columns_of(arena, cases, count, true);
	struct pg_param params[3] = {
	    pg_texts(arena, columns.recipients, columns.count),
	    pg_texts(arena, columns.messages, columns.count),
	    pg_texts(arena, columns.sizes, columns.count),
	};
	struct pg_rows *rows;
	enum pg_status status =
	    pg_call(pg, arena,
		    "select a.n, a.answer from signet.quota_ask($1, $2, "
		    "$3::text[]::bigint[]) a order by a.n",
		    params, 3, &rows, why);

	if (status == PG_DONE && !take_answers(&columns, rows, why))
		return PG_REFUSED;
	return status;
}

enum pg_status
quota_call_accept(struct pg *pg, struct arena *arena,
		  struct quota_case *const *cases, size_t count,
		  struct why *why)
{
	struct columns columns = columns_of(arena, cases, count, false);
	struct pg_param params[2] = {
	    pg_texts(arena, columns.messages, columns.count),
	    pg_texts(arena, columns.sizes, columns.count),
	};

	if (columns.count == 0)
		return PG_DONE;
	return pg_call(pg, arena,
		       "select signet.quota_accept($1, $2::text[]::bigint[])",
		       params, 2, NULL, why);
}

enum pg_status
quota_call_expire(struct pg *pg, struct arena *arena, struct why *why)
{
	return pg_call(pg, arena, "select signet.quota_expire()", NULL, 0, NULL,
		       why);
}
