#include "base/uuid.h"

/* Puts version and variant into the bytes. */
static void
write_uuid(unsigned char b[16], unsigned version, char to[UUID_STRING_BYTES])
{
	b[6] = (unsigned char)(version << 4 | (b[6] & 0x0f));
	b[8] = (unsigned char)(0x80 | (b[8] & 0x3f));
	snprintf(to, UUID_STRING_BYTES,
		 "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-"
		 "%02x%02x%02x%02x%02x%02x",
		 b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9],
		 b[10], b[11], b[12], b[13], b[14], b[15]);
}

void
uuid7_write(int64_t unix_ms, const unsigned char random[10],
	    char to[UUID_STRING_BYTES])
{
	unsigned char b[16];
	int i;

	for (i = 0; i < 6; i++)
		b[i] = (unsigned char)((uint64_t)unix_ms >> (40 - 8 * i));
	memcpy(b + 6, random, 10);
	write_uuid(b, 7, to);
}

void
uuid8_write(const unsigned char digest[16], char to[UUID_STRING_BYTES])
{
	unsigned char b[16];

	memcpy(b, digest, 16);
	write_uuid(b, 8, to);
}
