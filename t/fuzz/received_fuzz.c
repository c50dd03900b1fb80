#include <stdint.h>

#include "mailauth/received.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct received_from from;

	received_parse(text_of((const char *)data, size), &from);
	return 0;
}
