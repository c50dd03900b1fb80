/* domain.h - domain names as mail uses them
 *
 * A struct domain exists only as domain_parse made it: A-labels, lower case,
 * no final dot, at most LIMIT_DOMAIN_BYTES, labels of letters, digits,
 * hyphens and underscores.  U-labels are converted by IDNA2008 with the
 * mapping of UTS #46, non-transitional (RFC 8616, RFC 9989 section 4.10).
 */
#ifndef BASE_DOMAIN_H
#define BASE_DOMAIN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

struct arena;
struct why;

struct domain {
	struct text name;
};

/* One final dot is taken off, upper case becomes lower.  An address literal, an empty label, a label
 * above 63 or a name above 253 bytes is an error.  The name is a copy. */
bool domain_parse(struct arena *arena, struct text text,
		  struct domain *domain, struct why *why);

bool domain_is_set(struct domain domain);
bool domain_equal(struct domain a, struct domain b);
/* True if `domain` is `parent` or below it. */
bool domain_is_within(struct domain domain, struct domain parent);
size_t domain_labels(struct domain domain);
/* The rightmost `labels` labels; all of it if it has no more. */
struct domain domain_last_labels(struct domain domain, size_t labels);
/* One label less on the left; empty if there was one only. */
struct domain domain_parent(struct domain domain);

/* True if every "xn--" label is what IDNA makes from some U-label.  Names are
 * parsed without asking: an A-label of a newer Unicode is still a name. */
bool domain_is_idna(struct arena *arena, struct domain domain);

/* U-labels for people, where that is safe (utf8_is_plain_label for each label,
 * one direction for all); else the A-labels. */
struct text domain_for_people(struct arena *arena, struct domain domain);

#endif
