/* tlsrpt_value.h - members of a TLS report, and what is wrong with them
 *
 * For tlsrpt_report_read.c.  `object` and `value` may be NULL where they may
 * be missing from the report.
 */
#ifndef MAILTLS_TLSRPT_VALUE_H
#define MAILTLS_TLSRPT_VALUE_H

#include "mailtls/tlsrpt_report_read.h"

struct json;

struct tlsrpt_reader {
	struct arena *arena;
	struct tlsrpt_report *report;
	struct tlsrpt_defect **defects_end;
};

/* Adds to the defects, or to the count of one that is there already. */
void tlsrpt_note(struct tlsrpt_reader *reader, const char *sentence);
/* "NAME" WHAT */
void tlsrpt_note_member(struct tlsrpt_reader *reader, const char *name,
			const char *what);

/* Safe for a log, cut at LIMIT_REPORT_VALUE_BYTES; a number becomes text, all
 * else is empty. */
struct text tlsrpt_value_text(struct tlsrpt_reader *reader,
			      const struct json *value, const char *name);
struct text tlsrpt_member_text(struct tlsrpt_reader *reader,
			       const struct json *object, const char *name);

/* The member by the name of the RFC or by one that drafts had. */
struct json *tlsrpt_member_either(struct tlsrpt_reader *reader,
				  const struct json *object, const char *name,
				  const char *other);

/* A whole number; 0 with a defect for all else. */
uint64_t tlsrpt_member_count(struct tlsrpt_reader *reader,
			     const struct json *object, const char *name);
/* The sum, which stays where it is before it could wrap. */
uint64_t tlsrpt_add_counts(uint64_t a, uint64_t b);

/* A list, or one value where a list belongs (as in the RFC's own example). */
struct tlsrpt_value *tlsrpt_values_of(struct tlsrpt_reader *reader,
				      const struct json *value,
				      const char *name);

/* Lower case A-labels if it is a domain; else as it came. */
struct text tlsrpt_domain_of(struct tlsrpt_reader *reader, struct text text,
			     const char *name);

/* Family 0 if it is no address. */
struct ipaddr tlsrpt_member_address(struct tlsrpt_reader *reader,
				    const struct json *object,
				    const char *name);

/* Seconds since 1970, 0 if it is no time; a day alone means its first second,
 * or its last one if `is_end`. */
int64_t tlsrpt_member_time(struct tlsrpt_reader *reader,
			   const struct json *object, const char *name,
			   bool is_end);

#endif
