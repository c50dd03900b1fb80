/* xml.h - reading XML as a stream, and checking it against a schema
 *
 * The one file that includes libxml2.  Documents come in pieces of any size;
 * memory does not grow with them.  A document type declaration ends the
 * reading, so that there are no entities but the five of XML; nothing is
 * fetched, and each bound of struct xml_bounds is a refusal.
 */
#ifndef BASE_XML_H
#define BASE_XML_H

#include "base/sink.h"

struct arena;

/* How much of a document is taken. */
struct xml_bounds {
	uint64_t bytes;	   /* as given, before any charset is undone */
	uint64_t elements; /* and with it the time */
	unsigned depth;
	unsigned attributes; /* of one element, with its namespaces */
	unsigned names;	     /* of elements and attributes, that differ */
	size_t token_bytes;  /* a tag with its attributes, a comment */
	uint64_t errors;     /* that a lenient reader puts right */
};

/* What the reader calls; each may be NULL.  Texts are UTF-8, borrowed until
 * the call returns. */
struct xml_events {
	/* `name` without prefix; `ns` is the URI of its namespace or empty.
	 * False, with a reason, ends the reading. */
	bool (*start)(void *handle, struct text name, struct text ns,
		      struct why *why);
	/* A run of text comes in any number of pieces. */
	void (*text)(void *handle, struct text text);
	bool (*end)(void *handle, struct text name, struct why *why);
	/* What was not well-formed and has been put right; a lenient reader
	 * goes on after it. */
	void (*defect)(void *handle, const char *text);
};

struct xml_reader;
struct xml_schema;

/* Lenient: takes any charset (xml_input.h) and goes on after what is not
 * well-formed as far as libxml2 can.  The structs are borrowed. */
struct xml_reader *xml_reader_new(struct arena *arena,
				  const struct xml_bounds *bounds,
				  const struct xml_events *events,
				  void *handle);

/* Strict: the first thing that is not well-formed, or not what the schema
 * says, is a refusal. */
struct xml_reader *xml_reader_new_strict(struct arena *arena,
					 const struct xml_bounds *bounds,
					 const struct xml_events *events,
					 void *handle,
					 const struct xml_schema *schema);

/* False, with a reason, once the document is refused; again at every further
 * call. */
bool xml_reader_put(struct xml_reader *reader, struct text bytes,
		    struct why *why);
/* The document ends here.  *complete (may be NULL) is false if its root
 * element was not closed: a strict reader refuses that. */
bool xml_reader_finish(struct xml_reader *reader, bool *complete,
		       struct why *why);

/* `xsd` is a schema of ours; the process ends if it is none. */
struct xml_schema *xml_schema_new(struct arena *arena, struct text xsd);

#endif
