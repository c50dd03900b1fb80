#include "admin/quota_table.h"

#include "base/arena.h"
#include "base/ascii.h"
#include "base/buf.h"
#include "base/scan.h"

#define SQL_BYTES 2000

static bool
is_name(char c)
{
	return ascii_is_alnum(c) || c == '_';
}

/* "a.b" as quoted names; `most` of them. */
static size_t
write_names(struct scan *in, char between, size_t most, struct buf *to)
{
	size_t count = 0;

	do {
		struct text name = scan_while(in, is_name);

		if (name.len == 0 || count == most)
			return 0;
		if (count++ > 0)
			buf_char(to, between);
		buf_char(to, '"');
		buf_text(to, name);
		buf_char(to, '"');
	} while (scan_char(in, between));
	return scan_at_end(in) ? count : 0;
}

bool
quota_table_sql(struct arena *arena, const char *table, const char *columns,
		const char **sql)
{
	struct buf from, list;
	struct scan in;

	buf_init(&from, arena, SQL_BYTES);
	buf_init(&list, arena, SQL_BYTES);
	scan_init(&in, text_from(table));
	if (write_names(&in, '.', 2, &from) == 0 || !buf_ok(&from))
		return false;
	scan_init(&in, text_from(columns));
	if (write_names(&in, ',', 3, &list) != 3 || !buf_ok(&list))
		return false;
	*sql = arena_printf(
	    arena,
	    "select a::text, b::bigint, c::bigint from (select " TEXT_FMT
	    " from " TEXT_FMT ") as t (a, b, c) where a is not null",
	    TEXT_ARG(buf_view(&list)), TEXT_ARG(buf_view(&from)));
	return true;
}
