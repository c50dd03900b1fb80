/* addr_spec.h - the words that addresses are made of
 *
 * RFC 5322 sections 3.2 (lexical parts) and 3.4.1 (addr-spec), with the
 * obsolete forms of section 4.4.  For mailbox.c, whose header tells what is
 * refused and what is read with a doubt.
 */
#ifndef MAILAUTH_ADDR_SPEC_H
#define MAILAUTH_ADDR_SPEC_H

#include <stdbool.h>

#include "base/scan.h"
#include "base/text.h"
#include "mailauth/mailbox.h"

struct arena;
struct buf;
struct why;

/* Text that some readers take for addresses. */
struct address_aside {
	struct text text;
	struct address_aside *next;
};

/* What is found while one field is read; cleared by the caller. */
struct address_reader {
	struct arena *arena;
	const char *doubt; /* the first one */
	struct address_aside *asides;
	struct mailbox_list *list; /* of mailbox.c, as is the next */
	struct mailbox **last;
	struct why *why;
};

void address_doubt(struct address_reader *reader, const char *reason);

/* Keeps the text if there is an '@' in it. */
void address_add_aside(struct address_reader *reader, struct text text);

/* The text with encoded words decoded. */
struct text address_decode_words(struct address_reader *reader,
				 struct text text);

/* atext of RFC 5322 and all non-ASCII bytes */
bool address_is_atext(char c);

/* Skips folding white space and comments; false if a comment does not end. */
bool address_skip_cfws(struct address_reader *reader, struct scan *in);

/* cfws_take_quoted with a reason. */
bool address_take_quoted(struct address_reader *reader, struct scan *in,
			 struct buf *to, bool *escaped);

/* Reads one domain and what CFWS follows.  A domain literal leaves it unset. */
bool address_take_domain(struct address_reader *reader, struct scan *in,
			 struct domain *domain);

/* Reads one addr-spec with the CFWS around it: all of a mailbox but its
 * display name. */
bool address_take_addr_spec(struct address_reader *reader, struct scan *in,
			    struct mailbox *mailbox);

/* The same, and nothing behind it. */
bool address_take_whole(struct address_reader *reader, struct text text,
			struct mailbox *mailbox);

#endif
