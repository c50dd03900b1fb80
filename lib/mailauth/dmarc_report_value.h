/* dmarc_report_value.h - values in aggregate reports of others
 *
 * Each function makes of the text of one element what it should have been.
 * It returns NULL if the text was right, else a phrase for "NAME ...", and
 * sets the value to the best that can be said.
 */
#ifndef MAILAUTH_DMARC_REPORT_VALUE_H
#define MAILAUTH_DMARC_REPORT_VALUE_H

#include "mailauth/dmarc_report_words.h"

/* Lower case, A-labels, no final dot; of an address its domain; of a list its
 * first item.  What is no domain stays, in lower case.  Empty is right. */
const char *report_value_domain(struct arena *arena, struct text given,
				struct text *value);

/* A word of the list, also from its synonyms (hardfail, "relaxed"); an
 * unknown one stays, in lower case.  Empty is right. */
const char *report_value_word(struct arena *arena, enum dmarc_report_words kind,
			      struct text given, struct text *value);

/* Without brackets, zone, prefix length; family 0 if it is no address. */
const char *report_value_address(struct text given, struct ipaddr *value);

/* "1,000", "1 000", "2.0"; what is no count is 1: there was a record. */
const char *report_value_count(struct text given, uint64_t *value);

/* Seconds since 1970; also milliseconds, and ISO 8601 with or without time
 * and zone.  0 if it is no time. */
const char *report_value_time(struct text given, int64_t *value);

#endif
