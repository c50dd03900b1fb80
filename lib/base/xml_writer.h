/* xml_writer.h - XML 1.0 in UTF-8, written as a stream
 *
 * Text is escaped so that any XML parser gives back what was put in, but for
 * characters that XML 1.0 cannot carry: control characters, U+FFFE and U+FFFF
 * are left out, and bytes that are not UTF-8 become U+FFFD.  Names of
 * elements and attributes are literals of ours.  Each element stands on a line
 * of its own, indented by two spaces for each level, unless it has text.
 *
 * Output goes to a sink in pieces of a few KiB; memory is constant.  What the
 * sink refuses is remembered: write freely, then ask xml_writer_finish.
 */
#ifndef BASE_XML_WRITER_H
#define BASE_XML_WRITER_H

#include "base/sink.h"

struct arena;
struct xml_writer;

#define XML_WRITER_DEPTH 16

/* Begins with the XML declaration. */
struct xml_writer *xml_writer_new(struct arena *arena, struct sink to);

/* `name` must live until the element's end. */
void xml_writer_start(struct xml_writer *writer, const char *name);
/* Right after xml_writer_start. */
void xml_writer_attribute(struct xml_writer *writer, const char *name,
			  struct text value);
void xml_writer_text(struct xml_writer *writer, struct text text);
void xml_writer_end(struct xml_writer *writer);

/* <name>text</name> */
void xml_writer_element(struct xml_writer *writer, const char *name,
			struct text text);
void xml_writer_element_int(struct xml_writer *writer, const char *name,
			    int64_t number);

/* False once the sink has refused something. */
bool xml_writer_ok(const struct xml_writer *writer);
/* All elements are closed: hands over what is left.  False, with the sink's
 * reason, if anything was refused. */
bool xml_writer_finish(struct xml_writer *writer, struct why *why);

#endif
