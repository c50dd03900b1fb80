/* tag_list.h - "name=value; ..." lists (RFC 6376 section 3.2) */
#ifndef BASE_TAG_LIST_H
#define BASE_TAG_LIST_H

#include <stdbool.h>

#include "base/text.h"

struct arena;
struct why;

struct tag {
	struct text name, value; /* value trimmed of FWS at both ends */
	struct text whole;	 /* from after '=' to before ';', untrimmed */
	struct tag *next;
};

struct tag_list {
	struct tag *first;
	size_t count;
};

/* The list borrows from `input`.  A name given twice, a name without '=',
 * more than LIMIT_TAGS tags or LIMIT_TAG_LIST_BYTES bytes, or no tag at all
 * is an error; a final ';' is allowed.  Names are case-sensitive.  A value may
 * hold any byte but ';': its reader judges it. */
bool tag_list_parse(struct arena *arena, struct text input,
		    struct tag_list *list, struct why *why);

/* NULL if there is none. */
const struct tag *tag_list_find(const struct tag_list *list,
				const char *name);
/* The value, or `otherwise` if the tag is absent. */
struct text tag_list_get(const struct tag_list *list, const char *name,
			 struct text otherwise);

#endif
