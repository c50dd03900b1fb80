#include "base/xml_input.h"

#include "base/arena.h"
#include "base/ascii.h"
#include "base/charset.h"
#include "base/scan.h"

#define HEAD_BYTES 1024
#define OUT_BYTES 8192
#define NAME_BYTES 40

/* The first bytes, kept until there are enough of them to look at. */
struct head {
	bool done;
	size_t len;
	char bytes[HEAD_BYTES];
};

struct xml_input {
	struct arena *arena;
	struct sink to;
	void (*defect)(void *handle, const char *text);
	void *handle;
	struct charset *charset;
	bool told_forbidden, told_misfit;
	struct head raw, decoded;
	size_t used;
	char out[OUT_BYTES];
};

static void
tell(struct xml_input *input, const char *text)
{
	input->defect(input->handle, text);
}

/* True once there is enough; the rest of *bytes is left. */
static bool
fill(struct head *head, struct text *bytes, bool last)
{
	struct text part = text_first(*bytes, HEAD_BYTES - head->len);

	if (part.len > 0)
		memcpy(head->bytes + head->len, part.at, part.len);
	head->len += part.len;
	*bytes = text_skip(*bytes, part.len);
	head->done = last || head->len == HEAD_BYTES;
	return head->done;
}

/* --- behind the charset --- */

static bool
flush(struct xml_input *input, struct why *why)
{
	size_t used = input->used;

	input->used = 0;
	return used == 0 || sink_put(input->to, text_of(input->out, used), why);
}

static bool
put_out(struct xml_input *input, struct text bytes, struct why *why)
{
	while (bytes.len > 0) {
		struct text part = text_first(bytes, OUT_BYTES - input->used);

		memcpy(input->out + input->used, part.at, part.len);
		input->used += part.len;
		bytes = text_skip(bytes, part.len);
		if (input->used == OUT_BYTES && !flush(input, why))
			return false;
	}
	return true;
}

/* Bytes of a forbidden character at the start; 0 if it is allowed.  Pieces
 * from the charset end between two characters. */
static size_t
forbidden(struct text text)
{
	unsigned char c = (unsigned char)text.at[0];

	if (c < ' ')
		return c == '\t' || c == '\n' || c == '\r' ? 0 : 1;
	if (c == 0xef && text.len >= 3 && text.at[1] == '\xbf' &&
	    (unsigned char)text.at[2] >= 0xbe)
		return 3;
	return 0;
}

static bool
put_allowed(struct xml_input *input, struct text text, struct why *why)
{
	size_t good = 0, len;

	while (good < text.len) {
		unsigned char c = (unsigned char)text.at[good];

		if ((c >= ' ' && c != 0xef) ||
		    (len = forbidden(text_skip(text, good))) == 0) {
			good++;
			continue;
		}
		if (!input->told_forbidden)
			tell(input, "characters that XML does not allow");
		input->told_forbidden = true;
		if (!put_out(input, text_first(text, good), why))
			return false;
		text = text_skip(text, good + len);
		good = 0;
	}
	return put_out(input, text, why);
}

/* Without byte order mark, blanks and XML declaration. */
static struct text
without_declaration(struct xml_input *input, struct text text)
{
	struct scan in;

	scan_init(&in, text);
	scan_string(&in, "\xef\xbb\xbf");
	text = scan_rest(&in);
	scan_fws(&in);
	if (in.at != text.at && !scan_at_end(&in))
		tell(input, "blanks before the document");
	text = scan_rest(&in);
	if (!scan_string(&in, "<?xml") || !ascii_is_fws(scan_peek(&in)))
		return text;
	while (!scan_string(&in, "?>")) {
		if (scan_at_end(&in))
			return text;
		in.at++;
	}
	return scan_rest(&in);
}

static bool
put_decoded(void *handle, struct text text, struct why *why)
{
	struct xml_input *input = handle;

	if (!input->decoded.done) {
		if (!fill(&input->decoded, &text, false))
			return true;
		if (!put_allowed(
			input,
			without_declaration(input, text_of(input->decoded.bytes,
							   input->decoded.len)),
			why))
			return false;
	}
	return put_allowed(input, text, why);
}

/* --- before the charset --- */

