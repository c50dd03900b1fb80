/* json.h - JSON values, written as one line or indented
 *
 * Values belong to the arena.  Text is copied, and made valid UTF-8 on the way
 * in (utf8_for_log with LIMIT_FIELD_BYTES).  json.c builds and writes,
 * json_read.c reads what others wrote and is the one file that includes
 * jansson.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

struct arena;
struct buf;
struct json;
struct why;

/* Not json_object and json_array: those names are jansson's. */
struct json *json_new_object(struct arena *arena);
struct json *json_new_array(struct arena *arena);

/* Members keep the order in which they are put; one that is put again takes
 * the place of the first.  `name` is a literal.  What json_parse returned is
 * put nowhere. */
void json_put(struct json *object, const char *name, struct json *value);
void json_put_text(struct json *object, const char *name, struct text text);
/* The same, but control characters stay (escaped), for text that we wrote
 * ourselves; what is no UTF-8 goes the way of json_put_text. */
void json_put_exact(struct json *object, const char *name, struct text text);
/* NULL puts null. */
void json_put_string(struct json *object, const char *name, const char *string);
void json_put_int(struct json *object, const char *name, int64_t number);
/* What is no finite number becomes null. */
void json_put_real(struct json *object, const char *name, double number);
void json_put_bool(struct json *object, const char *name, bool value);
void json_put_null(struct json *object, const char *name);

void json_add(struct json *array, struct json *value);
void json_add_text(struct json *array, struct text text);

/* One line without the line end; `indent` spaces for each level if > 0. */
void json_write(const struct json *value, int indent, struct buf *to);

/* --- reading what others wrote --- */

enum json_kind {
	JSON_KIND_NULL = 1,
	JSON_KIND_BOOL,
	JSON_KIND_NUMBER,
	JSON_KIND_TEXT,
	JSON_KIND_ARRAY,
	JSON_KIND_OBJECT
};

/* What json_parse read although RFC 8259 forbids it. */
struct json_doubts {
	bool not_utf8; /* bytes above 0x7f were read as ISO-8859-1 */
	bool has_mark; /* a byte order mark was skipped */
	bool is_large; /* some integer is beyond 64 bits: such are reals */
};

/* One object or array and nothing behind it.  Of a name that an object has
 * twice, the last is taken.  More than LIMIT_JSON_DEPTH levels or
 * LIMIT_JSON_VALUES values are an error.  NULL with a reason. */
struct json *json_parse(struct arena *arena, struct text text,
			struct json_doubts *doubts, struct why *why);

enum json_kind json_kind(const struct json *value);
/* The functions below take NULL for what is not there. */
/* NULL when it is not there, is null, or `object` is none.  What is returned
 * here lives as long as what json_parse returned. */
struct json *json_member(const struct json *object, const char *name);
/* Elements of an array; 0 for all else. */
size_t json_count(const struct json *array);
struct json *json_element(const struct json *array, size_t at);

/* The string as it is (it may hold any character); false for other kinds. */
bool json_text(const struct json *value, struct text *text);
/* A number, also a real; false for other kinds. */
bool json_number(const struct json *value, double *number);

#endif
