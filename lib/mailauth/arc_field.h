/* arc_field.h - the three header fields of an ARC set (RFC 8617 section 4.1)
 */
#ifndef MAILAUTH_ARC_FIELD_H
#define MAILAUTH_ARC_FIELD_H

#include <stdbool.h>

#include "mailauth/dkim_signature.h"
#include "mailauth/message.h"

struct arena;
struct why;

enum arc_kind {
	ARC_NO_FIELD = 0,
	ARC_AUTHENTICATION_RESULTS,
	ARC_MESSAGE_SIGNATURE,
	ARC_SEAL
};

enum arc_cv { ARC_CV_NONE = 1, ARC_CV_PASS, ARC_CV_FAIL };

struct arc_field {
	enum arc_kind kind;
	const struct header_field *field;
	unsigned instance;   /* 1 to LIMIT_ARC_SETS */
	enum arc_cv cv;	     /* seal */
	struct text results; /* authentication results after "i=N;" */
	struct dkim_signature signature; /* seal, message signature */
	const char *unusable; /* message signature: why it cannot verify */
};

enum arc_kind arc_kind_of(const struct header_field *field);

/* False if the field breaks the structure of the chain: no instance, or a
 * seal that cannot be read.  A message signature with an instance that cannot
 * verify is read and marked `unusable`: only the newest must verify. */
bool arc_field_parse(struct arena *arena, const struct header_field *field,
		     struct arc_field *parsed, struct why *why);

#endif