/* The value of encoding="..." in the declaration, or empty. */
static struct text
declared_charset(struct text head)
{
	struct scan in;
	char quote;

	scan_init(&in, head);
	scan_string(&in, "\xef\xbb\xbf");
	scan_fws(&in);
	if (!scan_string(&in, "<?xml"))
		return text_of(NULL, 0);
	while (!scan_string(&in, "encoding")) {
		if (scan_peek(&in) == '>' || scan_at_end(&in))
			return text_of(NULL, 0);
		in.at++;
	}
	scan_fws(&in);
	if (!scan_char(&in, '='))
		return text_of(NULL, 0);
	scan_fws(&in);
	quote = scan_peek(&in);
	if (!scan_char(&in, '"') && !scan_char(&in, '\''))
		return text_of(NULL, 0);
	return text_first(text_trim(scan_until(&in, quote)), NAME_BYTES);
}

/* A charset of two or four bytes a character, by its first bytes. */
static const char *
wide_charset(struct text head)
{
	static const struct {
		struct text bytes;
		const char *name;
	} signs[] = {
	    {TEXT_INIT("\xff\xfe\0\0"), "utf-32le"},
	    {TEXT_INIT("\0\0\xfe\xff"), "utf-32be"},
	    {TEXT_INIT("<\0\0\0"), "utf-32le"},
	    {TEXT_INIT("\0\0\0<"), "utf-32be"},
	    {TEXT_INIT("\xff\xfe"), "utf-16le"},
	    {TEXT_INIT("\xfe\xff"), "utf-16be"},
	    {TEXT_INIT("<\0"), "utf-16le"},
	    {TEXT_INIT("\0<"), "utf-16be"},
	};
	size_t i;

	for (i = 0; i < sizeof(signs) / sizeof(*signs); i++)
		if (text_starts(head, signs[i].bytes))
			return signs[i].name;
	return NULL;
}

static bool
is_wide_name(struct text name)
{
	return text_starts_nocase(name, TEXT("utf-16")) ||
	       text_starts_nocase(name, TEXT("utf-32")) ||
	       text_starts_nocase(name, TEXT("ucs-"));
}

static void
choose_charset(struct xml_input *input)
{
	struct text head = text_of(input->raw.bytes, input->raw.len);
	struct sink to = {put_decoded, input};
	const char *wide = wide_charset(head);
	struct text name = declared_charset(head);

	if (wide != NULL) {
		input->charset = charset_new(input->arena, text_from(wide), to);
	} else if (is_wide_name(name)) {
		tell(input, "the declared charset has wider characters");
	} else if (name.len > 0) {
		input->charset = charset_new(input->arena, name, to);
		if (input->charset == NULL)
			tell(input, "the declared charset is not known");
	}
	if (input->charset == NULL)
		input->charset = charset_new(input->arena, TEXT("utf-8"), to);
}

struct xml_input *
xml_input_new(struct arena *arena, struct sink to,
	      void (*defect)(void *handle, const char *text), void *handle)
{
	struct xml_input *input = arena_new_value(arena, struct xml_input);

	input->arena = arena;
	input->to = to;
	input->defect = defect;
	input->handle = handle;
	return input;
}

static bool
put_raw(struct xml_input *input, struct text bytes, struct why *why)
{
	if (!charset_put(input->charset, bytes, why))
		return false;
	if (!input->told_misfit && charset_misfits(input->charset) > 0) {
		input->told_misfit = true;
		tell(input, "bytes that are not of the charset");
	}
	return true;
}

static bool
put_head(struct xml_input *input, struct why *why)
{
	choose_charset(input);
	return put_raw(input, text_of(input->raw.bytes, input->raw.len), why);
}

bool
xml_input_put(struct xml_input *input, struct text bytes, struct why *why)
{
	if (!input->raw.done) {
		if (!fill(&input->raw, &bytes, false))
			return true;
		if (!put_head(input, why))
			return false;
	}
	return put_raw(input, bytes, why);
}

bool
xml_input_finish(struct xml_input *input, struct why *why)
{
	struct text nothing = text_of(NULL, 0);
	struct text head;

	if (!input->raw.done) {
		fill(&input->raw, &nothing, true);
		if (!put_head(input, why))
			return false;
	}
	if (!charset_finish(input->charset, why))
		return false;
	if (!input->decoded.done) {
		fill(&input->decoded, &nothing, true);
		head = text_of(input->decoded.bytes, input->decoded.len);
		if (!put_allowed(input, without_declaration(input, head), why))
			return false;
	}
	return flush(input, why);
}
