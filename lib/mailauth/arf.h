/* arf.h - feedback reports (RFC 5965) about authentication failures
 * (RFC 6591, RFC 9991)
 *
 * The writer makes the multipart/report entity of a DMARC failure report.  The
 * reader takes the text of a message/feedback-report part of any writer.
 */
#ifndef MAILAUTH_ARF_H
#define MAILAUTH_ARF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

struct arena;
struct buf;
struct why;

/* Fields that may be there several times; newest last, in arrival order. */
struct arf_value {
	struct text text;
	struct arf_value *next;
};

/* All texts are unfolded values; empty: no such field.  The first of a field
 * counts if it may be there once. */
struct arf_report {
	struct text
	    feedback_type; /* lower case: "auth-failure", "abuse", ... */
	struct text version;
	struct text user_agent;
	struct text auth_failure; /* lower case: "dmarc", "dkim", "spf", ... */
	bool is_dkim_unaligned;	  /* Identity-Alignment names dkim */
	bool is_spf_unaligned;	  /* ... spf */
	bool has_identity_alignment;
	struct text delivery_result;
	struct text authentication_results; /* the first of them */
	struct text arrival_date;
	struct text source_ip;
	struct text source_port;
	struct text original_mail_from;
	struct text original_envelope_id;
	struct text reporting_mta;
	struct text dkim_domain, dkim_identity, dkim_selector;
	struct text spf_dns;
	struct arf_value *reported_domains;
	struct arf_value *reported_uris;
	struct arf_value *original_rcpt_to;
	uint64_t incidents; /* 1 if the report does not say */

	struct arf_value *defects; /* sentences: what was wrong */
};

/* Reads the text of the part message/feedback-report: lenient about line
 * ends, case, order, unknown fields and a missing Version.  At most
 * LIMIT_ARF_BYTES are looked at, each value is cut at LIMIT_ARF_VALUE_BYTES.
 * Texts lie in the arena.  False if it is no feedback report at all: no
 * Feedback-Type. */
bool arf_read(struct arena *arena, struct text part, struct arf_report *report,
	      struct why *why);

/* What a report of ours says; texts are free of control bytes. */
struct arf_failure {
	struct text user_agent;
	struct text reporting_mta;
	struct text text;	  /* first part, LF line ends, 7-bit */
	struct text header;	  /* third part: redacted, CRLF */
	struct text arrival_date; /* RFC 5322 */
	struct text source_ip;
	struct text reported_domain;	/* policy domain */
	struct text original_mail_from; /* redacted, may be empty */
	struct text authentication_results;
	struct text
	    delivery_result; /* delivered, spam, policy, reject, other */
	/* mechanisms that did not authenticate an aligned identity */
	bool dkim_failed, spf_failed;
	struct text dkim_domain, dkim_identity, dkim_selector;
	struct text spf_dns; /* "txt : example.com : \"v=spf1 ...\"" */
	uint64_t incidents;
};

/* Value of Content-Type of the entity that arf_write writes. */
struct text arf_content_type(struct arena *arena, struct text boundary);

/* The entity's body: its three parts, lines of at most 998 bytes with CRLF.
 * `boundary` must not be in any of the texts. */
void arf_write(const struct arf_failure *failure, struct text boundary,
	       struct buf *to);

#endif
