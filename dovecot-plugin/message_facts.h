/* message_facts.h - what training and delivery ask of a message */
#ifndef DOVECOT_PLUGIN_MESSAGE_FACTS_H
#define DOVECOT_PLUGIN_MESSAGE_FACTS_H

#include "dovecot-plugin/verified.h"
#include "judge/junk_tokens.h"
#include "mailauth/message.h"

struct arena;
struct mailbox_settings;

struct message_facts {
	struct message header;
	struct verified verified;
};

void message_facts_read(struct arena *arena,
			const struct mailbox_settings *settings,
			struct text message, struct message_facts *facts);

/* The words of the junk filter, what passed included. */
void message_facts_words(struct arena *arena, const struct message_facts *facts,
			 struct text message, struct junk_tokens *tokens);

/* In hexadecimal: SHA-256 of the bytes and of the full size.  The same
 * message has it wherever it lies. */
#define MESSAGE_KEY_BYTES 64
struct text message_key(struct arena *arena, struct text message,
			uint64_t size);

#endif
