#include "base/json.h"

#include <jansson.h>
#include <math.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "base/xalloc.h"

struct json {
	struct arena *arena;
	json_t *value;
};

static void
release(void *value)
{
	json_decref(value);
}

static struct json *
wrap(struct arena *arena, json_t *value)
{
	struct json *json = arena_new_value(arena, struct json);

	/* jansson answers NULL and -1 only when memory ends */
	xalloc_check(value != NULL);
	json->arena = arena;
	json->value = value;
	arena_defer(arena, release, value);
	return json;
}

struct json *
json_new_object(struct arena *arena)
{
	return wrap(arena, json_object());
}

struct json *
json_new_array(struct arena *arena)
{
	return wrap(arena, json_array());
}

static void
put(struct json *object, const char *name, json_t *value)
{
	xalloc_check(json_object_set_new_nocheck(object->value, name, value) ==
		     0);
}

static json_t *
text_value(struct arena *arena, struct text text)
{
	text = utf8_for_log(arena, text, LIMIT_FIELD_BYTES);
	return json_stringn_nocheck(text.len > 0 ? text.at : "", text.len);
}

void
json_put(struct json *object, const char *name, struct json *value)
{
	put(object, name, json_incref(value->value));
}

void
json_put_text(struct json *object, const char *name, struct text text)
{
	put(object, name, text_value(object->arena, text));
}

void
json_put_exact(struct json *object, const char *name, struct text text)
{
	if (utf8_is_valid(text))
		put(object, name,
		    json_stringn_nocheck(text.len > 0 ? text.at : "",
					 text.len));
	else
		json_put_text(object, name, text);
}

void
json_put_string(struct json *object, const char *name, const char *string)
{
	if (string == NULL)
		json_put_null(object, name);
	else
		json_put_text(object, name, text_from(string));
}

void
json_put_int(struct json *object, const char *name, int64_t number)
{
	put(object, name, json_integer(number));
}

void
json_put_real(struct json *object, const char *name, double number)
{
	put(object, name, isfinite(number) ? json_real(number) : json_null());
}

void
json_put_bool(struct json *object, const char *name, bool value)
{
	put(object, name, json_boolean(value));
}

void
json_put_null(struct json *object, const char *name)
{
	put(object, name, json_null());
}

void
json_add(struct json *array, struct json *value)
{
	xalloc_check(json_array_append(array->value, value->value) == 0);
}

void
json_add_text(struct json *array, struct text text)
{
	xalloc_check(json_array_append_new(
			 array->value, text_value(array->arena, text)) == 0);
}

static int
write_piece(const char *piece, size_t len, void *to)
{
	buf_text(to, text_of(piece, len));
	return 0;
}

void
json_write(const struct json *value, int indent, struct buf *to)
{
	size_t flags = indent > 0 ? JSON_INDENT((size_t)indent) : JSON_COMPACT;

	xalloc_check(json_dump_callback(value->value, write_piece, to,
					flags | JSON_REAL_PRECISION(12)) == 0);
}
