/* ascii.h - character classes that know no locale */
#ifndef BASE_ASCII_H
#define BASE_ASCII_H

#include <stdbool.h>

static inline bool
ascii_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool
ascii_is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static inline bool
ascii_is_alnum(char c)
{
	return ascii_is_alpha(c) || ascii_is_digit(c);
}

/* space and tab: WSP of RFC 5234 */
static inline bool
ascii_is_wsp(char c)
{
	return c == ' ' || c == '\t';
}

/* WSP, CR and LF: what folding white space is made of */
static inline bool
ascii_is_fws(char c)
{
	return ascii_is_wsp(c) || c == '\r' || c == '\n';
}

/* %x21-7E */
static inline bool
ascii_is_graph(char c)
{
	return c > ' ' && c < 0x7f;
}

static inline bool
ascii_is_hex(char c)
{
	return ascii_is_digit(c) || (c >= 'a' && c <= 'f') ||
	       (c >= 'A' && c <= 'F');
}

static inline char
ascii_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

/* value of a hexadecimal digit; the caller has checked that it is one */
static inline int
ascii_hex_value(char c)
{
	return ascii_is_digit(c) ? c - '0' : ascii_lower(c) - 'a' + 10;
}

#endif
