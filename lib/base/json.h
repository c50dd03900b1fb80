/* json.h - JSON values, written as one line or indented
 *
 * The one file that includes jansson.  Values belong to the arena.  Text is
 * made valid UTF-8 on the way in (utf8_for_log with LIMIT_FIELD_BYTES).
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

struct arena;
struct buf;
struct json;

/* Not json_object and json_array: those names are jansson's. */
struct json *json_new_object(struct arena *arena);
struct json *json_new_array(struct arena *arena);

/* Members keep the order in which they are put.  `name` is a literal. */
void json_put(struct json *object, const char *name, struct json *value);
void json_put_text(struct json *object, const char *name, struct text text);
/* The same, but control characters stay (escaped), for text that we wrote
 * ourselves; what is no UTF-8 goes the way of json_put_text. */
void json_put_exact(struct json *object, const char *name, struct text text);
/* NULL puts null. */
void json_put_string(struct json *object, const char *name,
		     const char *string);
void json_put_int(struct json *object, const char *name, int64_t number);
/* What is no finite number becomes null. */
void json_put_real(struct json *object, const char *name, double number);
void json_put_bool(struct json *object, const char *name, bool value);
void json_put_null(struct json *object, const char *name);

void json_add(struct json *array, struct json *value);
void json_add_text(struct json *array, struct text text);

/* One line without the line end; `indent` spaces for each level if > 0. */
void json_write(const struct json *value, int indent, struct buf *to);

#endif
