#include "milter/table_line.h"

#include "base/buf.h"
#include "base/limits.h"
#include "base/text.h"
#include "base/why.h"

static bool
is_no_blank(char c)
{
	return c != ' ' && c != '\t' && c != '\r' && c != '\n';
}

void
table_lines_init(struct table_lines *lines, struct text contents)
{
	scan_init(&lines->in, contents);
	lines->number = 0;
}

bool
table_lines_next(struct table_lines *lines, struct table_line *line)
{
	struct text text;
	struct scan in;

	while (!scan_at_end(&lines->in)) {
		text = scan_until(&lines->in, '\n');
		lines->number++;
		text = text_trim(text_first(text, text_find(text, '#')));
		if (text.len == 0)
			continue;
		scan_init(&in, text);
		line->key = scan_while(&in, is_no_blank);
		line->value = text_trim(scan_rest(&in));
		line->number = lines->number;
		return true;
	}
	return false;
}

struct text
table_take_part(struct text *value)
{
	size_t end = text_find(*value, ':');
	struct text part = text_trim(text_first(*value, end));

	*value = text_skip(*value, end + 1);
	return part;
}

struct text
table_key(struct arena *arena, struct text user, const char *between,
	  struct text host)
{
	struct buf to;

	buf_init(&to, arena, 2 * LIMIT_ADDRESS_BYTES + 2);
	buf_text(&to, text_first(user, LIMIT_ADDRESS_BYTES));
	buf_string(&to, between);
	buf_text(&to, text_first(host, LIMIT_ADDRESS_BYTES));
	return buf_view(&to);
}

bool
table_blame(struct why *why, const char *path)
{
	struct why said;

	if (why == NULL)
		return false;
	said = *why;
	return why_set(why, "%s:%s", path, said.text);
}
