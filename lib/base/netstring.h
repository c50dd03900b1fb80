/* netstring.h - "5:hello,": bytes with their length before them
 *
 * What Postfix's and Sendmail's socketmaps speak, in both directions.  No
 * needless zeros before the length, no spaces.
 */
#ifndef BASE_NETSTRING_H
#define BASE_NETSTRING_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

/* room for the length of anything and both signs */
#define NETSTRING_FRAME_BYTES 22

enum netstring_step {
	NETSTRING_MORE = 1, /* the input ends before the netstring */
	NETSTRING_WHOLE,
	NETSTRING_TOO_LONG, /* its length is above `most` */
	NETSTRING_BROKEN    /* this will never be one */
};

/* Reads the netstring at the start of `input`.  `payload` borrows; `used` is
 * how many bytes all of it takes.  Both are set for NETSTRING_WHOLE only. */
enum netstring_step netstring_parse(struct text input, size_t most,
				    struct text *payload, size_t *used);

/* Writes what stands before `payload_bytes` bytes ("5:"), no terminating
 * zero; the comma behind them is the caller's.  Returns its length. */
size_t netstring_head(char head[NETSTRING_FRAME_BYTES], size_t payload_bytes);

#endif
