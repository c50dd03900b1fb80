#include <assert.h>

#include "base/arena.h"
#include "base/archive.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
count(void *handle, struct text bytes, struct why *why)
{
	size_t *sum = handle;

	*sum += bytes.len;
	return true;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text bytes = text_of((const char *)data, size);
	size_t sum = 0;

	archive_read(bytes, 100000, (struct sink){count, &sum}, NULL);
	assert(sum <= 100000);
	if (archive_sniff(bytes) == ARCHIVE_NOT)
		assert(sum == (size <= 100000 ? size : 0));
	return 0;
}
