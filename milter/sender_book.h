/* sender_book.h - a table of senders that many messages read at once */
#ifndef MILTER_SENDER_BOOK_H
#define MILTER_SENDER_BOOK_H

#include "milter/sender_table.h"

struct why;

struct sender_book {
	struct arena *arena;
	struct sender_table table;
	unsigned references;
};

/* Reads the file; NULL with file, line and remedy, also if it is empty.  One reference is the
 * caller's. */
struct sender_book *sender_book_read(const char *path, struct why *why);
struct sender_book *sender_book_hold(struct sender_book *book);
/* NULL is allowed. */
void sender_book_release(struct sender_book *book);

#endif
