#include "judge/html_text.h"

#include <string.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "base/buf.h"
#include "base/limits.h"
#include "base/scan.h"
#include "base/utf8.h"
#include "judge/html_entity.h"

struct tag {
	struct text name; /* as written */
	bool closes;
	struct text style, alt, link;
	bool hidden; /* by an attribute of that name */
};

struct reader {
	struct arena *arena;
	struct html_text *html;
	struct scan in;
	struct buf out;
	struct html_link **end;
	size_t links;
	/* what is not shown: the element that began it, how often one of its
	 * name is open, and boxes opened since */
	struct text hider;
	unsigned hider_depth, boxes;
};

static bool
is_one_of(struct text name, const char *const *list)
{
	for (; *list != NULL; list++)
		if (text_equal_nocase(name, text_from(*list)))
			return true;
	return false;
}

/* They break no word. */
static bool
is_inline(struct text name)
{
	static const char *const names[] = {
	    "a",    "abbr",   "acronym", "b",	 "bdo", "big",
	    "code", "del",    "em",	 "font", "i",	"ins",
	    "kbd",  "label",  "mark",	 "q",	 "s",	"small",
	    "span", "strike", "strong",	 "sub",	 "sup", "tt",
	    "u",    "var",    "wbr",	 "o:p",	 NULL};

	return is_one_of(name, names);
}

/* They have no end tag. */
static bool
is_void(struct text name)
{
	static const char *const names[] = {
	    "area", "base", "br",    "col",    "embed", "hr",  "img", "input",
	    "link", "meta", "param", "source", "track", "wbr", NULL};

	return is_one_of(name, names);
}

/* Whose end also ends what is open inside. */
static bool
is_box(struct text name)
{
	static const char *const names[] = {
	    "body",  "center", "div", "html", "li", "ol", "p",
	    "table", "tbody",  "td",  "th",   "tr", "ul", NULL};

	return is_one_of(name, names);
}

/* --- tags --- */

static bool
is_name_byte(char c)
{
	return ascii_is_alnum(c) || c == ':' || c == '-' || c == '_';
}

static bool
is_bare_value_byte(char c)
{
	return !ascii_is_fws(c) && c != '>';
}

static struct text
take_value(struct scan *in)
{
	scan_fws(in);
	if (scan_char(in, '"'))
		return scan_until(in, '"');
	if (scan_char(in, '\''))
		return scan_until(in, '\'');
	return scan_while(in, is_bare_value_byte);
}

static void
keep_attribute(struct tag *tag, struct text name, struct text value)
{
	static const char *const links[] = {"href", "src", "action",
					    "background", NULL};

	if (text_equal_nocase(name, TEXT("style")))
		tag->style = value;
	else if (text_equal_nocase(name, TEXT("alt")))
		tag->alt = value;
	else if (text_equal_nocase(name, TEXT("hidden")))
		tag->hidden = true;
	else if (is_one_of(name, links))
		tag->link = value;
}

static void
take_attributes(struct scan *in, struct tag *tag)
{
	struct text name, value;

	for (;;) {
		scan_fws(in);
		if (scan_at_end(in) || scan_char(in, '>'))
			return;
		name = scan_while(in, is_name_byte);
		value = text_of("", 0);
		if (name.len == 0) {
			in->at++;
			continue;
		}
		scan_fws(in);
		if (scan_char(in, '='))
			value = take_value(in);
		keep_attribute(tag, name, value);
	}
}

/* --- what is shown --- */

static void
put_character(struct buf *out, uint32_t c)
{
	char bytes[4];

	buf_text(out, text_of(bytes, utf8_put(bytes, c)));
}

static struct text
decoded(struct reader *reader, struct text value)
{
	struct scan in;
	struct buf out;
	uint32_t c;

	buf_init(&out, reader->arena, value.len * 4 + 1);
	scan_init(&in, value);
	while (!scan_at_end(&in)) {
		c = html_entity_read(&in);
		if (c != 0)
			put_character(&out, c);
		else
			buf_char(&out, *in.at++);
	}
	return buf_view(&out);
}

static void
put_byte(struct reader *reader)
{
	uint32_t c = html_entity_read(&reader->in);

	if (c == 0) {
		if (reader->hider_depth == 0)
			buf_char(&reader->out, *reader->in.at);
		reader->in.at++;
	} else if (reader->hider_depth == 0) {
		put_character(&reader->out, c);
	}
}

/* "name:value" in a style, both without space. */
static bool
style_has(struct text style, const char *wanted)
{
	struct text declaration = text_from(wanted);

	for (; style.len >= declaration.len; style = text_skip(style, 1))
		if (text_starts_nocase(style, declaration) &&
		    (style.len == declaration.len ||
		     memchr(";!px ", style.at[declaration.len], 5) != NULL))
			return true;
	return false;
}

static bool
is_hiding(struct reader *reader, const struct tag *tag)
{
	struct text style;

	if (tag->hidden)
		return true;
	if (tag->style.len == 0)
		return false;
	style = text_without_fws(reader->arena, tag->style);
	return style_has(style, "display:none") ||
	       style_has(style, "visibility:hidden") ||
	       style_has(style, "font-size:0") ||
	       style_has(style, "font-size:1") ||
	       style_has(style, "opacity:0") ||
	       style_has(style, "max-height:0");
}

