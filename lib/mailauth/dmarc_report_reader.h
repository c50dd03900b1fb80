/* dmarc_report_reader.h - the inside of dmarc_report_read.h
 *
 * dmarc_report_read.c follows the elements, dmarc_report_reader_values.c makes
 * values of their text, dmarc_report_reader_defects.c keeps what was wrong.
 */
#ifndef MAILAUTH_DMARC_REPORT_READER_H
#define MAILAUTH_DMARC_REPORT_READER_H

#include "base/limits.h"
#include "mailauth/dmarc_report_element.h"
#include "mailauth/dmarc_report_read.h"

struct xml_reader;

/* groups that can stand in one another */
#define REPORT_GROUPS_MAX 8
/* of one record */
#define REPORT_REASONS_MAX 20
#define REPORT_SPF_MAX 20

struct dmarc_report_reader {
	struct arena *arena;
	struct arena *record_arena; /* emptied for each record */
	dmarc_report_record_fn *callback;
	void *handle;
	struct xml_reader *xml;
	struct dmarc_report_head head;
	struct dmarc_report_defect **last_defect;

	enum report_group groups[REPORT_GROUPS_MAX];
	size_t depth;	 /* of groups */
	unsigned inside; /* elements open below what is skipped */
	const struct report_element *leaf;
	bool is_9990, seen_feedback, seen_metadata, seen_policy;

	size_t value_len;
	bool value_cut;
	char value[LIMIT_REPORT_VALUE_BYTES];

	struct dmarc_report_record record;
	bool has_count, has_source;
	size_t reasons, signatures, spf_results; /* begun */
	struct dmarc_report_reason reason[REPORT_REASONS_MAX];
	struct dmarc_report_dkim signature[LIMIT_REPORT_SIGNATURES];
	struct dmarc_report_spf spf[REPORT_SPF_MAX];
};

/* "WHAT PROBLEM: EXAMPLE"; kept once for each `what` and `problem`, which are
 * literals.  An empty example is left out. */
void report_defect(struct dmarc_report_reader *reader, const char *what,
		   const char *problem, struct text example);
void report_missing(struct dmarc_report_reader *reader, const char *what);
/* What the XML reader put right, in its words. */
void report_xml_defect(struct dmarc_report_reader *reader, const char *text);

/* Takes the text of reader->leaf, without blanks around it. */
void report_take_value(struct dmarc_report_reader *reader, struct text given);

#endif
