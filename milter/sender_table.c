#include "milter/sender_table.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/domain.h"
#include "base/limits.h"
#include "base/scan.h"
#include "base/why.h"
#include "milter/table_line.h"

static bool
is_login_byte(char c)
{
	return c != ' ' && c != '\t' && c != ',' && c != '\r' && c != '\n';
}

static bool
is_address_byte(char c)
{
	return c != ' ' && c != '\t' && c != '\r' && c != '\n';
}

static bool
begins_blank(const struct scan *in)
{
	return scan_peek(in) == ' ' || scan_peek(in) == '\t';
}

/* --- lines --- */

struct reader {
	struct arena *arena;
	struct scan in;
	unsigned line, first_line;
	bool too_long;
};

/* A line that is neither empty, nor a comment, nor a continuation. */
static bool
begins_entry(const struct scan *in)
{
	char c = scan_peek(in);

	return !begins_blank(in) && c != '#' && c != '\r' && c != '\n';
}

/* One line with all that continue it, joined by spaces; empty at the end. */
static struct text
take_logical_line(struct reader *reader)
{
	struct text line = TEXT(""), more;
	struct buf joined;

	while (!scan_at_end(&reader->in)) {
		if (line.len > 0 && begins_entry(&reader->in))
			return line;
		more = text_trim(scan_until(&reader->in, '\n'));
		reader->line++;
		if (more.len == 0 || more.at[0] == '#')
			continue;
		if (line.len == 0) {
			line = more;
			reader->first_line = reader->line;
			joined.len = 0;
			continue;
		}
		if (joined.len == 0) {
			buf_init(&joined, reader->arena, LIMIT_FIELD_BYTES);
			buf_text(&joined, line);
		}
		buf_char(&joined, ' ');
		buf_text(&joined, more);
		reader->too_long = reader->too_long || !buf_ok(&joined);
		line = buf_view(&joined);
	}
	return line;
}

/* "a b"@example.com: postmap(1) allows quotes around what holds spaces; they
 * are no part of the address. */
static struct text
take_address(struct arena *arena, struct scan *in)
{
	struct text quoted, rest;

	if (!scan_char(in, '"'))
		return text_lower(arena, scan_while(in, is_address_byte));
	quoted = scan_until(in, '"');
	rest = scan_while(in, is_address_byte);
	return text_lower(
	    arena, text_from(arena_printf(arena, TEXT_FMT TEXT_FMT,
					  TEXT_ARG(quoted), TEXT_ARG(rest))));
}

/* U-labels become A-labels, as the domains of messages have them. */
static struct text
normal_address(struct arena *arena, struct text address)
{
	size_t at = text_find_last(address, '@'), i;
	struct domain domain;

	for (i = at; i < address.len; i++)
		if ((unsigned char)address.at[i] >= 0x80)
			break;
	if (i >= address.len ||
	    !domain_parse(arena, text_skip(address, at + 1), &domain, NULL))
		return address;
	return text_from(arena_printf(arena, TEXT_FMT "@" TEXT_FMT,
				      TEXT_ARG(text_first(address, at)),
				      TEXT_ARG(domain.name)));
}

static bool
read_entry(struct reader *reader, struct text line, struct sender_entry *entry,
	   struct why *why)
{
	struct scan in;

	if (reader->too_long)
		return why_set(why,
			       "%u: the line and what continues it have "
			       "more than %d bytes",
			       reader->first_line, (int)LIMIT_FIELD_BYTES);
	scan_init(&in, line);
	entry->address =
	    normal_address(reader->arena, take_address(reader->arena, &in));
	entry->logins = text_trim(scan_rest(&in));
	entry->line = reader->first_line;
	if (entry->logins.len > 0)
		return true;
	return why_set(why,
		       "%u: \"" TEXT_FMT "\" has no login; write ADDRESS "
		       "LOGIN",
		       reader->first_line,
		       TEXT_ARG(text_first(entry->address, 80)));
}

/* --- the table --- */

static int
by_address(const void *a, const void *b)
{
	const struct sender_entry *x = a, *y = b;
	int order = text_compare(x->address, y->address);

	if (order != 0)
		return order;
	return x->line < y->line ? -1 : x->line > y->line;
}

static size_t
count_line_ends(struct text contents)
{
	size_t count = 1, i;

	for (i = 0; i < contents.len; i++)
		count += contents.at[i] == '\n';
	return count;
}

bool
sender_table_parse(struct arena *arena, struct text contents,
		   struct sender_table *table, struct why *why)
{
	struct reader reader = {.arena = arena};
	size_t most = count_line_ends(contents);
	struct text line;

	*table = (struct sender_table){0};
	if (most > LIMIT_SENDER_LINES)
		return why_set(why, "1: more than %d lines",
			       LIMIT_SENDER_LINES);
	table->entries = arena_new_array(arena, struct sender_entry, most);
	scan_init(&reader.in, contents);
	while ((line = take_logical_line(&reader)).len > 0)
		if (!read_entry(&reader, line, &table->entries[table->count++],
				why))
			return false;
	if (table->count > 0)
		qsort(table->entries, table->count, sizeof(*table->entries),
		      by_address);
	return true;
}

static const struct sender_entry *
look_up(const struct sender_table *table, struct arena *arena, struct text user,
	const char *at, struct text host)
{
	struct text key = text_lower(arena, table_key(arena, user, at, host));
	size_t low = 0, high = table->count, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (text_compare(table->entries[middle].address, key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < table->count && text_equal(table->entries[low].address, key))
		return &table->entries[low];
	return NULL;
}

/* The user without its extension: the text before the first delimiter, which
 * is not the first byte. */
static struct text
without_extension(struct text user, struct text delimiters)
{
	size_t i;

	for (i = 1; i < user.len; i++)
		if (text_has(delimiters, user.at[i]))
			return text_first(user, i);
	return user;
}

const struct sender_entry *
sender_table_find(const struct sender_table *table, struct arena *arena,
		  const struct sender_question *question)
{
	struct text short_user =
	    without_extension(question->user, question->delimiters);
	bool own = text_equal_nocase(question->host, question->own_host);
	const struct sender_entry *entry;

	entry = look_up(table, arena, question->user, "@", question->host);
	if (entry == NULL)
		entry = look_up(table, arena, short_user, "@", question->host);
	if (entry == NULL && own)
		entry = look_up(table, arena, question->user, "", TEXT(""));
	if (entry == NULL && own)
		entry = look_up(table, arena, short_user, "", TEXT(""));
	if (entry == NULL)
		entry = look_up(table, arena, TEXT(""), "@", question->host);
	return entry;
}

bool
sender_entry_has(const struct sender_entry *entry, struct text login)
{
	struct scan in;

	scan_init(&in, entry->logins);
	while (!scan_at_end(&in)) {
		struct text one = scan_while(&in, is_login_byte);

		if (one.len > 0 && text_equal_nocase(one, login))
			return true;
		while (!scan_at_end(&in) && !is_login_byte(scan_peek(&in)))
			scan_char(&in, scan_peek(&in));
	}
	return false;
}
