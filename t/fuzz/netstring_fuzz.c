/* What is whole reads the same when it is written again. */
#include <assert.h>
#include <string.h>

#include "base/netstring.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text input = text_of((const char *)data, size), payload;
	char head[NETSTRING_FRAME_BYTES];
	size_t used, length;

	switch (netstring_parse(input, 1000, &payload, &used)) {
	case NETSTRING_WHOLE:
		assert(used <= size && payload.len <= 1000);
		length = netstring_head(head, payload.len);
		assert(used == length + payload.len + 1);
		assert(memcmp(head, data, length) == 0);
		break;
	case NETSTRING_MORE:
		assert(size <= 1000 + NETSTRING_FRAME_BYTES);
		break;
	case NETSTRING_TOO_LONG:
	case NETSTRING_BROKEN:
		break;
	}
	return 0;
}
