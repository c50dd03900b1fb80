/* message_fields.h - the words of a message's header
 *
 * Of the fields that people see: From, To, Cc, Bcc, Reply-To, Sender,
 * Return-Path, Subject, and of those that tell how it was written and sent to
 * many: List-Id, User-Agent, X-Mailer, each word with the field's name in
 * front.  Of addresses the domain as one word ("From:@example.com").  Of some
 * others only that they are there ("has:in-reply-to").  LIMIT_JUNK_FIELDS
 * fields are looked at.
 */
#ifndef JUDGE_MESSAGE_FIELDS_H
#define JUDGE_MESSAGE_FIELDS_H

#include "base/text.h"

struct arena;
struct junk_set;

void message_fields_add(struct arena *arena, struct junk_set *set,
			struct text message);

#endif
