#include "base/charset.h"

#include <errno.h>
#include <iconv.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "base/buf.h"
#include "base/utf8.h"
#include "base/why.h"

#define OUT_BYTES 4096
/* the longest character of any charset we take, with its shift sequence */
#define CARRY_BYTES 16

struct charset {
	struct sink to;
	iconv_t iconv; /* NO_ICONV: UTF-8 */
	size_t unit;   /* bytes that a misfit of iconv takes */
	uint64_t misfits;
	size_t carried, used;
	char carry[CARRY_BYTES];
	char out[OUT_BYTES];
};

#define NO_ICONV ((iconv_t)-1)

/* A final "*" stands for one or two digits. */
static const char *const utf8_names[] = {"utf-8", "utf8",	    "us-ascii",
					 "ascii", "ansi_x3.4-1968", NULL};
static const char *const names[] = {
    "utf-16",	   "utf-16le", "utf-16be",    "ucs-2",	     "utf-32",
    "utf-32le",	   "utf-32be", "iso-8859-*",  "iso8859-*",   "windows-125*",
    "cp125*",	   "latin1",   "koi8-r",      "koi8-u",	     "gb2312",
    "gbk",	   "gb18030",  "big5",	      "shift_jis",   "euc-jp",
    "iso-2022-jp", "euc-kr",   "windows-31j", "windows-874", NULL};

/* What the bytes 0x80 to 0x9f are in windows-1252; 0: nothing. */
static const uint16_t windows_1252[32] = {
    0x20ac, 0,	    0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021,
    0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0,	    0x017d, 0,
    0,	    0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
    0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0,	    0x017e, 0x0178};

static bool
is_name(struct text text, const char *name)
{
	struct text wanted = text_from(name);
	size_t i;

	if (text_find(wanted, '*') == wanted.len)
		return text_equal_nocase(text, wanted);
	wanted.len--;
	if (!text_starts_nocase(text, wanted))
		return false;
	text = text_skip(text, wanted.len);
	for (i = 0; i < text.len; i++)
		if (!ascii_is_digit(text.at[i]))
			return false;
	return text.len == 1 || text.len == 2;
}

static bool
is_one_of(struct text text, const char *const *list)
{
	for (; *list != NULL; list++)
		if (is_name(text, *list))
			return true;
	return false;
}

static size_t
unit_of(struct text name)
{
	if (text_starts_nocase(name, TEXT("utf-16")) ||
	    text_starts_nocase(name, TEXT("ucs-2")))
		return 2;
	return text_starts_nocase(name, TEXT("utf-32")) ? 4 : 1;
}

static void
release(void *handle)
{
	struct charset *charset = handle;

	iconv_close(charset->iconv);
}

struct charset *
charset_new(struct arena *arena, struct text name, struct sink to)
{
	struct charset *charset;

	charset = arena_new_value(arena, struct charset);
	charset->to = to;
	charset->iconv = NO_ICONV;
	if (is_one_of(name, utf8_names))
		return charset;
	if (!is_one_of(name, names))
		return NULL;
	charset->unit = unit_of(name);
	charset->iconv = iconv_open("UTF-8", text_string(arena, name));
	if (charset->iconv == NO_ICONV)
		return NULL;
	arena_defer(arena, release, charset);
	return charset;
}

uint64_t
charset_misfits(const struct charset *charset)
{
	return charset->misfits;
}

/* --- UTF-8 --- */

static bool
put_code(struct charset *charset, unsigned c, struct why *why)
{
	char two_or_three[3];
	size_t len = 0;

	if (c < 0x800) {
		two_or_three[len++] = (char)(0xc0 | c >> 6);
	} else {
		two_or_three[len++] = (char)(0xe0 | c >> 12);
		two_or_three[len++] = (char)(0x80 | (c >> 6 & 0x3f));
	}
	two_or_three[len++] = (char)(0x80 | (c & 0x3f));
	return sink_put(charset->to, text_of(two_or_three, len), why);
}

static bool
put_misfit(struct charset *charset, char byte, struct why *why)
{
	unsigned c = (unsigned char)byte;

	charset->misfits++;
	if (c < 0xa0)
		c = windows_1252[c - 0x80];
	return put_code(charset, c != 0 ? c : 0xfffd, why);
}

