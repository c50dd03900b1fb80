#include "base/mime.h"

/* the guard of glib's header about alloca, which banned.h forbids */
#define __G_ALLOCA_H__
#include <gmime/gmime.h>
#include <pthread.h>

#include "base/arena.h"
#include "base/limits.h"
#include "base/scan.h"
#include "base/why.h"

struct walk {
	struct arena *arena;
	struct mime_parts *parts;
	struct mime_part **end;
	size_t bytes;
};

/* --- what the parser may have to keep --- */

/* Boundaries and header fields are what costs the parser memory, some 1000
 * bytes each. */
static bool
is_costly_line(struct text line)
{
	size_t i;

	if (line.len >= 2 && line.at[0] == '-' && line.at[1] == '-')
		return true;
	for (i = 0; i < line.len && i < 80; i++) {
		if (line.at[i] == ':')
			return i > 0;
		if ((unsigned char)line.at[i] <= ' ')
			return false;
	}
	return false;
}

static bool
is_affordable(struct text message)
{
	size_t lines = 0;
	struct scan in;

	scan_init(&in, message);
	while (!scan_at_end(&in) && lines <= LIMIT_MIME_LINES)
		if (is_costly_line(scan_until(&in, '\n')))
			lines++;
	return lines <= LIMIT_MIME_LINES;
}

static struct text
without_from_line(struct text message)
{
	if (!text_starts(message, TEXT("From ")))
		return message;
	return text_skip(message, text_find(message, '\n') + 1);
}

/* --- walking what was parsed --- */

static void
free_bytes(void *array)
{
	g_byte_array_free(array, TRUE);
}

static void
unref(void *object)
{
	g_object_unref(object);
}

/* The bytes end with the arena. */
static struct text
take_bytes(struct walk *walk, GMimeStream *stream)
{
	GByteArray *array =
	    g_mime_stream_mem_get_byte_array((GMimeStreamMem *)stream);

	g_mime_stream_mem_set_owner((GMimeStreamMem *)stream, FALSE);
	arena_defer(walk->arena, free_bytes, array);
	walk->bytes += array->len;
	return text_of((const char *)array->data, array->len);
}

static struct text
part_type(struct arena *arena, GMimeObject *object)
{
	GMimeContentType *type = g_mime_object_get_content_type(object);
	char *name = g_mime_content_type_get_mime_type(type);
	struct text lower = text_lower(arena, text_from(name));

	g_free(name);
	return lower;
}

static struct text
part_name(struct arena *arena, GMimeObject *object)
{
	const char *name =
	    g_mime_object_get_content_disposition_parameter(object, "filename");

	if (name == NULL)
		name = g_mime_object_get_content_type_parameter(object, "name");
	return text_copy(arena, text_from(name));
}

static struct text
part_charset(struct arena *arena, GMimeObject *object)
{
	return text_lower(arena,
			  text_from(g_mime_object_get_content_type_parameter(
			      object, "charset")));
}

static struct mime_part *
add_part(struct walk *walk, GMimeObject *object, unsigned depth, bool inner)
{
	struct mime_part *part;

	if (walk->parts->count == LIMIT_MIME_PARTS)
		walk->parts->left_out = "too many parts";
	if (walk->bytes > LIMIT_MIME_BYTES)
		walk->parts->left_out = "too many bytes in parts";
	if (walk->parts->left_out != NULL)
		return NULL;
	part = arena_new_value(walk->arena, struct mime_part);
	part->type = part_type(walk->arena, object);
	part->name = part_name(walk->arena, object);
	part->charset = part_charset(walk->arena, object);
	part->depth = depth;
	part->inner = inner;
	*walk->end = part;
	walk->end = &part->next;
	walk->parts->count++;
	return part;
}

static void
add_leaf(struct walk *walk, GMimePart *leaf, unsigned depth, bool inner)
{
	struct mime_part *part =
	    add_part(walk, (GMimeObject *)leaf, depth, inner);
	GMimeDataWrapper *content = g_mime_part_get_content(leaf);
	GMimeStream *stream;

	if (part == NULL || content == NULL)
		return;
	stream = g_mime_stream_mem_new();
	g_mime_data_wrapper_write_to_stream(content, stream);
	part->bytes = take_bytes(walk, stream);
	g_object_unref(stream);
}

