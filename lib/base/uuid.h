/* uuid.h - UUID version 7 (RFC 9562 section 5.7) */
#ifndef BASE_UUID_H
#define BASE_UUID_H

#include <stdint.h>

#define UUID_STRING_BYTES 37

/* `random` is 10 random bytes; the time stands in the first 48 bits, so that
 * ids sort by time. */
void uuid7_write(int64_t unix_ms, const unsigned char random[10],
		 char to[UUID_STRING_BYTES]);

#endif
