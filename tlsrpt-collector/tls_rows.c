#include "tlsrpt-collector/tls_rows.h"

#include "base/arena.h"
#include "base/scan.h"
#include "io/pg.h"

enum column {
	POLICY,
	TYPE,
	DOMAIN,
	STRINGS,
	MX_HOSTS,
	SUCCESSFUL,
	FAILED,
	FAILURE,
	SENDING_IP,
	RECEIVING_IP,
	RECEIVING_MX,
	RECEIVING_HELO,
	INFORMATION,
	REASON,
	SESSIONS
};

struct text
tls_rows_key(const struct pg_rows *rows)
{
	return pg_rows_text(rows, 0, POLICY);
}

static struct text
copy_of(struct arena *arena, const struct pg_rows *rows, int column)
{
	return text_copy(arena, pg_rows_text(rows, 0, column));
}

/* One value a line. */
static struct tlsrpt_value *
values_of(struct arena *arena, const struct pg_rows *rows, int column)
{
	struct tlsrpt_value *first = NULL, **end = &first;
	struct scan in;

	scan_init(&in, copy_of(arena, rows, column));
	while (!scan_at_end(&in)) {
		*end = arena_new_value(arena, struct tlsrpt_value);
		(*end)->text = scan_until(&in, '\n');
		end = &(*end)->next;
	}
	return first;
}

static uint64_t
count_of(const struct pg_rows *rows, int column)
{
	int64_t count = pg_rows_int(rows, 0, column);

	return count > 0 ? (uint64_t)count : 0;
}

void
tls_rows_policy(struct arena *arena, const struct pg_rows *rows,
		struct tlsrpt_policy *policy)
{
	*policy =
	    (struct tlsrpt_policy){.type = copy_of(arena, rows, TYPE),
				   .domain = copy_of(arena, rows, DOMAIN),
				   .strings = values_of(arena, rows, STRINGS),
				   .mx_hosts = values_of(arena, rows, MX_HOSTS),
				   .successful = count_of(rows, SUCCESSFUL),
				   .failed = count_of(rows, FAILED)};
}

struct tlsrpt_failure *
tls_rows_failure(struct arena *arena, const struct pg_rows *rows)
{
	struct tlsrpt_failure *failure;

	if (pg_rows_is_null(rows, 0, FAILURE))
		return NULL;
	failure = arena_new_value(arena, struct tlsrpt_failure);
	failure->result_type = copy_of(arena, rows, FAILURE);
	ipaddr_parse(pg_rows_text(rows, 0, SENDING_IP), &failure->sending_ip);
	ipaddr_parse(pg_rows_text(rows, 0, RECEIVING_IP),
		     &failure->receiving_ip);
	failure->receiving_mx = copy_of(arena, rows, RECEIVING_MX);
	failure->receiving_helo = copy_of(arena, rows, RECEIVING_HELO);
	failure->information = copy_of(arena, rows, INFORMATION);
	failure->reason_code = copy_of(arena, rows, REASON);
	failure->sessions = count_of(rows, SESSIONS);
	return failure;
}
