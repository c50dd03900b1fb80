/* A mailbox in one file: no message is longer than the file, and none has a
 * line that would begin another. */
#include <assert.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/text.h"
#include "base/why.h"
#include "dmarc-reporter/intake_mailbox.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct taken {
	size_t count, bytes;
};

static bool
take(void *data, struct text name, struct text message)
{
	struct taken *taken = data;

	assert(name.len > 0);
	taken->bytes += message.len;
	return ++taken->count < 50;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("mbox", MFD_CLOEXEC);
	struct taken taken = {0};
	struct intake_reader reader = {.take = take, .data = &taken};
	char path[40];
	struct why why;

	assert(write(fd, data, size) == (ssize_t)size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (intake_mbox_read(path, &reader, &why))
		assert(taken.bytes <= size);
	close(fd);
	return 0;
}
