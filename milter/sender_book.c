#include "milter/sender_book.h"

#include "base/arena.h"
#include "base/limits.h"
#include "base/why.h"
#include "io/file.h"
#include "milter/table_line.h"

/* A table of nobody would refuse all mail: it was cut off, or is not filled
 * yet. */
static bool
read_table(struct arena *arena, const char *path, struct text contents,
	   struct sender_table *table, struct why *why)
{
	if (!sender_table_parse(arena, contents, table, why))
		return table_blame(why, path);
	return table->count > 0 ||
	       why_set(why, "%s is empty: nobody could write any mail", path);
}

struct sender_book *
sender_book_read(const char *path, struct why *why)
{
	struct arena *arena = arena_new();
	struct sender_book *book = arena_new_value(arena, struct sender_book);
	struct text contents;

	book->arena = arena;
	book->references = 1;
	if (file_read(arena, path, LIMIT_SENDER_BYTES, &contents, why)) {
		if (read_table(arena, path, contents, &book->table, why))
			return book;
	}
	arena_free(arena);
	return NULL;
}

struct sender_book *
sender_book_hold(struct sender_book *book)
{
	__atomic_add_fetch(&book->references, 1, __ATOMIC_RELAXED);
	return book;
}

void
sender_book_release(struct sender_book *book)
{
	if (book != NULL &&
	    __atomic_sub_fetch(&book->references, 1, __ATOMIC_ACQ_REL) == 0)
		arena_free(book->arena);
}
