/* zone_text.h - the data of a TXT record as a zone file has it
 *
 * RFC 1035 sections 3.3.14 and 5.1: strings of at most 255 bytes each, which
 * whoever reads the record joins without a space (RFC 6376 section 3.6.2.2,
 * RFC 7208 section 3.3).
 */
#ifndef BASE_ZONE_TEXT_H
#define BASE_ZONE_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/text.h"

struct arena;
struct why;

/* One record may hold this much: the length of its data has 16 bits. */
#define ZONE_TEXT_BYTES_MAX (65535u / 256 * 255)

/* "..." "..." on one line, each string as long as can be; what is not
 * printable ASCII as \DDD.  Empty text is "". */
void zone_text_write(struct buf *to, struct text text);

/* A line of a zone file without a class, which the zone supplies:
 *
 *	NAME.	TTL	TXT	"..." "..."
 *
 * `name` is whole and has no final dot. */
void zone_text_write_record(struct buf *to, struct text name, uint32_t ttl_s,
			    struct text text);

/* The strings of such data, quoted or not, joined; parentheses and comments
 * as dns_zone.h has them.  What has no string or goes on with another record
 * is an error.  The text lies in the arena. */
bool zone_text_read(struct arena *arena, struct text data, struct text *text,
		    struct why *why);

#endif
