/* xml_input.h - what comes before an XML parser: any bytes become UTF-8
 *
 * Finds the charset from the byte order mark, the first bytes and the XML
 * declaration, as appendix F of XML 1.0 says, and copes with declarations that
 * are not true.  What goes out is UTF-8 without byte order mark, blanks
 * before the first element and XML declaration, and without the characters
 * that XML 1.0 forbids.
 */
#ifndef BASE_XML_INPUT_H
#define BASE_XML_INPUT_H

#include "base/sink.h"

struct arena;
struct xml_input;

/* `defect` is told, once for each kind, what had to be put right. */
struct xml_input *xml_input_new(struct arena *arena, struct sink to,
				void (*defect)(void *handle, const char *text),
				void *handle);
bool xml_input_put(struct xml_input *input, struct text bytes, struct why *why);
bool xml_input_finish(struct xml_input *input, struct why *why);

#endif
