/* signed_fields.h - which header fields a signature covers (RFC 6376 sections
 * 5.4 and 5.4.1)
 *
 * A name stands in h= once for each field of that name; one time more, which
 * covers nothing, keeps a further field of that name from being added
 * without breaking the signature ("oversigning", sections 5.4.2 and 8.15).
 *
 *  - Oversigned, there or not: From, To, Cc, Subject, Date, Reply-To,
 *    Message-ID, In-Reply-To, References, MIME-Version, Content-Type,
 *    Content-Transfer-Encoding.  What a reader sees, answers to or decodes
 *    the body by must be what was signed; no forwarder adds one of them to a
 *    message that left its author's site whole.
 *  - Oversigned if there: Sender, all other Content-*, all List-*,
 *    TLS-Required, TLS-Report-*, CFBL-*, Autocrypt.  A mailing list adds
 *    Sender and List-* to mail that has none and leaves the rest alone: that
 *    must not break.  A second one beside ours must.
 *  - Signed if there, not oversigned: Resent-*, which each resender adds on
 *    top of the older ones (RFC 5322 section 3.6.6).
 *  - Never: what is added, changed or taken away on the way (Received,
 *    Return-Path, Bcc, Authentication-Results, other signatures ...).
 */
#ifndef MAILAUTH_SIGNED_FIELDS_H
#define MAILAUTH_SIGNED_FIELDS_H

#include <stdbool.h>

#include "mailauth/message.h"

struct arena;
struct why;

struct signed_fields {
	struct text *names;
	size_t count;
};

/* False if the header went beyond its limits, or has so many of these fields
 * that they would be more than LIMIT_DKIM_HEADER_NAMES: such a message cannot
 * be signed as a whole. */
bool signed_fields_choose(struct arena *arena, const struct message *message,
			  struct signed_fields *fields, struct why *why);

/* One further name, which is borrowed: each field of it and, to oversign it,
 * one time more.  What is there already is not written again.  False as
 * above, or if the name cannot stand in h= (signed_fields_is_name). */
bool signed_fields_add(const struct message *message, struct text name,
		       bool oversign, struct signed_fields *fields,
		       struct why *why);

/* Letters, digits, '-' and '_', and not too long for a line. */
bool signed_fields_is_name(struct text name);

#endif
