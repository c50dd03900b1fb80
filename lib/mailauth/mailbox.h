/* mailbox.h - addresses of RFC 5322
 *
 * One strict grammar: RFC 5322 section 3.4 with the obsolete forms of section
 * 4.4, and UTF-8 (RFC 6532).  Refused in any place: control bytes, NUL, a CR
 * or LF that is not folding, text behind an angle address, brackets without
 * their partner, addresses without '@' in angle brackets.
 *
 * Read beyond the grammar, since every reader gets the same domain:
 *  - bytes that are not UTF-8, '[' and ']' in a display name;
 *  - words without an address between commas (`Last, First <a@example.com>`);
 *  - an unquoted address as display name (`a@example.com <a@example.com>`).
 *
 * Some fields follow the grammar, or the exceptions above, and are still read
 * in two ways.  Those parse, with the reason in `doubt`:
 *  - a source route (`<@a.example:b@c.example>`);
 *  - comments or space inside a domain (`a@b.example(x).c.example`), where
 *    some readers end it;
 *  - an encoded word in a local part, which some readers decode;
 *  - an encoded word that decodes to control bytes, or is in UTF-7, UTF-16 or
 *    UTF-32, where the bytes do not show what is meant;
 *  - an address of some domain that is not the domain of any mailbox of the
 *    list, in a place that some readers take for the address: a comment, an
 *    unquoted display name, words without an address of their own, the name
 *    of a group, a quoted local part, a quoted string with a backslash,
 *    encoded words that decode to '<', ',' or ';'.
 * Not among them: an address in a display name that is properly quoted or
 * encoded (`"bob@bank.example" <x@evil.example>`).  People may be fooled by
 * it, but no verifier is.
 */
#ifndef MAILAUTH_MAILBOX_H
#define MAILAUTH_MAILBOX_H

#include <stdbool.h>
#include <stddef.h>

#include "base/domain.h"
#include "base/text.h"

struct arena;
struct why;

struct mailbox {
	struct text display;  /* as written, may be empty */
	struct text local;    /* quoted pairs and quotes removed */
	struct domain domain; /* not set for an address literal */
	struct text address;  /* local@domain as people write it */
	struct mailbox *next;
};

struct mailbox_list {
	struct mailbox *first;
	size_t count;
	const char *doubt; /* why readers may see other addresses, or NULL */
};

/* One addr-spec, with the comments and space that the grammar allows but
 * without angle brackets.  A domain literal is an error here, since DMARC has
 * no use for it. */
bool mailbox_parse_addr_spec(struct arena *arena, struct text text,
			     struct mailbox *mailbox, struct why *why);

/* mailbox-list or address-list: groups give their members.  The list may be
 * empty (an empty group, words without an address).  More than
 * LIMIT_FROM_MAILBOXES addresses, or LIMIT_FIELD_BYTES bytes, are an error.
 * The list borrows from `text`. */
bool mailbox_parse_list(struct arena *arena, struct text text,
			struct mailbox_list *list, struct why *why);

#endif
