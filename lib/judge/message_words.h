/* message_words.h - the words of a message for the junk filter
 *
 * From a message as it came (header and body, CRLF or LF, whole or cut) to its
 * distinct words: header fields that people read, all text parts (HTML without
 * what is not shown; charsets made UTF-8; messages within the message), the
 * hosts that links lead to, kinds and name endings of files, and what was
 * verified of the sender.  At most LIMIT_JUNK_TEXT_BYTES of text are read.  A
 * message that no MIME reader takes still has the words of its header and of
 * its bytes: nothing fails here.
 */
#ifndef JUDGE_MESSAGE_WORDS_H
#define JUDGE_MESSAGE_WORDS_H

#include "judge/junk_tokens.h"

struct arena;

struct message_words_options {
	/* What passed, "dmarc=example.com", "dkim=example.com",
	 * "spf=example.com"; the caller knows whom to trust for it. Each is a
	 * word with "auth:" in front. */
	const struct text *passed;
	size_t passed_count;
};

/* `options` may be NULL. The result lies in the arena. */
void message_words(struct arena *arena, struct text message,
		   const struct message_words_options *options,
		   struct junk_tokens *tokens);

#endif
