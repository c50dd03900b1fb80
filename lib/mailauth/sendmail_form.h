/* sendmail_form.h - header fields as Sendmail will send them
 *
 * A milter sees a field as it came.  What Sendmail sends has the fields with
 * addresses written anew: one comma and one space between addresses, lines
 * folded behind 78 bytes, display names with a '.', an apostrophe or other
 * bytes of its MustQuoteChars in quotes, no space inside angle brackets.  It
 * adds Date and Message-ID where they are missing, and takes Content-Length,
 * Full-Name, Bcc and Return-Path away.  A signature must be made over what is
 * sent (RFC 6376 section 5.3), so the fields are given their last form before
 * they are signed: Sendmail leaves a field alone that looks so already.
 *
 * Not foreseen, since only its configuration tells: names that it completes
 * (addresses without a domain) and addresses that it rewrites (masquerading,
 * generics table, canonical names of hosts).  Addresses in forms that nobody
 * writes today (routes, backslashes) stay as they are.
 */
#ifndef MAILAUTH_SENDMAIL_FORM_H
#define MAILAUTH_SENDMAIL_FORM_H

#include <stdbool.h>
#include <stddef.h>

#include "mailauth/message.h"

struct arena;

/* One change to be made to the message. */
struct sendmail_change {
	struct text name;
	size_t number;	   /* of that name, from 1; 0: a field to be added */
	struct text value; /* with the space in front, lines end in CRLF */
};

struct sendmail_form {
	const struct message *sent; /* the message itself if nothing changes */
	struct sendmail_change *changes;
	size_t count;
};

/* `date` and `message_id` are what is added if there is none. */
void sendmail_form(struct arena *arena, const struct message *message,
		   struct text date, struct text message_id,
		   struct sendmail_form *form);

/* The value of one field with addresses: as it is sent behind "`name`:". */
struct text sendmail_addresses(struct arena *arena, struct text name,
			       struct text value);

#endif
