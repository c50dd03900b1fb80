#include "admin/key_record.h"

#include "base/arena.h"
#include "base/base64.h"
#include "base/utf8.h"
#include "base/why.h"
#include "io/pg.h"

const char *
key_type_name(enum crypto_key_type type)
{
	return type == CRYPTO_ED25519 ? "ed25519" : "rsa";
}

enum crypto_key_type
key_type_of(struct text name)
{
	if (text_equal(name, TEXT("rsa")))
		return CRYPTO_RSA;
	if (text_equal(name, TEXT("ed25519")))
		return CRYPTO_ED25519;
	return 0;
}

static enum key_record_status
status_of(enum pg_status status)
{
	return status == PG_DONE ? KEY_RECORD_DONE : KEY_RECORD_AWAY;
}

/* What may hold any bytes, such as a reason that somebody gave. */
static struct pg_param
words(struct arena *arena, const char *string)
{
	return pg_text(utf8_for_log(arena, text_from(string), 1000));
}

static struct pg_param
number(struct arena *arena, long long value)
{
	return pg_string(arena_printf(arena, "%lld", value));
}

enum key_record_status
key_record_change(struct pg *pg, struct arena *arena,
		  const struct key_change *change, struct why *why)
{
	struct pg_param params[] = {
	    pg_text(change->domain.name),
	    pg_text(change->selector),
	    pg_string(key_type_name(change->type)),
	    number(arena, change->bits),
	    pg_string(NULL),
	    pg_string(key_state_name(change->state)),
	    number(arena, change->since_s),
	    words(arena, change->host),
	    words(arena, change->actor),
	    words(arena, change->why),
	    pg_string(change->catch_up ? "t" : "f"),
	};
	struct pg_rows *rows;
	enum pg_status status;

	if (change->public_bytes.len > 0)
		params[4] = pg_text(base64_encode(arena, change->public_bytes));
	status = pg_call(pg, arena,
			 "select outcome, reason from "
			 "signet.signing_key_change($1, $2, $3, $4, $5, $6, "
			 "to_timestamp($7::float8), $8, $9, $10, $11)",
			 params, sizeof(params) / sizeof(*params), &rows, why);
	if (status != PG_DONE)
		return KEY_RECORD_AWAY;
	if (!text_equal(pg_rows_text(rows, 0, 0), TEXT("refused")))
		return KEY_RECORD_DONE;
	why_set(why, TEXT_FMT, TEXT_ARG(pg_rows_text(rows, 0, 1)));
	return KEY_RECORD_REFUSED;
}

static struct key_known *
known_of(struct arena *arena, const struct pg_rows *rows, size_t row)
{
	struct key_known *known = arena_new_value(arena, struct key_known);

	known->domain.name = pg_rows_text(rows, row, 0);
	known->selector = pg_rows_text(rows, row, 1);
	known->type = key_type_of(pg_rows_text(rows, row, 2));
	known->bits = (unsigned)pg_rows_int(rows, row, 3);
	known->state = key_state_of(pg_rows_text(rows, row, 4));
	known->since_s = pg_rows_int(rows, row, 5);
	known->host = pg_rows_text(rows, row, 6);
	known->made_s = pg_rows_int(rows, row, 7);
	known->public_key = pg_rows_text(rows, row, 8);
	return known;
}

enum key_record_status
key_record_list(struct pg *pg, struct arena *arena, struct domain domain,
		struct key_known **first, struct why *why)
{
	struct pg_param param =
	    domain_is_set(domain) ? pg_text(domain.name) : pg_string(NULL);
	struct pg_rows *rows;
	enum pg_status status =
	    pg_call(pg, arena,
		    "select domain, selector, type, bits, state, "
		    "extract(epoch from since)::bigint, host, "
		    "extract(epoch from made_at)::bigint, public_key "
		    "from signet.signing_keys($1)",
		    &param, 1, &rows, why);
	size_t i;

	*first = NULL;
	if (status == PG_DONE)
		for (i = pg_rows_count(rows); i > 0; i--) {
			struct key_known *known = known_of(arena, rows, i - 1);

			known->next = *first;
			*first = known;
		}
	return status_of(status);
}
