/* redact.h - what of a message may be told to others (RFC 6590)
 *
 * Local parts are replaced by a keyed hash: the same address gives the same
 * token while the key stays, so that the reader of several reports sees what
 * belongs together, and nobody finds the address from the token.  Of the
 * header only fields of a fixed list are told, and of those only what helps
 * to find out why authentication failed.  Output is ASCII.
 */
#ifndef MAILAUTH_REDACT_H
#define MAILAUTH_REDACT_H

#include <stdbool.h>

#include "base/text.h"

struct arena;
struct buf;
struct message;

/* characters of a token: 80 bits in base32 */
#define REDACT_TOKEN_CHARS 16

/* Token of a local part; its case is ignored, since addresses are written in
 * any case and belong together all the same. */
struct text redact_local(struct arena *arena, struct text key,
			 struct text local);

/* "local@domain" with the local part replaced; the domain stays.  Text
 * without '@' is replaced whole, empty text stays. */
struct text redact_address(struct arena *arena, struct text key,
			   struct text address);

/* Free text of a header field, encoded words decoded: the local part of what
 * looks like an address is replaced, links become "hxxp://host/..." without
 * what stands behind their host, other bytes than printable ASCII become '?'.
 */
struct text redact_text(struct arena *arena, struct text key, struct text text);

/* Writes "Name: value" lines (CRLF, at most 998 bytes) of the fields that may
 * be told, in their order, redacted, up to the first that would pass `most`
 * bytes in all.  Of To and Cc only addresses are told, of Received only the
 * two hosts, the address and the date, of Content-Type only the type, of
 * DKIM-Signature everything but z= and the local part of i=.  Never told: who
 * the recipient is (Bcc, Delivered-To, "for" in Received), list addresses that
 * name a subscriber, anything that is not in the list. */
void redact_header(struct arena *arena, struct text key,
		   const struct message *message, size_t most, struct buf *to);

#endif
