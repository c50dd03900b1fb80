#include "judge/html_entity.h"

#include "base/ascii.h"

struct named {
	const char *name;
	uint32_t c;
};

/* Those that stand in words, or between them, in mail; of the others the
 * name is read as a word. */
static const struct named names[] = {
    {"AElig", 0xc6},	{"Aacute", 0xc1},  {"Acirc", 0xc2},
    {"Agrave", 0xc0},	{"Aring", 0xc5},   {"Atilde", 0xc3},
    {"Auml", 0xc4},	{"Ccedil", 0xc7},  {"ETH", 0xd0},
    {"Eacute", 0xc9},	{"Ecirc", 0xca},   {"Egrave", 0xc8},
    {"Euml", 0xcb},	{"Iacute", 0xcd},  {"Icirc", 0xce},
    {"Igrave", 0xcc},	{"Iuml", 0xcf},	   {"Ntilde", 0xd1},
    {"OElig", 0x152},	{"Oacute", 0xd3},  {"Ocirc", 0xd4},
    {"Ograve", 0xd2},	{"Oslash", 0xd8},  {"Otilde", 0xd5},
    {"Ouml", 0xd6},	{"Scaron", 0x160}, {"THORN", 0xde},
    {"Uacute", 0xda},	{"Ucirc", 0xdb},   {"Ugrave", 0xd9},
    {"Uuml", 0xdc},	{"Yacute", 0xdd},  {"aacute", 0xe1},
    {"acirc", 0xe2},	{"acute", 0xb4},   {"aelig", 0xe6},
    {"agrave", 0xe0},	{"amp", '&'},	   {"apos", '\''},
    {"aring", 0xe5},	{"atilde", 0xe3},  {"auml", 0xe4},
    {"bull", 0x2022},	{"ccedil", 0xe7},  {"cent", 0xa2},
    {"copy", 0xa9},	{"deg", 0xb0},	   {"eacute", 0xe9},
    {"ecirc", 0xea},	{"egrave", 0xe8},  {"emsp", 0x2003},
    {"ensp", 0x2002},	{"eth", 0xf0},	   {"euml", 0xeb},
    {"euro", 0x20ac},	{"gt", '>'},	   {"hellip", 0x2026},
    {"iacute", 0xed},	{"icirc", 0xee},   {"iexcl", 0xa1},
    {"igrave", 0xec},	{"iquest", 0xbf},  {"iuml", 0xef},
    {"laquo", 0xab},	{"ldquo", 0x201c}, {"lsquo", 0x2018},
    {"lt", '<'},	{"mdash", 0x2014}, {"middot", 0xb7},
    {"nbsp", ' '},	{"ndash", 0x2013}, {"ntilde", 0xf1},
    {"oacute", 0xf3},	{"ocirc", 0xf4},   {"oelig", 0x153},
    {"ograve", 0xf2},	{"ordf", 0xaa},	   {"ordm", 0xba},
    {"oslash", 0xf8},	{"otilde", 0xf5},  {"ouml", 0xf6},
    {"pound", 0xa3},	{"quot", '"'},	   {"raquo", 0xbb},
    {"rdquo", 0x201d},	{"reg", 0xae},	   {"rsquo", 0x2019},
    {"scaron", 0x161},	{"sect", 0xa7},	   {"shy", 0xad},
    {"sup2", 0xb2},	{"sup3", 0xb3},	   {"szlig", 0xdf},
    {"thinsp", 0x2009}, {"thorn", 0xfe},   {"times", 0xd7},
    {"trade", 0x2122},	{"uacute", 0xfa},  {"ucirc", 0xfb},
    {"ugrave", 0xf9},	{"uuml", 0xfc},	   {"yacute", 0xfd},
    {"yen", 0xa5},	{"yuml", 0xff},	   {"zwj", 0x200d},
    {"zwnj", 0x200c},
};

static uint32_t
named(struct text name)
{
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (text_equal(name, text_from(names[i].name)))
			return names[i].c;
	return 0;
}

static uint32_t
hexadecimal(struct text digits)
{
	uint32_t c = 0;
	size_t i;

	for (i = 0; i < digits.len && c <= 0x10ffff; i++)
		c = c * 16 + (uint32_t)ascii_hex_value(digits.at[i]);
	return c;
}

/* Behind "&#". */
static uint32_t
numbered(struct scan *in)
{
	struct text digits;
	uint32_t c = 0;
	size_t i;

	if (scan_string_nocase(in, "x"))
		c = hexadecimal(scan_while(in, ascii_is_hex));
	else
		for (digits = scan_while(in, ascii_is_digit), i = 0;
		     i < digits.len && c <= 0x10ffff; i++)
			c = c * 10 + (uint32_t)(digits.at[i] - '0');
	if (c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0xfffd;
	return c == 0xa0 ? ' ' : c;
}

uint32_t
html_entity_read(struct scan *in)
{
	struct scan ahead = *in;
	uint32_t c;

	if (!scan_char(&ahead, '&'))
		return 0;
	if (scan_char(&ahead, '#'))
		c = numbered(&ahead);
	else
		c = named(scan_while(&ahead, ascii_is_alnum));
	if (c == 0)
		return 0;
	scan_char(&ahead, ';');
	*in = ahead;
	return c;
}
