/* json_read.h - how a value lies in memory: for json.c and json_read.c alone
 *
 * What we put together is a tree in the arena.  What others wrote stays as the
 * library read it.
 */
#ifndef BASE_JSON_READ_H
#define BASE_JSON_READ_H

#include "base/json.h"

struct buf;

enum json_form {
	JSON_FORM_NULL,
	JSON_FORM_BOOL,
	JSON_FORM_INT,
	JSON_FORM_REAL,
	JSON_FORM_TEXT,
	JSON_FORM_ARRAY,
	JSON_FORM_OBJECT,
	JSON_FORM_READ /* by json_read.c */
};

struct json_item;

struct json {
	struct arena *arena;
	enum json_form form;
	union {
		bool is_true;
		int64_t integer;
		double real;
		struct text text; /* valid UTF-8, in the arena */
		struct {
			struct json_item *first, **end;
		} items;
		void *read;
	};
};

/* Of an array, without a name, or of an object. */
struct json_item {
	struct text name;
	struct json *value;
	struct json_item *next;
};

/* One string, quoted and escaped; it is valid UTF-8. */
void json_write_string(struct text text, struct buf *to);

/* json_write for JSON_FORM_READ. */
void json_read_write(const struct json *value, int indent, struct buf *to);

#endif
