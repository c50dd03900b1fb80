#include "judge/message_words.h"

#include <string.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "base/buf.h"
#include "base/charset.h"
#include "base/limits.h"
#include "base/mime.h"
#include "base/scan.h"
#include "base/utf8.h"
#include "judge/html_text.h"
#include "judge/junk_words.h"
#include "judge/link_host.h"
#include "judge/message_fields.h"

struct reader {
	struct arena *arena;
	struct junk_set *set;
	size_t left;  /* bytes of text that may still be read */
	size_t words; /* of the parts */
};

/* --- text in its charset --- */

/* windows-1252 is what ISO-8859-1 means in practice, and all that is unknown
 * is read as UTF-8 with such bytes between. */
static struct charset *
charset_of(struct arena *arena, struct text name, struct sink to)
{
	struct charset *charset;

	if (text_equal(name, TEXT("iso-8859-1")) ||
	    text_equal(name, TEXT("latin1")))
		name = TEXT("windows-1252");
	charset = charset_new(arena, name, to);
	return charset != NULL ? charset
			       : charset_new(arena, TEXT("utf-8"), to);
}

static struct text
whole_characters(struct text text)
{
	while (text.len > 0 && !utf8_is_valid(text))
		text.len--;
	return text;
}

static struct text
as_utf8(struct reader *reader, struct text bytes, struct text name)
{
	struct charset *charset;
	struct buf out;

	buf_init(&out, reader->arena, LIMIT_JUNK_TEXT_BYTES);
	charset = charset_of(reader->arena, name, sink_to_buf(&out));
	if (charset_put(charset, bytes, NULL))
		charset_finish(charset, NULL);
	return buf_ok(&out) ? buf_view(&out) : whole_characters(buf_view(&out));
}

/* --- parts --- */

static void
add_text(struct reader *reader, struct text utf8)
{
	reader->words +=
	    junk_words_add(reader->arena, reader->set, text_of("", 0), utf8);
	link_host_find(reader->arena, reader->set, TEXT("url:"), utf8);
}

static void
add_fact(struct reader *reader, bool is_so, const char *word)
{
	if (is_so)
		junk_set_add(reader->set, TEXT("html:"), text_from(word));
}

static void
add_html(struct reader *reader, struct text utf8)
{
	const struct html_link *link;
	struct html_text html;
	struct text host;

	html_text_read(reader->arena, utf8, &html);
	add_text(reader, whole_characters(html.text));
	for (link = html.links; link != NULL; link = link->next)
		if (link_host_read(reader->arena, link->to, &host))
			link_host_add(reader->set, TEXT("url:"), host);
	add_fact(reader, html.hides, "hides-text");
	add_fact(reader, html.has_form, "form");
	add_fact(reader, html.has_image, "image");
	add_fact(reader, html.has_script, "script");
}

/* "file:.pdf" */
static void
add_file_name(struct reader *reader, struct text name)
{
	size_t dot = text_find_last(name, '.');
	struct text ending = text_lower(reader->arena, text_skip(name, dot));

	junk_words_add(reader->arena, reader->set, TEXT("file:"),
		       text_first(name, LIMIT_ADDRESS_BYTES));
	if (ending.len > 1 && ending.len <= 10 && text_is_ascii(ending))
		junk_set_add(reader->set, TEXT("file:"), ending);
}

static void
add_part(struct reader *reader, const struct mime_part *part)
{
	struct text bytes = text_first(part->bytes, reader->left);

	if (part->type.len <= LIMIT_JUNK_WORD_BYTES &&
	    utf8_is_valid(part->type))
		junk_set_add(reader->set, TEXT("type:"), part->type);
	if (part->name.len > 0)
		add_file_name(reader, part->name);
	if (!text_starts(part->type, TEXT("text/")))
		return;
	if (part->charset.len > 0 &&
	    part->charset.len <= LIMIT_JUNK_WORD_BYTES &&
	    text_is_ascii(part->charset))
		junk_set_add(reader->set, TEXT("charset:"), part->charset);
	reader->left -= bytes.len;
	bytes = as_utf8(reader, bytes, part->charset);
	if (text_equal(part->type, TEXT("text/html")))
		add_html(reader, bytes);
	else
		add_text(reader, bytes);
}

/* What stands behind the empty line. */
static struct text
body_of(struct text message)
{
	size_t i;

	for (i = 0; i < message.len; i++) {
		if (message.at[i] != '\n')
			continue;
		if (text_starts(text_skip(message, i + 1), TEXT("\n")) ||
		    text_starts(text_skip(message, i + 1), TEXT("\r\n")))
			return text_skip(message, i + 1);
	}
	return text_of("", 0);
}

static void
add_parts(struct reader *reader, struct text message)
{
	const struct mime_part *part;
	struct mime_parts parts;

	if (!mime_parse(reader->arena, message, &parts, NULL)) {
		junk_set_add(reader->set, TEXT("mime:"), TEXT("unreadable"));
		message = text_first(body_of(message), reader->left);
		add_text(reader, as_utf8(reader, message, TEXT("utf-8")));
		return;
	}
	for (part = parts.first; part != NULL; part = part->next)
		add_part(reader, part);
	if (reader->words < 5)
		junk_set_add(reader->set, TEXT("text:"), TEXT("hardly-any"));
}

void
message_words(struct arena *arena, struct text message,
	      const struct message_words_options *options,
	      struct junk_tokens *tokens)
{
	struct reader reader = {.arena = arena, .left = LIMIT_JUNK_TEXT_BYTES};
	size_t i;

	reader.set = junk_set_new(arena);
	for (i = 0; options != NULL && i < options->passed_count; i++)
		if (options->passed[i].len <= LIMIT_DOMAIN_BYTES + 10)
			junk_set_add(reader.set, TEXT("auth:"),
				     options->passed[i]);
	message_fields_add(arena, reader.set, message);
	add_parts(&reader, message);
	junk_set_finish(reader.set, tokens);
}
