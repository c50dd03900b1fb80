/* key_choice.h - which keys sign a message
 *
 * Who is asked for, in this order: the addresses of From, one that Sender
 * names too first where there are several; for mail of a list (if wanted)
 * then Sender, the list's name, and MAIL FROM.  The first for whom there is a
 * key counts.  For each of them: the rules, OpenDKIM's tables, the directory.
 */
#ifndef MILTER_KEY_CHOICE_H
#define MILTER_KEY_CHOICE_H

#include <stdbool.h>

#include "base/limits.h"
#include "mailauth/author.h"
#include "mailauth/message.h"
#include "milter/key_store.h"
#include "milter/sign_options.h"

struct arena;

struct chosen_key {
	struct signing_key *key;
	struct domain domain; /* d= */
	struct text identity; /* i=, or empty */
	bool skipped;	      /* the DNS does not carry it */
};

struct key_choice {
	struct chosen_key keys[LIMIT_SIGNATURES];
	size_t count;
	bool by_list;	     /* not the author's, but of the list */
	struct text address; /* for whom the keys are */
	const char *how;     /* for people: which rule, table, directory */
	const char *why_not; /* a word of the log if there is no key */
};

struct key_question {
	const struct message *message;
	const struct author *author;
	struct text mail_from, login;
};

/* The choice and what it says live as long as arena and store. */
void key_choice_find(struct arena *arena, const struct key_store *store,
		     const struct sign_options *options,
		     const struct key_question *question,
		     struct key_choice *choice);

#endif
