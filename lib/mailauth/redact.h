/* redact.h - what of a message may be told to others (RFC 6590)
 *
 * Local parts are replaced by a keyed hash: the same address gives the same
 * token while the key stays, so that the reader of several reports sees what
 * belongs together, and nobody can find the address from the token.  Of the
 * header only fields of a fixed list are kept, and of those only what helps
 * to find out why authentication failed.
 */
#ifndef MAILAUTH_REDACT_H
#define MAILAUTH_REDACT_H

#include <stdbool.h>

#include "base/text.h"

struct arena;
struct buf;
struct message;

/* characters of a token */
#define REDACT_TOKEN_CHARS 16

/* Token of a local part (RFC 6590 section 3; ASCII case is ignored). */
struct text redact_local(struct arena *arena, struct text key,
			 struct text local);

/* "local@domain" with the local part replaced; the domain stays.  Text
 * without '@' is replaced whole, empty text stays. */
struct text redact_address(struct arena *arena, struct text key,
			   struct text address);

/* Free text: every word that looks like an address has its local part
 * replaced, links lose their path and become "hxxp://", control bytes are
 * escaped. */
struct text redact_text(struct arena *arena, struct text key, struct text text);

/* Writes "Name: value" lines (CRLF) of the fields that may be told, in their
 * order, redacted, at most `most` bytes: fields that do not fit are left out
 * whole.  Never written: Bcc, Cc-less recipients in trace fields ("for"),
 * Delivered-To, X-Original-To, List-Unsubscribe, anything not in the list.
 */
void redact_header(struct arena *arena, struct text key,
		   const struct message *message, size_t most, struct buf *to);

#endif
