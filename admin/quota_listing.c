#include "admin/quota_listing.h"

#include <string.h>

#include "base/arena.h"
#include "base/utf8.h"
#include "base/why.h"

#define MOST_COLUMNS 16
/* Postgres has no larger numbers, and KiB become bytes. */
#define MOST ((uint64_t)INT64_MAX / 1024)

static size_t
split(struct text line, struct text fields[MOST_COLUMNS])
{
	size_t count = 0;

	while (count < MOST_COLUMNS) {
		size_t end = text_find(line, '\t');

		fields[count++] = text_first(line, end);
		if (end == line.len)
			break;
		line = text_skip(line, end + 1);
	}
	return count;
}

bool
quota_columns_parse(struct text line, struct quota_columns *columns,
		    struct why *why)
{
	struct text names[MOST_COLUMNS];
	size_t i, count = split(line, names);

	*columns = (struct quota_columns){-1, -1, -1, -1, -1};
	for (i = 0; i < count; i++) {
		if (text_equal(names[i], TEXT("Username")))
			columns->account = (int)i;
		else if (text_equal(names[i], TEXT("Quota name")))
			columns->root = (int)i;
		else if (text_equal(names[i], TEXT("Type")))
			columns->type = (int)i;
		else if (text_equal(names[i], TEXT("Value")))
			columns->value = (int)i;
		else if (text_equal(names[i], TEXT("Limit")))
			columns->limit = (int)i;
	}
	return (columns->root >= 0 && columns->type >= 0 &&
		columns->value >= 0 && columns->limit >= 0) ||
	       why_set(why, "doveadm does not begin with the names Quota "
			    "name, Type, Value and Limit: is it one of "
			    "Dovecot 2.3 or 2.4?");
}

static struct text
unescape(struct arena *arena, struct text field)
{
	char *to;
	size_t i, length = 0;

	if (!text_has(field, '\001'))
		return field;
	to = arena_bytes(arena, field.len);
	for (i = 0; i < field.len; i++) {
		char c = field.at[i];

		if (c == '\001' && i + 1 < field.len) {
			c = field.at[++i];
			c = c == 't'   ? '\t'
			    : c == 'n' ? '\n'
			    : c == 'r' ? '\r'
			    : c == '0' ? '\0'
			    : c == '1' ? '\001'
				       : c;
		}
		to[length++] = c;
	}
	return text_of(to, length);
}

static bool
is_storable(struct text text)
{
	return utf8_is_valid(text) &&
	       (text.len == 0 || memchr(text.at, 0, text.len) == NULL);
}

static enum quota_type
type_of(struct text word)
{
	if (text_equal(word, TEXT("STORAGE")))
		return QUOTA_STORAGE;
	return text_equal(word, TEXT("MESSAGE")) ? QUOTA_MESSAGE : QUOTA_OTHER;
}

bool
quota_line_parse(struct arena *arena, struct text line,
		 const struct quota_columns *columns, struct quota_line *parsed,
		 struct why *why)
{
	struct text fields[MOST_COLUMNS], limit;
	int count = (int)split(line, fields);

	*parsed = (struct quota_line){.account = TEXT("")};
	if (columns->account >= count || columns->root >= count ||
	    columns->type >= count || columns->value >= count ||
	    columns->limit >= count)
		return why_set(why, "a line has too few columns");
	if (columns->account >= 0)
		parsed->account = unescape(arena, fields[columns->account]);
	parsed->root = unescape(arena, fields[columns->root]);
	parsed->type = type_of(fields[columns->type]);
	limit = fields[columns->limit];
	if ((columns->account >= 0 && parsed->account.len == 0) ||
	    !is_storable(parsed->account) || !is_storable(parsed->root))
		return why_set(why, "a name is empty, or no UTF-8");
	if (!text_to_u64(fields[columns->value], MOST, &parsed->value) ||
	    (!text_equal(limit, TEXT("-")) &&
	     !text_to_u64(limit, MOST, &parsed->limit)))
		return why_set(why, "a value or limit is no number");
	return true;
}
