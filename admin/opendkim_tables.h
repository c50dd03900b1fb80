/* opendkim_tables.h - OpenDKIM's KeyTable and SigningTable
 *
 * Lines of words; "#" begins a comment.
 *
 *	KeyTable	NAME  DOMAIN:SELECTOR:FILE
 *	SigningTable	PATTERN  NAME
 */
#ifndef ADMIN_OPENDKIM_TABLES_H
#define ADMIN_OPENDKIM_TABLES_H

#include <stdbool.h>

#include "base/text.h"

struct arena;
struct why;

struct opendkim_key {
	struct text name;
	struct text domain, selector, file; /* as they stand there */
	struct opendkim_key *next;
};

struct opendkim_rule {
	struct text pattern;
	struct text key; /* name */
	struct opendkim_rule *next;
};

/* In the order of the file; they borrow from `text`.  Errors name the line. */
bool opendkim_key_table_read(struct arena *arena, struct text text,
			     struct opendkim_key **first, struct why *why);
bool opendkim_signing_table_read(struct arena *arena, struct text text,
				 struct opendkim_rule **first, struct why *why);

/* Is the rule what a directory says by itself: the key of `domain` signs mail
 * from addresses of that domain? */
bool opendkim_rule_is_plain(const struct opendkim_rule *rule,
			    struct text domain);

#endif
