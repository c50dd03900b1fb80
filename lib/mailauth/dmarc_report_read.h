/* dmarc_report_read.h - DMARC aggregate reports of others
 *
 * Takes RFC 9990, RFC 7489, the drafts before it, and what broken writers make
 * of them; whatever was wrong is told in a list of defects, the same one
 * once with a count.  Values are normalised: words in lower case, domains
 * without final dot, addresses as addresses, times as seconds.  A value that
 * cannot be understood stays as it came, with a defect.
 *
 * Reading is a stream with constant memory: feed the uncompressed bytes in
 * pieces of any size; each record is handed to a callback as it ends.  Broken
 * writers put report_metadata or policy_published behind the records, so what
 * depends on these takes two passes: one without a callback, whose result
 * says whose report it is and how many rows it has, and one for the rows.
 *
 * Bounds are those of base/limits.h.  No DTD, no entities of the document, no
 * network.
 */
#ifndef MAILAUTH_DMARC_REPORT_READ_H
#define MAILAUTH_DMARC_REPORT_READ_H

#include "mailauth/dmarc_report.h"

struct dmarc_report_defect {
	struct text text; /* a sentence, safe for a log */
	uint64_t count;
	uint64_t record; /* number of the first record that has it, from 1; 0:
			    outside the records */
	struct dmarc_report_defect *next;
};

/* What is known once all is read; texts lie in the arena. */
struct dmarc_report_head {
	struct dmarc_report_metadata metadata;
	struct dmarc_report_policy policy;
	struct text version;	   /* as given */
	struct text xml_namespace; /* of the root element */
	struct dmarc_report_totals totals;
	struct dmarc_report_defect *defects; /* in order of appearance */
	size_t defect_count;		     /* different ones */
	bool complete; /* false: the document ended in the middle */
};

/* `record` lives until the callback returns.  False, with a reason, ends the
 * reading. */
typedef bool dmarc_report_record_fn(void *handle,
				    const struct dmarc_report_record *record,
				    struct why *why);

struct dmarc_report_reader;

/* `callback` may be NULL. */
struct dmarc_report_reader *
dmarc_report_reader_new(struct arena *arena, dmarc_report_record_fn *callback,
			void *handle);

/* False when the document is refused: a bound is passed, a document type
 * declaration, no XML at all.  Records handed over before stay true to the
 * document. */
bool dmarc_report_reader_put(struct dmarc_report_reader *reader,
			     struct text bytes, struct why *why);
struct sink dmarc_report_reader_sink(struct dmarc_report_reader *reader);

/* False as above, and when it is no aggregate report: no <feedback>, or
 * neither policy domain nor record. */
bool dmarc_report_reader_end(struct dmarc_report_reader *reader,
			     const struct dmarc_report_head **head,
			     struct why *why);

/* All of it in one call. */
bool dmarc_report_read(struct arena *arena, struct text bytes,
		       dmarc_report_record_fn *callback, void *handle,
		       const struct dmarc_report_head **head, struct why *why);

#endif
