#include "base/json_read.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/limits.h"
#include "base/utf8.h"

/* --- values --- */

static struct json *
new_value(struct arena *arena, enum json_form form)
{
	struct json *json = arena_new_value(arena, struct json);

	json->arena = arena;
	json->form = form;
	return json;
}

static struct json *
new_list(struct arena *arena, enum json_form form)
{
	struct json *json = new_value(arena, form);

	json->items.end = &json->items.first;
	return json;
}

struct json *
json_new_object(struct arena *arena)
{
	return new_list(arena, JSON_FORM_OBJECT);
}

struct json *
json_new_array(struct arena *arena)
{
	return new_list(arena, JSON_FORM_ARRAY);
}

static struct json *
text_value(struct arena *arena, struct text text)
{
	struct json *json = new_value(arena, JSON_FORM_TEXT);

	json->text = text_copy(arena, text);
	return json;
}

static struct json *
harmless_value(struct arena *arena, struct text text)
{
	return text_value(arena, utf8_for_log(arena, text, LIMIT_FIELD_BYTES));
}

/* --- what they are put into --- */

static void
append(struct json *list, struct text name, struct json *value)
{
	struct json_item *item = arena_new_value(list->arena, struct json_item);

	assert(value->form != JSON_FORM_READ);
	item->name = name;
	item->value = value;
	*list->items.end = item;
	list->items.end = &item->next;
}

void
json_put(struct json *object, const char *name, struct json *value)
{
	struct text key = text_from(name);
	struct json_item *item;

	assert(object->form == JSON_FORM_OBJECT);
	for (item = object->items.first; item != NULL; item = item->next)
		if (text_equal(item->name, key)) {
			item->value = value;
			return;
		}
	append(object, key, value);
}

void
json_put_text(struct json *object, const char *name, struct text text)
{
	json_put(object, name, harmless_value(object->arena, text));
}

void
json_put_exact(struct json *object, const char *name, struct text text)
{
	json_put(object, name,
		 utf8_is_valid(text) ? text_value(object->arena, text)
				     : harmless_value(object->arena, text));
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
	struct json *json = new_value(object->arena, JSON_FORM_INT);

	json->integer = number;
	json_put(object, name, json);
}

void
json_put_real(struct json *object, const char *name, double number)
{
	struct json *json = new_value(object->arena, JSON_FORM_REAL);

	json->real = number;
	if (isfinite(number))
		json_put(object, name, json);
	else
		json_put_null(object, name);
}

void
json_put_bool(struct json *object, const char *name, bool value)
{
	struct json *json = new_value(object->arena, JSON_FORM_BOOL);

	json->is_true = value;
	json_put(object, name, json);
}

void
json_put_null(struct json *object, const char *name)
{
	json_put(object, name, new_value(object->arena, JSON_FORM_NULL));
}

void
json_add(struct json *array, struct json *value)
{
	assert(array->form == JSON_FORM_ARRAY);
	append(array, TEXT(""), value);
}

void
json_add_text(struct json *array, struct text text)
{
	json_add(array, harmless_value(array->arena, text));
}

/* --- writing --- */

/* RFC 8259 section 7: what may not stand in a string as it is */
static void
write_escape(char c, struct buf *to)
{
	static const char named[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
	const char *found = c != '\0' ? strchr(named, c) : NULL;

	if (found == NULL) {
		buf_printf(to, "\\u%04X", (unsigned)c);
		return;
	}
	buf_char(to, '\\');
	buf_char(to, letters[found - named]);
}

static bool
is_escaped(char c)
{
	return (unsigned char)c < ' ' || c == '"' || c == '\\';
}

void
json_write_string(struct text text, struct buf *to)
{
	const char *at = text.at, *end = at + text.len, *plain;

	buf_char(to, '"');
	while (at < end) {
		plain = at;
		while (at < end && !is_escaped(*at))
			at++;
		buf_text(to, text_of(plain, (size_t)(at - plain)));
		if (at < end)
			write_escape(*at++, to);
	}
	buf_char(to, '"');
}

/* Twelve digits; a real is told from an integer by its point or exponent. */
static void
write_real(double number, struct buf *to)
{
	char digits[40];

	snprintf(digits, sizeof(digits), "%.12g", number);
	buf_string(to, digits);
	if (strpbrk(digits, ".e") == NULL)
		buf_string(to, ".0");
}

static void
write_integer(int64_t number, struct buf *to)
{
	uint64_t rest = number < 0 ? -(uint64_t)number : (uint64_t)number;
	char digits[24], *at = digits + sizeof(digits);

	do
		*--at = (char)('0' + rest % 10);
	while ((rest /= 10) > 0);
	if (number < 0)
		*--at = '-';
	buf_text(to, text_of(at, (size_t)(digits + sizeof(digits) - at)));
}

/* `indent` spaces for each level on a new line; nothing if it is 0. */
static void
write_break(int indent, int depth, struct buf *to)
{
	int n;

	if (indent == 0)
		return;
	buf_char(to, '\n');
	for (n = 0; n < indent * depth; n++)
		buf_char(to, ' ');
}

static void write_value(const struct json *value, int indent, int depth,
			struct buf *to);

/* What nests is built by the program, a few levels deep. */
static void
write_items(const struct json *list, int indent, int depth, struct buf *to)
{
	const struct json_item *item;

	for (item = list->items.first; item != NULL; item = item->next) {
		write_break(indent, depth, to);
		if (list->form == JSON_FORM_OBJECT) {
			json_write_string(item->name, to);
			buf_text(to, indent > 0 ? TEXT(": ") : TEXT(":"));
		}
		write_value(item->value, indent, depth, to);
		if (item->next != NULL)
			buf_char(to, ',');
	}
	if (list->items.first != NULL)
		write_break(indent, depth - 1, to);
}

static void
write_list(const struct json *list, int indent, int depth, struct buf *to)
{
	bool is_object = list->form == JSON_FORM_OBJECT;

	buf_char(to, is_object ? '{' : '[');
	write_items(list, indent, depth + 1, to);
	buf_char(to, is_object ? '}' : ']');
}

static void
write_value(const struct json *value, int indent, int depth, struct buf *to)
{
	switch (value->form) {
	case JSON_FORM_NULL:
		buf_text(to, TEXT("null"));
		return;
	case JSON_FORM_BOOL:
		buf_text(to, value->is_true ? TEXT("true") : TEXT("false"));
		return;
	case JSON_FORM_INT:
		write_integer(value->integer, to);
		return;
	case JSON_FORM_REAL:
		write_real(value->real, to);
		return;
	case JSON_FORM_TEXT:
		json_write_string(value->text, to);
		return;
	case JSON_FORM_ARRAY:
	case JSON_FORM_OBJECT:
		write_list(value, indent, depth, to);
		return;
	case JSON_FORM_READ:
		json_read_write(value, indent, to);
		return;
	}
}

void
json_write(const struct json *value, int indent, struct buf *to)
{
	write_value(value, indent, 0, to);
}
