#include "base/base64.h"

#include "base/arena.h"
#include "base/ascii.h"

static const char digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* value of a digit plus one; 0 for all other bytes */
static const uint8_t value_plus_1[256] = {
    ['A'] = 1,	['B'] = 2,  ['C'] = 3,	['D'] = 4,  ['E'] = 5,	['F'] = 6,
    ['G'] = 7,	['H'] = 8,  ['I'] = 9,	['J'] = 10, ['K'] = 11, ['L'] = 12,
    ['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16, ['Q'] = 17, ['R'] = 18,
    ['S'] = 19, ['T'] = 20, ['U'] = 21, ['V'] = 22, ['W'] = 23, ['X'] = 24,
    ['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28, ['c'] = 29, ['d'] = 30,
    ['e'] = 31, ['f'] = 32, ['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36,
    ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40, ['o'] = 41, ['p'] = 42,
    ['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48,
    ['w'] = 49, ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54,
    ['2'] = 55, ['3'] = 56, ['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60,
    ['8'] = 61, ['9'] = 62, ['+'] = 63, ['/'] = 64,
};

/* What may stand behind the last digit: the padding that `have` digits of
 * the last group want, and FWS. */
static bool
padding_is_right(struct text rest, size_t have)
{
	size_t wanted = have == 0 ? 0 : 4 - have, seen = 0, i;

	for (i = 0; i < rest.len; i++)
		if (rest.at[i] == '=')
			seen++;
		else if (!ascii_is_fws(rest.at[i]))
			return false;
	return have != 1 && seen == wanted;
}

/* Groups of four digits with nothing between, from `at` on, become three
 * bytes each; gives how many groups there were. */
static size_t
decode_groups(const char *at, size_t len, char *to)
{
	size_t groups = 0;

	for (; len >= 4; len -= 4, at += 4, groups++) {
		uint32_t a = value_plus_1[(unsigned char)at[0]],
			 b = value_plus_1[(unsigned char)at[1]],
			 c = value_plus_1[(unsigned char)at[2]],
			 d = value_plus_1[(unsigned char)at[3]], group;

		if (a == 0 || b == 0 || c == 0 || d == 0)
			break;
		group = (a - 1) << 18 | (b - 1) << 12 | (c - 1) << 6 | (d - 1);
		*to++ = (char)(group >> 16);
		*to++ = (char)(group >> 8);
		*to++ = (char)group;
	}
	return groups;
}

bool
base64_decode(struct arena *arena, struct text text, struct text *bytes)
{
	char *to = arena_bytes(arena, text.len / 4 * 3 + 3);
	size_t len = 0, have = 0, groups, i;
	uint32_t group = 0;
	uint8_t value;

	for (i = 0; i < text.len; i++) {
		if (have == 0) {
			groups =
			    decode_groups(text.at + i, text.len - i, to + len);
			i += groups * 4;
			len += groups * 3;
			if (i == text.len)
				break;
		}
		value = value_plus_1[(unsigned char)text.at[i]];
		if (value == 0) {
			if (ascii_is_fws(text.at[i]))
				continue;
			break;
		}
		group = group << 6 | (value - 1u);
		if (++have < 4)
			continue;
		to[len++] = (char)(group >> 16);
		to[len++] = (char)(group >> 8);
		to[len++] = (char)group;
		have = 0;
		group = 0;
	}
	if (!padding_is_right(text_skip(text, i), have))
		return false;
	if (have == 2)
		to[len++] = (char)(group >> 4);
	if (have == 3) {
		to[len++] = (char)(group >> 10);
		to[len++] = (char)(group >> 2);
	}
	*bytes = text_of(to, len);
	return true;
}

struct text
base64_encode(struct arena *arena, struct text bytes)
{
	char *to = arena_bytes(arena, (bytes.len + 2) / 3 * 4 + 1);
	size_t len = 0, i;

	for (i = 0; i < bytes.len; i += 3) {
		size_t left = bytes.len - i;
		uint32_t group = (uint32_t)(unsigned char)bytes.at[i] << 16;

		if (left > 1)
			group |= (uint32_t)(unsigned char)bytes.at[i + 1] << 8;
		if (left > 2)
			group |= (unsigned char)bytes.at[i + 2];
		to[len++] = digits[group >> 18];
		to[len++] = digits[group >> 12 & 63];
		to[len++] = left > 1 ? digits[group >> 6 & 63] : '=';
		to[len++] = left > 2 ? digits[group & 63] : '=';
	}
	return text_of(to, len);
}