/* Bytes of the character that the first byte announces. */
static size_t
announced(char first)
{
	unsigned char c = (unsigned char)first;

	return c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc0 ? 2 : 1;
}

/* True if more bytes could make a character of these. */
static bool
is_beginning(struct text text)
{
	size_t i;

	if (announced(text.at[0]) <= text.len)
		return false;
	for (i = 1; i < text.len; i++)
		if (((unsigned char)text.at[i] & 0xc0) != 0x80)
			return false;
	return true;
}

/* Passes on what is whole; what may be the beginning of a character stays
 * in *text, unless it is the last. */
static bool
put_utf8(struct charset *charset, struct text *text, bool last, struct why *why)
{
	size_t good = 0, len;
	uint32_t c;

	while (good < text->len) {
		if ((unsigned char)text->at[good] < 0x80) {
			good++;
			continue;
		}
		len = utf8_character(text_skip(*text, good), &c);
		good += len;
		if (len > 0)
			continue;
		if (good > 0 &&
		    !sink_put(charset->to, text_first(*text, good), why))
			return false;
		*text = text_skip(*text, good);
		good = 0;
		if (!last && is_beginning(*text))
			return true;
		if (!put_misfit(charset, text->at[0], why))
			return false;
		*text = text_skip(*text, 1);
	}
	len = text->len;
	if (len > 0 && !sink_put(charset->to, *text, why))
		return false;
	*text = text_skip(*text, len);
	return true;
}

/* --- the others --- */

static bool
put_out(struct charset *charset, size_t len, struct why *why)
{
	return len == 0 ||
	       sink_put(charset->to, text_of(charset->out, len), why);
}

/* As put_utf8. */
static bool
put_iconv(struct charset *charset, struct text *text, bool last,
	  struct why *why)
{
	while (text->len > 0) {
		char *in = (char *)(uintptr_t)text->at;
		char *out = charset->out;
		size_t in_left = text->len, out_left = OUT_BYTES, done;
		int problem = 0;

		if (iconv(charset->iconv, &in, &in_left, &out, &out_left) ==
		    (size_t)-1)
			problem = errno;
		if (!put_out(charset, OUT_BYTES - out_left, why))
			return false;
		done = text->len - in_left;
		*text = text_skip(*text, done);
		if (problem == EINVAL && !last && text->len < CARRY_BYTES)
			return true;
		if (problem == EINVAL || problem == EILSEQ) {
			charset->misfits++;
			if (!put_code(charset, 0xfffd, why))
				return false;
			*text = text_skip(*text, charset->unit);
		}
	}
	return true;
}

/* --- in pieces --- */

static bool
put_some(struct charset *charset, struct text *text, bool last, struct why *why)
{
	return charset->iconv == NO_ICONV ? put_utf8(charset, text, last, why)
					  : put_iconv(charset, text, last, why);
}

static void
carry(struct charset *charset, struct text rest)
{
	memmove(charset->carry, rest.at, rest.len);
	charset->carried = rest.len;
}

/* Adds byte by byte to what was carried, until a character is whole. */
static bool
put_carried(struct charset *charset, struct text *bytes, struct why *why)
{
	while (charset->carried > 0 && bytes->len > 0) {
		struct text whole;

		charset->carry[charset->carried++] = bytes->at[0];
		*bytes = text_skip(*bytes, 1);
		whole = text_of(charset->carry, charset->carried);
		if (!put_some(charset, &whole, false, why))
			return false;
		carry(charset, whole);
	}
	return true;
}

bool
charset_put(struct charset *charset, struct text bytes, struct why *why)
{
	if (!put_carried(charset, &bytes, why))
		return false;
	if (bytes.len == 0)
		return true;
	if (!put_some(charset, &bytes, false, why))
		return false;
	if (bytes.len > 0)
		carry(charset, bytes);
	return true;
}

bool
charset_finish(struct charset *charset, struct why *why)
{
	struct text rest = text_of(charset->carry, charset->carried);

	charset->carried = 0;
	return put_some(charset, &rest, true, why);
}
