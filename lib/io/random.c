#include "io/random.h"

#include <errno.h>
#include <sys/random.h>

bool
random_fill(void *to, size_t bytes)
{
	char *at = to;
	ssize_t got;

	while (bytes > 0) {
		got = getrandom(at, bytes, 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		at += got;
		bytes -= (size_t)got;
	}
	return true;
}
