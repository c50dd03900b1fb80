#include "t/unit/cases.h"

#include "base/arena.h"
#include "base/ascii.h"
#include "base/buf.h"
#include "base/scan.h"
#include "base/why.h"

struct reader {
	struct arena *arena;
	struct buf zone;
	struct case_file *file;
	struct case_one **end;
	struct case_one *open; /* an ask that waits for its want */
	unsigned line;
};

/* The line without a comment and without blanks at its ends. */
static struct text
without_comment(struct text line)
{
	bool quoted = false;
	size_t i;

	for (i = 0; i < line.len; i++) {
		if (line.at[i] == '\\' && quoted)
			i++;
		else if (line.at[i] == '"')
			quoted = !quoted;
		else if (line.at[i] == '#' && !quoted &&
			 (i == 0 || ascii_is_wsp(line.at[i - 1])))
			break;
	}
	return text_trim(text_first(line, i));
}

static bool
is_word_byte(char c)
{
	return !ascii_is_fws(c) && c != '=';
}

static bool
is_value_byte(char c)
{
	return !ascii_is_fws(c);
}

static char
take_escape(struct scan *in)
{
	unsigned value = 0;
	int i;

	if (!ascii_is_digit(scan_peek(in)))
		return *in->at++;
	for (i = 0; i < 3 && ascii_is_digit(scan_peek(in)); i++)
		value = value * 10 + (unsigned)(*in->at++ - '0');
	return (char)value;
}

static bool
take_quoted(struct reader *r, struct scan *in, struct text *value,
	    struct why *why)
{
	struct buf buf;
	char c;

	buf_init(&buf, r->arena, 100000);
	while (!scan_at_end(in)) {
		c = *in->at++;
		if (c == '"') {
			*value = buf_view(&buf);
			return true;
		}
		if (c == '\\' && !scan_at_end(in))
			c = take_escape(in);
		buf_char(&buf, c);
	}
	return why_set(why, "no closing quote");
}

static bool
take_value(struct reader *r, struct scan *in, struct text *value,
	   struct why *why)
{
	if (scan_char(in, '"'))
		return take_quoted(r, in, value, why);
	*value = scan_while(in, is_value_byte);
	return true;
}

static bool
take_pairs(struct reader *r, struct scan *in, struct case_pair **end,
	   struct why *why)
{
	struct case_pair *pair;

	for (scan_blank(in); !scan_at_end(in); scan_blank(in)) {
		pair = arena_new_value(r->arena, struct case_pair);
		pair->key = scan_while(in, is_word_byte);
		if (pair->key.len == 0 || !scan_char(in, '='))
			return why_set(why, "KEY=VALUE is wanted");
		if (!take_value(r, in, &pair->value, why))
			return false;
		*end = pair;
		end = &pair->next;
	}
	return true;
}

static bool
take_ask(struct reader *r, struct scan *in, struct why *why)
{
	if (r->open != NULL)
		return why_set(why, "the ask before has no want");
	r->open = arena_new_value(r->arena, struct case_one);
	r->open->line = r->line;
	*r->end = r->open;
	r->end = &r->open->next;
	return take_pairs(r, in, &r->open->ask, why);
}

static bool
take_want(struct reader *r, struct scan *in, struct why *why)
{
	if (r->open == NULL)
		return why_set(why, "want without an ask");
	scan_blank(in);
	r->open->want = scan_while(in, is_word_byte);
	r->open->has_want = true;
	if (r->open->want.len == 0)
		return why_set(why, "want without a result");
	if (!take_pairs(r, in, &r->open->details, why))
		return false;
	r->open = NULL;
	return true;
}

static bool
take_line(struct reader *r, struct text line, struct why *why)
{
	struct text word;
	struct scan in;

	scan_init(&in, line);
	word = scan_while(&in, is_word_byte);
	if (text_equal(word, TEXT("ask")))
		return take_ask(r, &in, why);
	if (text_equal(word, TEXT("want")))
		return take_want(r, &in, why);
	if (!text_equal(word, TEXT("zone")))
		return why_set(why, TEXT_FMT " is no word of case files",
			       TEXT_ARG(word));
	buf_text(&r->zone, text_trim(scan_rest(&in)));
	buf_char(&r->zone, '\n');
	return true;
}

/* Joins the lines that begin with a blank to the one before. */
static struct text
take_joined(struct reader *r, struct scan *in)
{
	struct buf buf;

	buf_init(&buf, r->arena, 1000000);
	do {
		buf_text(&buf, without_comment(scan_until(in, '\n')));
		buf_char(&buf, ' ');
		r->line++;
	} while (!scan_at_end(in) && ascii_is_wsp(scan_peek(in)));
	return text_trim(buf_view(&buf));
}

bool
case_file_read(struct arena *arena, struct text text, struct case_file *file,
	       struct why *why)
{
	struct reader r = {.arena = arena, .file = file, .end = &file->first};
	struct text line;
	struct scan in;

	memset(file, 0, sizeof(*file));
	buf_init(&r.zone, arena, 1000000);
	scan_init(&in, text);
	while (!scan_at_end(&in)) {
		line = take_joined(&r, &in);
		if (line.len > 0 && !take_line(&r, line, why))
			return why_prefix(why, "line %u", r.line);
	}
	if (file->first == NULL || r.open != NULL)
		return why_set(why, "an ask and a want are wanted");
	file->zone = buf_view(&r.zone);
	return true;
}

const struct case_pair *
case_find(const struct case_pair *first, const char *key)
{
	for (; first != NULL; first = first->next)
		if (text_equal(first->key, text_from(key)))
			return first;
	return NULL;
}

bool
case_has(const struct case_run *run, const char *key)
{
	return case_find(run->ask, key) != NULL;
}

struct text
case_asked_or(const struct case_run *run, const char *key,
	      const char *otherwise)
{
	const struct case_pair *pair = case_find(run->ask, key);

	return pair != NULL ? pair->value : text_from(otherwise);
}

struct text
case_asked(const struct case_run *run, const char *key)
{
	return case_asked_or(run, key, "");
}

void
case_tell(struct case_run *run, const char *key, struct text value)
{
	struct case_pair *pair = arena_new_value(run->arena, struct case_pair);

	pair->key = text_from(key);
	pair->value = value;
	pair->next = run->details;
	run->details = pair;
}
