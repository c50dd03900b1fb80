/* date.h - times as text */
#ifndef BASE_DATE_H
#define BASE_DATE_H

#include <stdint.h>

#include "base/text.h"

#define DATE_STRING_BYTES 32

/* "2026-11-22T06:07:08.123Z" (RFC 3339, UTC). */
void date_write_iso(int64_t unix_ms, char to[DATE_STRING_BYTES]);

/* "Sun, 22 Nov 2026 06:07:08 +0000" (RFC 5322 section 3.3). */
void date_write_mail(int64_t unix_s, char to[DATE_STRING_BYTES]);

enum date_form {
	DATE_UNREADABLE = 1,
	DATE_WITH_ZONE,	   /* RFC 3339 */
	DATE_WITHOUT_ZONE, /* the same without "Z" or offset: UTC is meant */
	DATE_DAY_ALONE	   /* "2026-11-22": its first second */
};

/* RFC 3339, with a space for the "T" and without seconds as well.  Seconds
 * since 1970; fractions are dropped. */
enum date_form date_parse_iso(struct text text, int64_t *unix_s);

#endif
