/* poison - a library that a test loads before a program, to have it crash
 *
 * $SIGNET_POISON_AT names a function of a foreign library that the program
 * calls, $SIGNET_POISON bytes: when the function is to look at those, the
 * program crashes there, as a mistake in its parsers would do it.  The programs
 * themselves hold nothing of it.
 *
 * $SIGNET_POISON_BY is "abort", or "fault" for a write to no memory.
 */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

void *find_next(const char *name);
int EVP_DigestUpdate(void *context, const void *bytes, size_t count);
const unsigned char *u8_check(const unsigned char *bytes, size_t count);
void *json_loadb(const char *bytes, size_t count, size_t flags, void *error);
int ub_resolve_async(void *context, const char *name, int type, int class,
		     void *data, void *call, int *id);
void *memmem(const void *bytes, size_t count, const void *part, size_t length);

static int
holds(const char *bytes, size_t count, const char *part)
{
	size_t length = strlen(part), i;

	for (i = 0; length > 0 && i + length <= count; i++)
		if (memcmp(bytes + i, part, length) == 0)
			return 1;
	return 0;
}

static void
taste(const char *function, const void *bytes, size_t count)
{
	const char *at = getenv("SIGNET_POISON_AT");
	const char *poison = getenv("SIGNET_POISON");
	const char *by = getenv("SIGNET_POISON_BY");

	if (at == NULL || poison == NULL || strcmp(at, function) != 0 ||
	    !holds(bytes, count, poison))
		return;
	if (by != NULL && strcmp(by, "fault") == 0)
		*(volatile int *)(unsigned long)strlen("") = 1;
	abort();
}

void *
find_next(const char *name)
{
	void *next = dlsym(RTLD_NEXT, name);

	if (next == NULL)
		abort();
	return next;
}

int
EVP_DigestUpdate(void *context, const void *bytes, size_t count)
{
	int (*next)(void *, const void *, size_t) = find_next(__func__);

	taste(__func__, bytes, count);
	return next(context, bytes, count);
}

const unsigned char *
u8_check(const unsigned char *bytes, size_t count)
{
	const unsigned char *(*next)(const unsigned char *, size_t) =
	    find_next(__func__);

	taste(__func__, bytes, count);
	return next(bytes, count);
}

void *
json_loadb(const char *bytes, size_t count, size_t flags, void *error)
{
	void *(*next)(const char *, size_t, size_t, void *) =
	    find_next(__func__);

	taste(__func__, bytes, count);
	return next(bytes, count, flags, error);
}

int
ub_resolve_async(void *context, const char *name, int type, int class,
		 void *data, void *call, int *id)
{
	int (*next)(void *, const char *, int, int, void *, void *, int *) =
	    find_next(__func__);

	taste(__func__, name, strlen(name));
	return next(context, name, type, class, data, call, id);
}

void *
memmem(const void *bytes, size_t count, const void *part, size_t length)
{
	void *(*next)(const void *, size_t, const void *, size_t) =
	    find_next(__func__);

	taste(__func__, bytes, count);
	return next(bytes, count, part, length);
}