/* --- one tag --- */

static void
put_break(struct reader *reader, const struct tag *tag)
{
	if (!is_inline(tag->name))
		buf_char(&reader->out, ' ');
}

static void
keep_link(struct reader *reader, struct text value)
{
	struct html_link *link;

	if (value.len == 0 || reader->links == LIMIT_JUNK_LINKS)
		return;
	link = arena_new_value(reader->arena, struct html_link);
	link->to = decoded(reader, text_first(value, 1000));
	*reader->end = link;
	reader->end = &link->next;
	reader->links++;
}

static void
open_hidden(struct reader *reader, const struct tag *tag)
{
	if (text_equal_nocase(tag->name, reader->hider))
		reader->hider_depth++;
	else if (is_box(tag->name))
		reader->boxes++;
}

static void
close_hidden(struct reader *reader, const struct tag *tag)
{
	if (text_equal_nocase(tag->name, reader->hider))
		reader->hider_depth--;
	else if (is_box(tag->name) && reader->boxes == 0)
		reader->hider_depth = 0;
	else if (is_box(tag->name))
		reader->boxes--;
	if (reader->hider_depth == 0)
		put_break(reader, tag);
}

static void
begin_hidden(struct reader *reader, const struct tag *tag)
{
	reader->html->hides = true;
	reader->hider = tag->name;
	reader->hider_depth = 1;
	reader->boxes = 0;
}

static void
note_element(struct reader *reader, const struct tag *tag)
{
	struct html_text *html = reader->html;

	html->has_form |= text_equal_nocase(tag->name, TEXT("form"));
	html->has_image |= text_equal_nocase(tag->name, TEXT("img"));
	html->has_script |= text_equal_nocase(tag->name, TEXT("script"));
}

/* Up to the end tag of an element whose content is no text; none: to the
 * end. */
static void
skip_element(struct scan *in, struct text name)
{
	struct scan ahead;

	while (!scan_at_end(in)) {
		scan_until(in, '<');
		ahead = *in;
		if (!scan_char(&ahead, '/') ||
		    !text_starts_nocase(scan_rest(&ahead), name))
			continue;
		*in = ahead;
		scan_until(in, '>');
		return;
	}
}

static void
show_tag(struct reader *reader, const struct tag *tag)
{
	put_break(reader, tag);
	if (tag->alt.len > 0) {
		buf_text(&reader->out, decoded(reader, tag->alt));
		buf_char(&reader->out, ' ');
	}
}

static void
open_tag(struct reader *reader, const struct tag *tag)
{
	static const char *const unseen[] = {"script", "style", "svg", NULL};

	note_element(reader, tag);
	keep_link(reader, tag->link);
	if (is_one_of(tag->name, unseen)) {
		skip_element(&reader->in, tag->name);
		return;
	}
	if (reader->hider_depth > 0) {
		if (!is_void(tag->name))
			open_hidden(reader, tag);
		return;
	}
	if (is_hiding(reader, tag)) {
		reader->html->hides = true;
		put_break(reader, tag);
		if (!is_void(tag->name))
			begin_hidden(reader, tag);
		return;
	}
	show_tag(reader, tag);
}

static void
read_tag(struct reader *reader)
{
	struct tag tag = {.closes = scan_char(&reader->in, '/')};

	tag.name = scan_while(&reader->in, is_name_byte);
	take_attributes(&reader->in, &tag);
	if (!tag.closes)
		open_tag(reader, &tag);
	else if (reader->hider_depth > 0)
		close_hidden(reader, &tag);
	else
		show_tag(reader, &tag);
}

/* Behind "<!". */
static void
skip_declaration(struct scan *in)
{
	struct text rest;
	size_t i;

	if (!scan_string(in, "--")) {
		scan_until(in, '>');
		return;
	}
	rest = scan_rest(in);
	for (i = 0; i + 2 < rest.len; i++)
		if (rest.at[i] == '-' && rest.at[i + 1] == '-' &&
		    rest.at[i + 2] == '>')
			break;
	in->at += i + 2 < rest.len ? i + 3 : rest.len;
}

static void
read_less_than(struct reader *reader)
{
	char next;

	reader->in.at++;
	next = scan_peek(&reader->in);
	if (ascii_is_alpha(next) || next == '/')
		read_tag(reader);
	else if (next == '!' || next == '?') {
		reader->in.at++;
		skip_declaration(&reader->in);
	} else if (reader->hider_depth == 0)
		buf_char(&reader->out, '<');
}

void
html_text_read(struct arena *arena, struct text utf8, struct html_text *html)
{
	struct reader reader = {.arena = arena, .html = html};

	*html = (struct html_text){0};
	reader.end = &html->links;
	buf_init(&reader.out, arena, LIMIT_JUNK_TEXT_BYTES);
	scan_init(&reader.in, utf8);
	while (!scan_at_end(&reader.in) && buf_ok(&reader.out)) {
		if (scan_peek(&reader.in) == '<')
			read_less_than(&reader);
		else
			put_byte(&reader);
	}
	html->text = buf_view(&reader.out);
}
