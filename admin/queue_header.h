/* queue_header.h - the header of a queued message with another wish for TLS
 *
 * RFC 8689: TLS-Required: no (section 5).  Require-TLS-ESMTP is the field
 * that Postfix 3.11 reads as REQUIRETLS, and that docs/requiretls.md has
 * older releases read.
 */
#ifndef ADMIN_QUEUE_HEADER_H
#define ADMIN_QUEUE_HEADER_H

#include <stdbool.h>

enum queue_retls {
	QUEUE_RETLS_DEFAULT, /* neither field */
	QUEUE_RETLS_YES,
	QUEUE_RETLS_NO
};

/* Copies the message from `from` to `to`, both from where they stand: the
 * two fields are taken out, wherever they are, and the one for `wish` stands
 * on top.  False when a file cannot be read or written, with errno. */
bool queue_header_copy(int from, int to, enum queue_retls wish);

#endif
