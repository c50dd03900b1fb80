#include "gen_text.h"

#include "corpus.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void
reserve(struct str *str, size_t more)
{
	if (str->len + more + 1 <= str->size)
		return;
	str->size = (str->len + more + 1) * 2;
	str->data = need_more(str->data, str->size);
}

void
str_bytes(struct str *str, const char *bytes, size_t len)
{
	reserve(str, len);
	memcpy(str->data + str->len, bytes, len);
	str->len += len;
	str->data[str->len] = '\0';
}

void
str_add(struct str *str, const char *format, ...)
{
	char piece[8192];
	va_list arguments;
	int len;

	va_start(arguments, format);
	len = vsnprintf(piece, sizeof(piece), format, arguments);
	va_end(arguments);
	if (len > 0)
		str_bytes(str, piece,
			  (size_t)len < sizeof(piece) ? (size_t)len
						      : sizeof(piece) - 1);
}

void
str_clear(struct str *str)
{
	reserve(str, 0);
	str->len = 0;
	str->data[0] = '\0';
}