static GMimeObject *
add_message(struct walk *walk, GMimeMessagePart *object, unsigned depth,
	    bool inner)
{
	GMimeMessage *message = g_mime_message_part_get_message(object);
	struct mime_part *part =
	    add_part(walk, (GMimeObject *)object, depth, inner);
	GMimeStream *stream;

	if (part == NULL || message == NULL)
		return NULL;
	stream = g_mime_stream_mem_new();
	g_mime_object_write_to_stream((GMimeObject *)message, NULL, stream);
	part->bytes = take_bytes(walk, stream);
	g_object_unref(stream);
	return g_mime_message_get_mime_part(message);
}

static void walk_object(struct walk *walk, GMimeObject *object, unsigned depth,
			bool inner);

static void
walk_multipart(struct walk *walk, GMimeMultipart *object, unsigned depth,
	       bool inner)
{
	int count = g_mime_multipart_get_count(object), i;

	for (i = 0; i < count && walk->parts->left_out == NULL; i++)
		walk_object(walk, g_mime_multipart_get_part(object, i),
			    depth + 1, inner);
}

static void
walk_object(struct walk *walk, GMimeObject *object, unsigned depth, bool inner)
{
	if (object == NULL)
		return;
	if (depth > LIMIT_MIME_DEPTH)
		walk->parts->left_out = "parts are nested too deep";
	else if (GMIME_IS_MULTIPART(object))
		walk_multipart(walk, (GMimeMultipart *)object, depth, inner);
	else if (GMIME_IS_MESSAGE_PART(object))
		walk_object(
		    walk,
		    add_message(walk, (GMimeMessagePart *)object, depth, inner),
		    depth + 1, true);
	else if (GMIME_IS_PART(object))
		add_leaf(walk, (GMimePart *)object, depth, inner);
}

static struct text
report_type(struct arena *arena, GMimeObject *top)
{
	const char *type = NULL;

	if (top != NULL && GMIME_IS_MULTIPART(top))
		type = g_mime_object_get_content_type_parameter(top,
								"report-type");
	return text_lower(arena, text_from(type));
}

static void
init_once(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, g_mime_init);
}

static GMimeMessage *
parse_message(struct arena *arena, struct text text)
{
	GMimeMessage *message;
	GMimeStream *stream;
	GMimeParser *parser;

	init_once();
	stream = g_mime_stream_mem_new_with_buffer(text.at, text.len);
	parser = g_mime_parser_new_with_stream(stream);
	g_object_unref(stream);
	g_mime_parser_set_persist_stream(parser, TRUE);
	message = g_mime_parser_construct_message(parser, NULL);
	arena_defer(arena, unref, parser);
	if (message != NULL)
		arena_defer(arena, unref, message);
	return message;
}

bool
mime_parse(struct arena *arena, struct text text, struct mime_parts *parts,
	   struct why *why)
{
	struct walk walk = {.arena = arena, .parts = parts};
	GMimeMessage *message;

	*parts = (struct mime_parts){0};
	walk.end = &parts->first;
	text = without_from_line(text);
	if (text.len == 0)
		return why_set(why, "the message is empty");
	if (!is_affordable(text))
		return why_set(why, "more than %u boundaries and header fields",
			       LIMIT_MIME_LINES);
	message = parse_message(arena, text);
	if (message == NULL)
		return why_set(why, "this is no message");
	parts->report_type =
	    report_type(arena, g_mime_message_get_mime_part(message));
	walk_object(&walk, g_mime_message_get_mime_part(message), 1, false);
	return true;
}

struct text
mime_decode_words(struct arena *arena, struct text value)
{
	struct text decoded;
	char *made;

	init_once();
	made = g_mime_utils_header_decode_text(NULL, text_string(arena, value));
	decoded = text_copy(arena, text_from(made));
	g_free(made);
	return decoded;
}
