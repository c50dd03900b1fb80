/* key_table.h - OpenDKIM's KeyTable, as opendkim.conf(5) has it
 *
 *	NAME  DOMAIN:SELECTOR:KEY
 *
 * DOMAIN "%" is the domain of the author.  KEY is a file when it begins with
 * "/", "./" or "../", in which "%" stands for that domain too; else it is the
 * key itself, base64 of its DER.  Nothing is opened here.
 */
#ifndef MILTER_KEY_TABLE_H
#define MILTER_KEY_TABLE_H

#include <stdbool.h>

#include "base/domain.h"
#include "base/text.h"

struct arena;
struct why;

struct key_entry {
	struct text name;
	struct domain domain; /* not set: that of the author */
	struct text selector;
	struct text key;
	bool key_is_file;
	unsigned line;
	struct key_entry *next;
};

struct key_table {
	struct key_entry *first;
	size_t count;
};

/* At most LIMIT_SIGN_TABLE_LINES.  Borrows from `contents`.  The reason begins
 * with the number of the line. */
bool key_table_parse(struct arena *arena, struct text contents,
		     struct key_table *table, struct why *why);

/* The entry of that name, without case; NULL if there is none. */
const struct key_entry *key_table_find(const struct key_table *table,
				       struct text name);

#endif
