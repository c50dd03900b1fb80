/* dmarc_report_words.h - the words that aggregate reports are made of
 * (RFC 9990 appendix A, RFC 7489 appendix C) */
#ifndef MAILAUTH_DMARC_REPORT_WORDS_H
#define MAILAUTH_DMARC_REPORT_WORDS_H

#include "mailauth/dmarc_report.h"

enum dmarc_report_words {
	DMARC_WORDS_POLICY,	 /* p, sp, np */
	DMARC_WORDS_DISPOSITION, /* what was done */
	DMARC_WORDS_MODE,	 /* adkim, aspf */
	DMARC_WORDS_TESTING,
	DMARC_WORDS_DISCOVERY,
	DMARC_WORDS_ALIGNED, /* policy_evaluated: dkim, spf */
	DMARC_WORDS_REASON_9990,
	DMARC_WORDS_REASON_7489,
	DMARC_WORDS_DKIM, /* auth_results */
	DMARC_WORDS_SPF,
	DMARC_WORDS_SCOPE
};

/* The words in order, after the last one NULL. */
const char *const *dmarc_report_words(enum dmarc_report_words kind);
bool dmarc_report_is_word(enum dmarc_report_words kind, struct text word);

/* Whether a report can begin like this, and have this record: false, with
 * the reason, if not. */
bool dmarc_report_check_metadata(const struct dmarc_report_metadata *metadata,
				 struct why *why);
bool dmarc_report_check_policy(const struct dmarc_report_policy *policy,
			       struct why *why);
bool dmarc_report_check_record(const struct dmarc_report_record *record,
			       struct why *why);

#endif
