#include "base/why.h"

#include <stdarg.h>

/* As much of `from` as fits behind what is there. */
static void
why_append(char *to, size_t room, const char *from)
{
	size_t length = strlen(from);

	if (room == 0)
		return;
	if (length > room - 1)
		length = room - 1;
	memcpy(to, from, length);
	to[length] = '\0';
}

bool
why_set(struct why *why, const char *format, ...)
{
	va_list args;

	if (why == NULL)
		return false;
	va_start(args, format);
	vsnprintf(why->text, sizeof(why->text), format, args);
	va_end(args);
	return false;
}

bool
why_prefix(struct why *why, const char *format, ...)
{
	struct why rest;
	va_list args;
	size_t used;

	if (why == NULL)
		return false;
	rest = *why;
	va_start(args, format);
	vsnprintf(why->text, sizeof(why->text), format, args);
	va_end(args);
	used = strlen(why->text);
	why_append(why->text + used, sizeof(why->text) - used, ": ");
	used = strlen(why->text);
	why_append(why->text + used, sizeof(why->text) - used, rest.text);
	return false;
}
