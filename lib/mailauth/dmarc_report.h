/* dmarc_report.h - DMARC aggregate reports: what is in them, and writing them
 * (RFC 9990; RFC 7489 section 7.2 and appendix C)
 *
 * Words of the wire (policies, results, reasons) are text, since others send
 * unknown ones; the writer refuses what its schema does not know, and the
 * reader (dmarc_report_read.h) tells them as they came.
 *
 * Writing is a stream with constant memory: begin, one call for each record,
 * end.  Records stand in the report in the order of the calls and nothing is
 * sorted but the signatures of a record, so the same rows in the same order
 * give the same bytes.  The usual order is source_ip, header_from,
 * envelope_from, envelope_to, disposition; any total order will do.
 */
#ifndef MAILAUTH_DMARC_REPORT_H
#define MAILAUTH_DMARC_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ipaddr.h"
#include "base/sink.h"
#include "base/text.h"

struct arena;
struct why;

#define DMARC_REPORT_NAMESPACE "urn:ietf:params:xml:ns:dmarc-2.0"

enum dmarc_report_dialect {
	DMARC_REPORT_RFC9990 =
	    1,		     /* namespace urn:ietf:params:xml:ns:dmarc-2.0 */
	DMARC_REPORT_RFC7489 /* no namespace, as receivers have it */
};

/* report_metadata.  An empty text is left out where the schema allows it. */
struct dmarc_report_metadata {
	struct text org_name;
	struct text email;
	struct text extra_contact_info;
	struct text report_id; /* without angle brackets */
	int64_t begin, end;    /* seconds since 1970; `end` is the last second
				  of the period: begin + 86399 for a day */
	struct text error;     /* several: joined with "; " */
	struct text generator; /* RFC 9990 only: "signet 0.1.0" */
};

/* policy_published.  An absent tag is an empty text; the writer puts its
 * default there: sp = p, np = sp, adkim = aspf = "r", fo = "0", testing =
 * "n", pct = "100". */
struct dmarc_report_policy {
	struct text domain;	      /* where the record was found */
	struct text discovery_method; /* "treewalk" or "psl"; RFC 9990 only */
	struct text p, sp, np;	      /* "none", "quarantine", "reject" */
	struct text adkim, aspf;      /* "r" or "s" */
	struct text fo;
	struct text testing; /* "y" or "n"; RFC 9990 only */
	struct text pct;     /* RFC 7489 only */
};

/* reason: why the disposition is not the published policy.  `type` is one of
 * local_policy, mailing_list, other, policy_test_mode, trusted_forwarder (RFC
 * 9990), forwarded, sampled_out (RFC 7489).  The writer puts a word that its
 * dialect does not have into the comment of "other", and forwarded becomes
 * trusted_forwarder. */
struct dmarc_report_reason {
	struct text type;
	struct text comment;
};

/* One signature; result: none, pass, fail, policy, neutral, temperror,
 * permerror. */
struct dmarc_report_dkim {
	struct text domain;
	struct text selector;
	struct text result;
	struct text human_result;
};

/* One SPF check; result: none, pass, fail, softfail, policy (RFC 9990),
 * neutral, temperror, permerror.  scope: "mfrom", "helo" or empty. */
struct dmarc_report_spf {
	struct text domain;
	struct text scope;
	struct text result;
	struct text human_result;
};

/* record: messages that are alike in all of this. */
struct dmarc_report_record {
	struct ipaddr source_ip;
	uint64_t count;
	struct text disposition; /* none, pass (RFC 9990), quarantine, reject;
				    pass is written as none for RFC 7489 */
	struct text dkim, spf;	 /* aligned: "pass" or "fail" */
	const struct dmarc_report_reason *reasons;
	size_t reason_count;

	struct text header_from;
	struct text envelope_from; /* empty for a null sender */
	bool has_envelope_from;	   /* false: not known */
	struct text envelope_to;   /* empty: left out */

	const struct dmarc_report_dkim *signatures;
	size_t signature_count;
	const struct dmarc_report_spf *spf_results;
	size_t spf_result_count;

	/* for the writer alone */
	struct text organizational_domain; /* of header_from, for the order of
					      the signatures; may be empty */
	struct text published;		   /* the word that p, sp or np chose;
					      empty: taken from the policy */
	/* from the reader alone */
	struct text source_given; /* what source_ip said, if that is no
				     address: then source_ip.family is 0 */
};

struct dmarc_report_totals {
	uint64_t records;
	uint64_t messages; /* sum of the counts */
};

/* --- writing --- */

struct dmarc_report;

/* Writes all that comes before the records.  Texts of `metadata` and `policy`
 * are borrowed until the end.  NULL, with a reason, when something that the
 * schema wants is missing or is not one of its words. */
struct dmarc_report *
dmarc_report_begin(struct arena *arena, enum dmarc_report_dialect dialect,
		   const struct dmarc_report_metadata *metadata,
		   const struct dmarc_report_policy *policy, struct sink to,
		   struct why *why);

/* Signatures are put into the order of RFC 9990 section 3.1.3 (aligned
 * passes first; the given order within a class) and cut at
 * LIMIT_REPORT_SIGNATURES.  Of the SPF results RFC 9990 has room for one, of
 * MAIL FROM.  A helo result is that identity for a null sender (RFC 7208
 * section 2.4): it is written with scope mfrom then, and left out otherwise.
 * When neither identifier aligned, the disposition is not the published
 * policy and no reason is given, the reason that the RFC demands is added:
 * policy_test_mode if the policy is in test mode, else local_policy.
 *
 * False, with a reason, if the record cannot be written; nothing of it was
 * written then, and the report may go on without it.  The arena is not used. */
bool dmarc_report_add(struct dmarc_report *report,
		      const struct dmarc_report_record *record,
		      struct why *why);

/* Closes the report.  False if there was no record (the schema wants one), or
 * when the sink had refused something. */
bool dmarc_report_end(struct dmarc_report *report,
		      struct dmarc_report_totals *totals, struct why *why);

/* --- the mail that carries a report --- */

/* Report-ID: dot-atom-text ["@" dot-atom-text]. */
bool dmarc_report_id_is_valid(struct text report_id);

/* "receiver!policy-domain!begin!end!unique-id.xml.gz" (RFC 9990 section
 * 3.5.2).  The unique-id is the Report-ID, which it must be identical to
 * (section 3.1.4), if that is letters and digits alone; else there is none.
 * Two policies of one domain in one period are told apart by it. */
struct text dmarc_report_filename(struct arena *arena, struct text receiver,
				  struct text policy_domain, int64_t begin,
				  int64_t end, struct text report_id,
				  bool compressed);

/* "Report Domain: D Submitter: S Report-ID: <ID>", in one line. */
struct text dmarc_report_subject(struct arena *arena, struct text policy_domain,
				 struct text submitter, struct text report_id);

#endif
