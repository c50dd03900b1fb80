#include "milter/sender_book.h"

#include "base/arena.h"
#include "base/limits.h"
#include "base/why.h"
#include "io/file.h"
#include "milter/table_line.h"

struct sender_book *
sender_book_read(const char *path, struct why *why)
{
	struct arena *arena = arena_new();
	struct sender_book *book = arena_new_value(arena, struct sender_book);
	struct text contents;

	book->arena = arena;
	book->references = 1;
	if (file_read(arena, path, LIMIT_SENDER_BYTES, &contents, why)) {
		if (sender_table_parse(arena, contents, &book->table, why))
			return book;
		table_blame(why, path);
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
