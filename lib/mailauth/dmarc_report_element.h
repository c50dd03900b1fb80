/* dmarc_report_element.h - which element of an aggregate report says what
 *
 * The tree of RFC 9990, RFC 7489 and the drafts before it as a table, with
 * the slips of known writers: names in another case or with hyphens,
 * elements without the one that should be around them.
 */
#ifndef MAILAUTH_DMARC_REPORT_ELEMENT_H
#define MAILAUTH_DMARC_REPORT_ELEMENT_H

#include "mailauth/dmarc_report_words.h"

enum report_group {
	REPORT_NOWHERE,
	REPORT_FEEDBACK,
	REPORT_METADATA,
	REPORT_DATE_RANGE,
	REPORT_POLICY,
	REPORT_RECORD,
	REPORT_ROW,
	REPORT_EVALUATED,
	REPORT_REASON,
	REPORT_IDENTIFIERS,
	REPORT_AUTH,
	REPORT_DKIM,
	REPORT_SPF,
	REPORT_EXTENSION
};

enum report_kind {
	REPORT_IS_GROUP,
	REPORT_IS_TEXT,
	REPORT_IS_DOMAIN,
	REPORT_IS_WORD,
	REPORT_IS_ADDRESS,
	REPORT_IS_COUNT,
	REPORT_IS_TIME
};

/* The struct that a value goes to. */
enum report_target {
	REPORT_TO_HEAD,
	REPORT_TO_METADATA,
	REPORT_TO_POLICY,
	REPORT_TO_RECORD,
	REPORT_TO_REASON,
	REPORT_TO_DKIM,
	REPORT_TO_SPF
};

struct report_element {
	const char *name;
	enum report_group parent;
	enum report_kind kind;
	enum report_group group;       /* of a group */
	enum dmarc_report_words words; /* of a word */
	enum report_target target;     /* of a value, with its offset: */
	size_t offset;
};

/* The element of this name below `parent`, or below a group that should stand
 * between the two.  NULL if there is none.  *defect: what is wrong with name
 * or place, or NULL. */
const struct report_element *report_element_find(enum report_group parent,
						 struct text name,
						 const char **defect);

#endif
