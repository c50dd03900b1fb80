/* date.h - times as text */
#ifndef BASE_DATE_H
#define BASE_DATE_H

#include <stdint.h>

#define DATE_STRING_BYTES 32

/* "2026-11-22T06:07:08.123Z" (RFC 3339, UTC). */
void date_write_iso(int64_t unix_ms, char to[DATE_STRING_BYTES]);

#endif
