/* uuid.h - UUID versions 7 and 8 (RFC 9562 sections 5.7 and 5.8) */
#ifndef BASE_UUID_H
#define BASE_UUID_H

#include <stdint.h>

#define UUID_STRING_BYTES 37

/* `random` is 10 random bytes; the time stands in the first 48 bits, so that
 * ids sort by time. */
void uuid7_write(int64_t unix_ms, const unsigned char random[10],
		 char to[UUID_STRING_BYTES]);

/* From the first 16 bytes of a digest: equal things have equal ids. */
void uuid8_write(const unsigned char digest[16], char to[UUID_STRING_BYTES]);

#endif
