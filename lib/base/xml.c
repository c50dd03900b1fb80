#include "base/xml.h"

#include <inttypes.h>
#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <libxml/xmlschemas.h>

#include "base/arena.h"
#include "base/why.h"
#include "base/xalloc.h"
#include "base/xml_input.h"

#if LIBXML_VERSION >= 21200
typedef const xmlError xml_error;
#else
typedef xmlError xml_error;
#endif

struct xml_schema {
	xmlSchemaPtr schema;
};

struct xml_reader {
	const struct xml_bounds *bounds;
	const struct xml_events *events;
	void *handle;
	struct xml_input *input;
	xmlParserCtxtPtr parser;
	xmlSchemaValidCtxtPtr validator; /* NULL: lenient */
	xmlSchemaSAXPlugPtr plug;	 /* writes these two when it goes */
	xmlSAXHandler *sax;
	void *data;
	xmlSAXHandler handler;
	uint64_t bytes, elements, errors;
	size_t quiet; /* bytes since the last event */
	unsigned depth;
	bool closed;	/* the root element has ended */
	bool trailing;	/* something came after it */
	bool finishing; /* all bytes are there */
	bool failed;
	struct why why;
};

static bool refuse(struct xml_reader *reader, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static bool
refuse(struct xml_reader *reader, const char *format, ...)
{
	char text[WHY_BYTES];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (!reader->failed)
		why_set(&reader->why, "%s", text);
	reader->failed = true;
	xmlStopParser(reader->parser);
	return false;
}

static void
tell(struct xml_reader *reader, const char *text)
{
	if (reader->events->defect != NULL)
		reader->events->defect(reader->handle, text);
}

/* --- what libxml2 calls --- */

static struct text
name_of(const xmlChar *name)
{
	struct text text = text_from((const char *)name);
	size_t colon = text_find(text, ':');

	/* a prefix that was not declared is left in the name */
	return colon < text.len ? text_skip(text, colon + 1) : text;
}

static void
on_start(void *data, const xmlChar *name, const xmlChar *prefix,
	 const xmlChar *ns, int ns_count, const xmlChar **ns_list,
	 int attribute_count, int defaulted, const xmlChar **attributes)
{
	struct xml_reader *reader = data;

	reader->quiet = 0;
	if (reader->failed)
		return;
	if (++reader->depth > reader->bounds->depth)
		refuse(reader, "elements nest deeper than %u",
		       reader->bounds->depth);
	else if (ns_count + attribute_count > (int)reader->bounds->attributes)
		refuse(reader, "an element with more than %u attributes",
		       reader->bounds->attributes);
	else if (++reader->elements > reader->bounds->elements)
		refuse(reader, "more than %" PRIu64 " elements",
		       reader->bounds->elements);
	else if (xmlDictSize(reader->parser->dict) > (int)reader->bounds->names)
		refuse(reader, "more than %u names", reader->bounds->names);
	else if (reader->events->start != NULL &&
		 !reader->events->start(reader->handle, name_of(name),
					text_from((const char *)ns),
					&reader->why)) {
		reader->failed = true;
		xmlStopParser(reader->parser);
	}
}

static void
on_end(void *data, const xmlChar *name, const xmlChar *prefix,
       const xmlChar *ns)
{
	struct xml_reader *reader = data;

	reader->quiet = 0;
	if (reader->failed || reader->depth == 0)
		return;
	if (--reader->depth == 0)
		reader->closed = true;
	if (reader->events->end != NULL &&
	    !reader->events->end(reader->handle, name_of(name), &reader->why)) {
		reader->failed = true;
		xmlStopParser(reader->parser);
	}
}

static void
on_text(void *data, const xmlChar *text, int len)
{
	struct xml_reader *reader = data;

	reader->quiet = 0;
	if (!reader->failed && reader->events->text != NULL)
		reader->events->text(reader->handle,
				     text_of((const char *)text, (size_t)len));
}

static void
on_comment(void *data, const xmlChar *text)
{
	((struct xml_reader *)data)->quiet = 0;
}

static void
on_instruction(void *data, const xmlChar *target, const xmlChar *text)
{
	((struct xml_reader *)data)->quiet = 0;
}

static void
on_doctype(void *data, const xmlChar *name, const xmlChar *public_id,
	   const xmlChar *system_id)
{
	refuse(data, "a document type declaration is not taken");
}

/* One line without its end. */
static void
message_of(xml_error *error, char *to, size_t room)
{
	struct text text = text_trim(text_from(error->message));

	if (text.len == 0)
		text = TEXT("not well-formed");
	snprintf(to, room, TEXT_FMT, TEXT_ARG(text));
}

static void
on_error(void *data, xml_error *error)
{
	struct xml_reader *reader;
	char text[WHY_BYTES / 2];

	if (error->ctxt == NULL || error->level < XML_ERR_ERROR)
		return;
	reader = ((xmlParserCtxtPtr)error->ctxt)->_private;
	if (reader->failed || (reader->validator == NULL && reader->finishing))
		return;
	reader->quiet = 0;
	message_of(error, text, sizeof(text));
	if (reader->validator != NULL)
		refuse(reader, "line %d: %s", error->line, text);
	else if (error->code == XML_ERR_DOCUMENT_END)
		reader->trailing = true;
	else if (++reader->errors > reader->bounds->errors)
		refuse(reader, "more than %" PRIu64 " errors",
		       reader->bounds->errors);
	else
		tell(reader, text);
}

static void
on_invalid(void *data, xml_error *error)
{
	struct xml_reader *reader = data;
	char text[WHY_BYTES / 2];

	if (error->level < XML_ERR_ERROR)
		return;
	message_of(error, text, sizeof(text));
	refuse(reader, "line %d: %s", error->line, text);
}

/* --- making a reader --- */

static void
release(void *handle)
{
	struct xml_reader *reader = handle;

	if (reader->plug != NULL)
		xmlSchemaSAXUnplug(reader->plug);
	xmlFreeParserCtxt(reader->parser);
	if (reader->validator != NULL)
		xmlSchemaFreeValidCtxt(reader->validator);
}

static bool
parse_piece(struct xml_reader *reader, struct text piece)
{
	/* pieces of xml_input are a few KiB */
	xmlParseChunk(reader->parser, piece.at, (int)piece.len, 0);
	reader->quiet += piece.len;
	if (!reader->failed && !reader->closed &&
	    reader->quiet > reader->bounds->token_bytes)
		refuse(reader, "a tag or comment of more than %zu bytes",
		       reader->bounds->token_bytes);
	return !reader->failed;
}

static bool
is_blank(struct text text)
{
	return text_trim(text).len == 0;
}

/* As a sink behind xml_input. */
static bool
parse(void *handle, struct text piece, struct why *why)
{
	struct xml_reader *reader = handle;

	if (reader->closed && reader->validator == NULL) {
		reader->trailing = reader->trailing || !is_blank(piece);
		return true;
	}
	return parse_piece(reader, piece);
}

static void
on_input_defect(void *handle, const char *text)
{
	tell(handle, text);
}

static void
open_parser(struct xml_reader *reader)
{
	xmlSAXHandler *handler = &reader->handler;
	int options = XML_PARSE_NONET;

	handler->initialized = XML_SAX2_MAGIC;
	handler->startElementNs = on_start;
	handler->endElementNs = on_end;
	handler->characters = on_text;
	handler->ignorableWhitespace = on_text;
	handler->cdataBlock = on_text;
	handler->comment = on_comment;
	handler->processingInstruction = on_instruction;
	handler->internalSubset = on_doctype;
	reader->sax = handler;
	reader->data = reader;
	if (reader->validator != NULL) {
		reader->plug = xmlSchemaSAXPlug(reader->validator, &reader->sax,
						&reader->data);
		xalloc_check(reader->plug != NULL);
	} else {
		options |= XML_PARSE_RECOVER;
	}
	reader->parser =
	    xmlCreatePushParserCtxt(reader->sax, reader->data, NULL, 0, NULL);
	xalloc_check(reader->parser != NULL);
	reader->parser->_private = reader;
	xmlCtxtUseOptions(reader->parser, options);
	reader->parser->sax->serror = on_error;
}

static struct xml_reader *
reader_new(struct arena *arena, const struct xml_bounds *bounds,
	   const struct xml_events *events, void *handle)
{
	struct xml_reader *reader = arena_new_value(arena, struct xml_reader);
	struct sink sink = {parse, reader};

	xmlInitParser();
	reader->bounds = bounds;
	reader->events = events;
	reader->handle = handle;
	reader->input = xml_input_new(arena, sink, on_input_defect, reader);
	return reader;
}

struct xml_reader *
xml_reader_new(struct arena *arena, const struct xml_bounds *bounds,
	       const struct xml_events *events, void *handle)
{
	struct xml_reader *reader = reader_new(arena, bounds, events, handle);

	open_parser(reader);
	arena_defer(arena, release, reader);
	return reader;
}

struct xml_reader *
xml_reader_new_strict(struct arena *arena, const struct xml_bounds *bounds,
		      const struct xml_events *events, void *handle,
		      const struct xml_schema *schema)
{
	struct xml_reader *reader = reader_new(arena, bounds, events, handle);

	reader->validator = xmlSchemaNewValidCtxt(schema->schema);
	xalloc_check(reader->validator != NULL);
	xmlSchemaSetValidStructuredErrors(reader->validator, on_invalid,
					  reader);
	open_parser(reader);
	arena_defer(arena, release, reader);
	return reader;
}

/* --- reading --- */

static bool
result(struct xml_reader *reader, struct why *why)
{
	return !reader->failed || why_set(why, "%s", reader->why.text);
}

bool
xml_reader_put(struct xml_reader *reader, struct text bytes, struct why *why)
{
	if (reader->failed)
		return result(reader, why);
	reader->bytes += bytes.len;
	if (reader->bytes > reader->bounds->bytes)
		refuse(reader, "more than %" PRIu64 " bytes",
		       reader->bounds->bytes);
	else
		xml_input_put(reader->input, bytes, why);
	return result(reader, why);
}

static void
finish(struct xml_reader *reader)
{
	reader->finishing = !reader->closed;
	xmlParseChunk(reader->parser, NULL, 0, 1);
	if (reader->failed)
		return;
	if (reader->elements == 0)
		refuse(reader, "there is no XML element");
	else if (reader->validator != NULL &&
		 xmlSchemaIsValid(reader->validator) != 1)
		refuse(reader, "the document is not valid");
	if (reader->trailing)
		tell(reader, "something follows the document");
}

bool
xml_reader_finish(struct xml_reader *reader, bool *complete, struct why *why)
{
	if (!reader->failed)
		xml_input_finish(reader->input, why);
	if (!reader->failed)
		finish(reader);
	if (complete != NULL)
		*complete = reader->closed;
	return result(reader, why);
}

static void
release_schema(void *handle)
{
	xmlSchemaFree(handle);
}

struct xml_schema *
xml_schema_new(struct arena *arena, struct text xsd)
{
	struct xml_schema *schema = arena_new_value(arena, struct xml_schema);
	xmlSchemaParserCtxtPtr parser;

	xmlInitParser();
	parser = xmlSchemaNewMemParserCtxt(xsd.at, (int)xsd.len);
	xalloc_check(parser != NULL);
	schema->schema = xmlSchemaParse(parser);
	xmlSchemaFreeParserCtxt(parser);
	xalloc_check(schema->schema != NULL);
	arena_defer(arena, release_schema, schema->schema);
	return schema;
}
