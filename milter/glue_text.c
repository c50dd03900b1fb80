#include "milter/glue_text.h"

#include "base/arena.h"

struct text
glue_without_brackets(const char *path)
{
	struct text text = text_from(path);

	if (text.len >= 2 && text.at[0] == '<' && text.at[text.len - 1] == '>')
		return text_of(text.at + 1, text.len - 2);
	return text;
}

char *
glue_header_value(struct arena *arena, struct text space, struct text value)
{
	char *to = arena_bytes(arena, space.len + value.len + 1), *at = to;
	size_t i;

	for (i = 0; i < space.len; i++)
		*at++ = space.at[i];
	for (i = 0; i < value.len; i++)
		if (value.at[i] != '\r')
			*at++ = value.at[i];
	*at = '\0';
	return to;
}
