/* spf_macro.h - macro strings of SPF (RFC 7208 section 7)
 *
 * A macro string is checked once, when the record is parsed; expanding a
 * checked string cannot fail, it can only grow too long.
 */
#ifndef MAILAUTH_SPF_MACRO_H
#define MAILAUTH_SPF_MACRO_H

#include <stdbool.h>

#include "base/ipaddr.h"
#include "base/text.h"

struct arena;
struct buf;
struct why;

/* Where a macro string stands decides which letters it may have. */
enum spf_macro_place {
	SPF_MACRO_IN_DOMAIN = 1, /* s l o d i p v h */
	SPF_MACRO_IN_MODIFIER,	 /* of an unknown name: those and c r t */
	SPF_MACRO_IN_EXPLANATION /* the same, and spaces between */
};

/* What the letters of section 7.2 stand for. */
struct spf_macro_values {
	struct text sender, local_part, sender_domain; /* s l o */
	struct text domain;			       /* d */
	struct text address;			       /* i */
	struct text validated_name;		       /* p */
	struct text version;			       /* v */
	struct text helo;			       /* h */
	struct text readable_address, receiver, time;  /* c r t */
};

/* Section 7.1: letters, transformers, delimiters, literals. */
bool spf_macro_check(struct text string, enum spf_macro_place place,
		     struct why *why);
/* The same, and ends in ".toplabel" or in a macro (domain-end). */
bool spf_macro_check_domain_spec(struct text spec, struct why *why);

/* True if the macro `letter` (lower case) is used in either case. */
bool spf_macro_uses(struct text string, char letter);

/* Appends the expansion of a checked string. */
void spf_macro_expand(struct text string, const struct spf_macro_values *values,
		      struct buf *to);

/* Expands a checked domain-spec to the name that is asked: no final dot, at
 * most LIMIT_DOMAIN_BYTES by taking labels off on the left (section 7.3).
 * False if it is longer than anybody needs or not ASCII: then nothing can
 * match (RFC 8616 section 4). */
bool spf_macro_target(struct arena *arena, struct text spec,
		      const struct spf_macro_values *values, struct text *name);

/* The value of "i": dotted quad, or 32 nibbles with dots between. */
struct text spf_macro_address(struct arena *arena,
			      const struct ipaddr *address);

#endif
