/* verp.h - the token in the envelope sender of our reports
 *
 * A report leaves with the sender PREFIX+TOKEN@DOMAIN, so that a delivery
 * status notification that comes back for it names the report itself, whatever
 * else the notification says (variable envelope return path).  The token is
 * base32 (RFC 4648 section 6, lower case, no padding) of one byte for the
 * kind, eight for the row (most significant first), and the first ten bytes of
 * HMAC-SHA256 over these nine: nobody else can make one.  Mail systems may
 * change the case of a local part: reading ignores it.
 */
#ifndef MAILAUTH_VERP_H
#define MAILAUTH_VERP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

struct arena;

/* 19 bytes in base32 */
#define VERP_TOKEN_CHARS 31
/* a key shorter than this is refused by who reads it from its file */
#define VERP_KEY_BYTES_MIN 32

/* The numbers are part of the token: never given a new meaning. */
enum verp_kind {
	VERP_NONE = 0,
	VERP_DMARC = 1,	 /* DMARC aggregate report */
	VERP_TLS = 2,	 /* TLS report */
	VERP_FAILURE = 3 /* DMARC failure report */
};

struct verp_token {
	enum verp_kind kind;
	uint64_t id; /* of the row of the report */
};

/* VERP_TOKEN_CHARS characters, a-z and 2-7. */
struct text verp_make(struct arena *arena, struct text key, enum verp_kind kind,
		      uint64_t id);

/* Reads the token that `local`, a local part or a bare token, ends with.
 * False: there is none, or it was not made with this key.  What it is
 * compared with takes the same time for every wrong token. */
bool verp_read(struct text key, struct text local, struct verp_token *token);

/* "dmarc", "tls", "failure". */
const char *verp_kind_name(enum verp_kind kind);

#endif
