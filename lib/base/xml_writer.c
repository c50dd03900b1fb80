#include "base/xml_writer.h"

#include <assert.h>
#include <inttypes.h>

#include "base/arena.h"
#include "base/utf8.h"
#include "base/why.h"

#define OUT_BYTES 8192

struct xml_writer {
	struct sink to;
	const char *open[XML_WRITER_DEPTH];
	size_t depth;
	bool in_tag; /* ">" of the start tag is not yet written */
	bool
	    has_text; /* of the innermost element: no line end before its end */
	bool failed;
	struct why why;
	size_t used;
	char out[OUT_BYTES];
};

static void
flush(struct xml_writer *writer)
{
	if (!writer->failed && writer->used > 0 &&
	    !sink_put(writer->to, text_of(writer->out, writer->used),
		      &writer->why))
		writer->failed = true;
	writer->used = 0;
}

static void
put(struct xml_writer *writer, struct text bytes)
{
	while (bytes.len > 0) {
		struct text part = text_first(bytes, OUT_BYTES - writer->used);

		memcpy(writer->out + writer->used, part.at, part.len);
		writer->used += part.len;
		if (writer->used == OUT_BYTES)
			flush(writer);
		bytes = text_skip(bytes, part.len);
	}
}

static void
put_string(struct xml_writer *writer, const char *string)
{
	put(writer, text_from(string));
}

struct xml_writer *
xml_writer_new(struct arena *arena, struct sink to)
{
	struct xml_writer *writer = arena_new_value(arena, struct xml_writer);

	writer->to = to;
	put_string(writer, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>");
	return writer;
}

static void
end_tag(struct xml_writer *writer)
{
	if (writer->in_tag)
		put_string(writer, ">");
	writer->in_tag = false;
}

static void
new_line(struct xml_writer *writer)
{
	size_t i;

	put_string(writer, "\n");
	for (i = 0; i < writer->depth; i++)
		put_string(writer, "  ");
}

void
xml_writer_start(struct xml_writer *writer, const char *name)
{
	assert(writer->depth < XML_WRITER_DEPTH);
	end_tag(writer);
	new_line(writer);
	put_string(writer, "<");
	put_string(writer, name);
	writer->open[writer->depth++] = name;
	writer->in_tag = true;
	writer->has_text = false;
}

/* What stands for an ASCII character; NULL: itself; "": nothing, since XML
 * 1.0 has no way to write it. */
static const char *
ascii_escape(char c, bool in_attribute)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return in_attribute ? "&quot;" : NULL;
	case '\t':
		return in_attribute ? "&#9;" : NULL;
	case '\n':
		return in_attribute ? "&#10;" : NULL;
	case '\r': /* a parser makes LF of CR and CRLF */
		return "&#13;";
	}
	return (unsigned char)c < ' ' ? "" : NULL;
}

/* Writes the character at the start and returns its bytes. */
static size_t
put_wide(struct xml_writer *writer, struct text text)
{
	uint32_t c;
	size_t len = utf8_character(text, &c);

	if (len == 0) {
		put_string(writer, "\xef\xbf\xbd");
		return 1;
	}
	if (c != 0xfffe && c != 0xffff)
		put(writer, text_first(text, len));
	return len;
}

static void
put_escaped(struct xml_writer *writer, struct text text, bool in_attribute)
{
	size_t plain = 0;

	while (text.len > plain) {
		const char *escape = NULL;
		bool wide = (unsigned char)text.at[plain] >= 0x80;

		if (!wide)
			escape = ascii_escape(text.at[plain], in_attribute);
		if (!wide && escape == NULL) {
			plain++;
			continue;
		}
		put(writer, text_first(text, plain));
		text = text_skip(text, plain);
		plain = 0;
		if (!wide)
			put_string(writer, escape);
		text = text_skip(text, wide ? put_wide(writer, text) : 1);
	}
	put(writer, text);
}

void
xml_writer_attribute(struct xml_writer *writer, const char *name,
		     struct text value)
{
	assert(writer->in_tag);
	put_string(writer, " ");
	put_string(writer, name);
	put_string(writer, "=\"");
	put_escaped(writer, value, true);
	put_string(writer, "\"");
}

void
xml_writer_text(struct xml_writer *writer, struct text text)
{
	assert(writer->depth > 0);
	end_tag(writer);
	put_escaped(writer, text, false);
	writer->has_text = true;
}

void
xml_writer_end(struct xml_writer *writer)
{
	assert(writer->depth > 0);
	writer->depth--;
	if (writer->in_tag) {
		put_string(writer, "/>");
	} else {
		if (!writer->has_text)
			new_line(writer);
		put_string(writer, "</");
		put_string(writer, writer->open[writer->depth]);
		put_string(writer, ">");
	}
	writer->in_tag = false;
	writer->has_text = false;
}

void
xml_writer_element(struct xml_writer *writer, const char *name,
		   struct text text)
{
	xml_writer_start(writer, name);
	if (text.len > 0)
		xml_writer_text(writer, text);
	xml_writer_end(writer);
}

void
xml_writer_element_int(struct xml_writer *writer, const char *name,
		       int64_t number)
{
	char digits[24];
	int len = snprintf(digits, sizeof(digits), "%" PRId64, number);

	xml_writer_element(writer, name, text_of(digits, (size_t)len));
}

bool
xml_writer_ok(const struct xml_writer *writer)
{
	return !writer->failed;
}

bool
xml_writer_finish(struct xml_writer *writer, struct why *why)
{
	assert(writer->depth == 0);
	put_string(writer, "\n");
	flush(writer);
	return !writer->failed || why_set(why, "%s", writer->why.text);
}
