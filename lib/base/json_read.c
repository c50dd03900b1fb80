#include "base/json_read.h"

#include <assert.h>
#include <jansson.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "base/why.h"
#include "base/xalloc.h"

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
	json->form = JSON_FORM_READ;
	json->read = value;
	arena_defer(arena, release, value);
	return json;
}

static json_t *
library_value(const struct json *value)
{
	assert(value->form == JSON_FORM_READ);
	return value->read;
}

static struct text
string_of(const json_t *value)
{
	return text_of(json_string_value(value), json_string_length(value));
}

/* --- reading --- */

/* Bounds what the library will build, before it does. */
static bool
is_within_bounds(struct text text, struct why *why)
{
	size_t depth = 0, values = 0, i;
	bool quoted = false;

	for (i = 0; i < text.len; i++) {
		char c = text.at[i];

		if (c == '"')
			quoted = !quoted;
		else if (quoted && c == '\\')
			i++;
		else if (!quoted && (c == '[' || c == '{'))
			depth++;
		else if (!quoted && (c == ']' || c == '}') && depth > 0)
			depth--;
		if (!quoted && (c == ',' || c == ':'))
			values++;
		if (depth > LIMIT_JSON_DEPTH)
			return why_set(why, "nested deeper than %u levels",
				       LIMIT_JSON_DEPTH);
		if (values > LIMIT_JSON_VALUES)
			return why_set(why, "more than %u values",
				       LIMIT_JSON_VALUES);
	}
	return true;
}

/* ISO-8859-1 is what a text without any other sign is taken for. */
static struct text
latin1_to_utf8(struct arena *arena, struct text text)
{
	char *bytes = arena_bytes(arena, 2 * text.len);
	size_t len = 0, i;

	for (i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.at[i];

		if (c >= 0x80)
			bytes[len++] = (char)(0xc0 | c >> 6);
		bytes[len++] = (char)(c >= 0x80 ? 0x80 | (c & 0x3f) : c);
	}
	return text_of(bytes, len);
}

static json_t *
load(struct text text, struct json_doubts *doubts, json_error_t *error)
{
	size_t flags = JSON_ALLOW_NUL;
	json_t *value = json_loadb(text.at, text.len, flags, error);

	if (value != NULL ||
	    json_error_code(error) != json_error_numeric_overflow)
		return value;
	doubts->is_large = true;
	return json_loadb(text.at, text.len, flags | JSON_DECODE_INT_AS_REAL,
			  error);
}

struct json *
json_parse(struct arena *arena, struct text text, struct json_doubts *doubts,
	   struct why *why)
{
	json_error_t error;
	json_t *value;

	*doubts = (struct json_doubts){0};
	doubts->has_mark = text_starts(text, TEXT("\xef\xbb\xbf"));
	if (doubts->has_mark)
		text = text_skip(text, 3);
	if (text.len == 0) {
		why_set(why, "no JSON: nothing is there");
		return NULL;
	}
	if (!is_within_bounds(text, why))
		return NULL;
	doubts->not_utf8 = !utf8_is_valid(text);
	if (doubts->not_utf8)
		text = latin1_to_utf8(arena, text);
	value = load(text, doubts, &error);
	if (value == NULL) {
		why_set(why, "no JSON: line %d, column %d: %s", error.line,
			error.column, error.text);
		return NULL;
	}
	return wrap(arena, value);
}

/* Lives by the root that it belongs to. */
static struct json *
borrow(const struct json *owner, json_t *value)
{
	struct json *json;

	if (value == NULL || json_is_null(value))
		return NULL;
	json = arena_new_value(owner->arena, struct json);
	json->arena = owner->arena;
	json->form = JSON_FORM_READ;
	json->read = value;
	return json;
}

enum json_kind
json_kind(const struct json *value)
{
	switch (json_typeof(library_value(value))) {
	case JSON_OBJECT:
		return JSON_KIND_OBJECT;
	case JSON_ARRAY:
		return JSON_KIND_ARRAY;
	case JSON_STRING:
		return JSON_KIND_TEXT;
	case JSON_TRUE:
	case JSON_FALSE:
		return JSON_KIND_BOOL;
	case JSON_INTEGER:
	case JSON_REAL:
		return JSON_KIND_NUMBER;
	case JSON_NULL:
		return JSON_KIND_NULL;
	}
	return JSON_KIND_NULL;
}

struct json *
json_member(const struct json *object, const char *name)
{
	if (object == NULL)
		return NULL;
	return borrow(object, json_object_get(library_value(object), name));
}

size_t
json_count(const struct json *array)
{
	return array != NULL ? json_array_size(library_value(array)) : 0;
}

struct json *
json_element(const struct json *array, size_t at)
{
	if (array == NULL)
		return NULL;
	return borrow(array, json_array_get(library_value(array), at));
}

bool
json_text(const struct json *value, struct text *text)
{
	if (value == NULL || !json_is_string(library_value(value)))
		return false;
	*text = string_of(library_value(value));
	return true;
}

bool
json_number(const struct json *value, double *number)
{
	if (value == NULL || !json_is_number(library_value(value)))
		return false;
	*number = json_number_value(library_value(value));
	return true;
}

/* --- writing what was read --- */

static int
write_piece(const char *piece, size_t len, void *to)
{
	buf_text(to, text_of(piece, len));
	return 0;
}

static void
write_by_library(const json_t *value, size_t flags, struct buf *to)
{
	xalloc_check(json_dump_callback(value, write_piece, to,
					flags | JSON_REAL_PRECISION(12)) == 0);
}

static void write_compact(json_t *value, struct buf *to);

static void
write_members(json_t *object, struct buf *to)
{
	bool first = true;
	void *member;

	buf_char(to, '{');
	for (member = json_object_iter(object); member != NULL;
	     member = json_object_iter_next(object, member)) {
		if (!first)
			buf_char(to, ',');
		first = false;
		json_write_string(text_from(json_object_iter_key(member)), to);
		buf_char(to, ':');
		write_compact(json_object_iter_value(member), to);
	}
	buf_char(to, '}');
}

static void
write_elements(json_t *array, struct buf *to)
{
	size_t i;

	buf_char(to, '[');
	for (i = 0; i < json_array_size(array); i++) {
		if (i > 0)
			buf_char(to, ',');
		write_compact(json_array_get(array, i), to);
	}
	buf_char(to, ']');
}

/* As jansson writes it; but that looks for loops at each level and decodes
 * each character, which took a tenth of the CPU time of a message. */
static void
write_compact(json_t *value, struct buf *to)
{
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		write_members(value, to);
		return;
	case JSON_ARRAY:
		write_elements(value, to);
		return;
	case JSON_STRING:
		json_write_string(string_of(value), to);
		return;
	case JSON_TRUE:
		buf_string(to, "true");
		return;
	case JSON_FALSE:
		buf_string(to, "false");
		return;
	case JSON_NULL:
		buf_string(to, "null");
		return;
	case JSON_INTEGER:
	case JSON_REAL:
		write_by_library(value, JSON_ENCODE_ANY, to);
		return;
	}
}

void
json_read_write(const struct json *value, int indent, struct buf *to)
{
	if (indent > 0)
		write_by_library(library_value(value),
				 JSON_INDENT((size_t)indent), to);
	else
		write_compact(library_value(value), to);
}
