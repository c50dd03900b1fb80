/* A message in the queue of Postfix, with another wish for TLS: what is
 * written is read the same, and the body stays. */
#include <assert.h>
#include <sys/mman.h>
#include <unistd.h>

#include "admin/queue_header.h"
#include "base/arena.h"
#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct text
copied(struct arena *arena, struct text message, enum queue_retls wish)
{
	int from = memfd_create("from", MFD_CLOEXEC),
	    to = memfd_create("to", MFD_CLOEXEC);
	size_t most = message.len + 100;
	char *bytes = arena_bytes(arena, most);
	ssize_t n;

	assert(write(from, message.at, message.len) == (ssize_t)message.len);
	assert(lseek(from, 0, SEEK_SET) == 0);
	assert(queue_header_copy(from, to, wish));
	n = pread(to, bytes, most, 0);
	assert(n >= 0);
	close(from);
	close(to);
	return text_of(bytes, (size_t)n);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text message = text_of((const char *)data, size);
	struct arena *arena = arena_new();
	struct text plain = copied(arena, message, QUEUE_RETLS_DEFAULT), again;

	assert(plain.len <= message.len);
	again = copied(arena, plain, QUEUE_RETLS_YES);
	assert(text_starts(again, TEXT("Require-TLS-ESMTP: yes\n")));
	again = copied(arena, again, QUEUE_RETLS_NO);
	assert(text_starts(again, TEXT("TLS-Required: no\n")));
	again = copied(arena, again, QUEUE_RETLS_DEFAULT);
	/* without a header there is an empty line now */
	if (plain.len > 0 && (plain.at[0] == ' ' || plain.at[0] == '\t'))
		again = text_skip(again, 1);
	assert(text_equal(again, plain));
	arena_free(arena);
	return 0;
}
