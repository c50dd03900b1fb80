#include "base/mailto.h"

#include "base/ascii.h"
#include "base/buf.h"

static const struct text scheme = TEXT_INIT("mailto:");

static bool
is_plain(char c)
{
	static const char also[] = "-._~@+*'$:";

	return ascii_is_alnum(c) || (c != '\0' && strchr(also, c) != NULL);
}

struct text
mailto_write(struct arena *arena, struct text address)
{
	struct buf to;
	size_t i;

	buf_init(&to, arena, scheme.len + 3 * address.len + 1);
	buf_text(&to, scheme);
	for (i = 0; i < address.len; i++)
		if (is_plain(address.at[i]))
			buf_char(&to, address.at[i]);
		else
			buf_printf(&to, "%%%02X", (unsigned char)address.at[i]);
	return buf_view(&to);
}
