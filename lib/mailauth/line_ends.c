#include "mailauth/line_ends.h"

#include <string.h>

/* But for the last byte, whose LF may follow. */
static bool
has_bare_cr(struct text text)
{
	const char *at = text.at, *last = text.at + text.len - 1;

	while (at < last) {
		at = memchr(at, '\r', (size_t)(last - at));
		if (at == NULL)
			return false;
		if (*++at != '\n')
			return true;
	}
	return false;
}

static bool
has_bare_lf(struct text text, bool cr)
{
	const char *at = text.at, *end = text.at + text.len;

	while (at < end) {
		at = memchr(at, '\n', (size_t)(end - at));
		if (at == NULL)
			return false;
		if (at == text.at ? !cr : at[-1] != '\r')
			return true;
		at++;
	}
	return false;
}

void
line_ends_field(struct line_ends *ends, struct text value)
{
	if (value.len == 0 || ends->bare_cr)
		return;
	ends->bare_cr = has_bare_cr(value) || value.at[value.len - 1] == '\r';
}

void
line_ends_body(struct line_ends *ends, struct text chunk)
{
	if (chunk.len == 0)
		return;
	if (!ends->bare_cr)
		ends->bare_cr =
		    (ends->cr && chunk.at[0] != '\n') || has_bare_cr(chunk);
	if (!ends->bare_lf)
		ends->bare_lf = has_bare_lf(chunk, ends->cr);
	ends->cr = chunk.at[chunk.len - 1] == '\r';
}

void
line_ends_finish(struct line_ends *ends)
{
	ends->bare_cr |= ends->cr;
	ends->cr = false;
}

const char *
line_ends_words(const struct line_ends *ends)
{
	if (ends->bare_cr && ends->bare_lf)
		return "bare CR and bare LF";
	return ends->bare_cr ? "bare CR" : ends->bare_lf ? "bare LF" : NULL;
}
