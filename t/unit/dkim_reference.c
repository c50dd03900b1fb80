#include "t/unit/dkim_reference.h"

#include "base/arena.h"
#include "base/ascii.h"
#include "base/buf.h"

#define CEILING (32u << 20)

/* White space runs to one space, none before CRLF; then empty lines off. */
struct text
reference_body(struct arena *arena, bool relaxed, struct text body)
{
	struct buf out;
	struct text done;
	size_t i, j;

	buf_init(&out, arena, CEILING);
	for (i = 0; i < body.len; i++) {
		if (!relaxed || !ascii_is_wsp(body.at[i])) {
			buf_char(&out, body.at[i]);
			continue;
		}
		for (j = i; j < body.len && ascii_is_wsp(body.at[j]); j++)
			;
		if (j < body.len &&
		    !text_starts(text_skip(body, j), TEXT("\r\n")))
			buf_char(&out, ' ');
		i = j - 1;
	}
	done = buf_view(&out);
	while (text_ends_nocase(done, TEXT("\r\n")))
		done.len -= 2;
	if (done.len == 0)
		return relaxed ? done : TEXT("\r\n");
	buf_clear(&out);
	buf_text(&out, text_copy(arena, done));
	buf_string(&out, "\r\n");
	return buf_view(&out);
}

struct text
reference_field(struct arena *arena, bool relaxed, struct text name,
		struct text value)
{
	struct buf out;
	bool space = false, any = false;
	size_t i;

	buf_init(&out, arena, CEILING);
	buf_text(&out, relaxed ? text_lower(arena, name) : name);
	buf_char(&out, ':');
	for (i = 0; i < value.len; i++) {
		if (!relaxed) {
			buf_char(&out, value.at[i]);
			continue;
		}
		if (text_starts(text_skip(value, i), TEXT("\r\n"))) {
			i++;
			continue;
		}
		if (ascii_is_wsp(value.at[i])) {
			space = true;
			continue;
		}
		if (space && any)
			buf_char(&out, ' ');
		buf_char(&out, value.at[i]);
		space = false;
		any = true;
	}
	return buf_view(&out);
}
