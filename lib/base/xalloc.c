#include "base/xalloc.h"

#include <stdint.h>

void
xalloc_check(bool good)
{
	if (good)
		return;
	fputs("out of memory\n", stderr);
	abort();
}

static void *
or_end(void *memory)
{
	xalloc_check(memory != NULL);
	return memory;
}

void *
xcalloc(size_t count, size_t size)
{
	return or_end(calloc(count > 0 ? count : 1, size > 0 ? size : 1));
}

void *
xrealloc(void *old, size_t count, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes))
		bytes = SIZE_MAX;
	return or_end(realloc(old, bytes > 0 ? bytes : 1));
}

char *
xstrdup(const char *string)
{
	return or_end(strdup(string));
}
