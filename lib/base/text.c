#include "base/text.h"

#include "base/arena.h"
#include "base/ascii.h"

struct text
text_from(const char *string)
{
	return text_of(string, string != NULL ? strlen(string) : 0);
}

bool
text_equal(struct text a, struct text b)
{
	return a.len == b.len &&
	       (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

bool
text_equal_nocase(struct text a, struct text b)
{
	size_t i;

	if (a.len != b.len)
		return false;
	for (i = 0; i < a.len; i++)
		if (ascii_lower(a.at[i]) != ascii_lower(b.at[i]))
			return false;
	return true;
}

int
text_compare(struct text a, struct text b)
{
	size_t shorter = a.len < b.len ? a.len : b.len;
	int order = shorter > 0 ? memcmp(a.at, b.at, shorter) : 0;

	if (order != 0)
		return order;
	return (a.len > b.len) - (a.len < b.len);
}

bool
text_starts(struct text text, struct text prefix)
{
	return text_equal(text_first(text, prefix.len), prefix);
}

bool
text_starts_nocase(struct text text, struct text prefix)
{
	return text_equal_nocase(text_first(text, prefix.len), prefix);
}

bool
text_ends_nocase(struct text text, struct text suffix)
{
	return text.len >= suffix.len &&
	       text_equal_nocase(text_skip(text, text.len - suffix.len),
				 suffix);
}

struct text
text_skip(struct text text, size_t count)
{
	if (count >= text.len)
		return text_of(text.at, 0);
	return text_of(text.at + count, text.len - count);
}

struct text
text_first(struct text text, size_t count)
{
	return text_of(text.at, count < text.len ? count : text.len);
}

struct text
text_trim(struct text text)
{
	while (text.len > 0 && ascii_is_fws(text.at[0]))
		text = text_skip(text, 1);
	while (text.len > 0 && ascii_is_fws(text.at[text.len - 1]))
		text.len--;
	return text;
}

size_t
text_find(struct text text, char c)
{
	const char *found;

	found = text.len > 0 ? memchr(text.at, c, text.len) : NULL;
	return found != NULL ? (size_t)(found - text.at) : text.len;
}

size_t
text_find_last(struct text text, char c)
{
	size_t i;

	for (i = text.len; i > 0; i--)
		if (text.at[i - 1] == c)
			return i - 1;
	return text.len;
}

bool
text_has(struct text text, char c)
{
	return text_find(text, c) < text.len;
}

struct text
text_copy(struct arena *arena, struct text text)
{
	char *copy = arena_bytes(arena, text.len);

	if (text.len > 0)
		memcpy(copy, text.at, text.len);
	return text_of(copy, text.len);
}

char *
text_string(struct arena *arena, struct text text)
{
	char *copy = arena_bytes(arena, text.len + 1);

	if (text.len > 0)
		memcpy(copy, text.at, text.len);
	copy[text.len] = '\0';
	return copy;
}

struct text
text_lower(struct arena *arena, struct text text)
{
	char *copy = arena_bytes(arena, text.len);
	size_t i;

	for (i = 0; i < text.len; i++)
		copy[i] = ascii_lower(text.at[i]);
	return text_of(copy, text.len);
}

struct text
text_without_fws(struct arena *arena, struct text text)
{
	char *copy = arena_bytes(arena, text.len);
	size_t i, kept = 0;

	for (i = 0; i < text.len; i++)
		if (!ascii_is_fws(text.at[i]))
			copy[kept++] = text.at[i];
	return text_of(copy, kept);
}

bool
text_to_u64(struct text text, uint64_t most, uint64_t *value)
{
	uint64_t sum = 0;
	size_t i;

	if (text.len == 0)
		return false;
	for (i = 0; i < text.len; i++) {
		if (!ascii_is_digit(text.at[i]) ||
		    __builtin_mul_overflow(sum, 10, &sum) ||
		    __builtin_add_overflow(sum,
					   (uint64_t)(text.at[i] - '0'), &sum))
			return false;
		if (sum > most)
			return false;
	}
	*value = sum;
	return true;
}
