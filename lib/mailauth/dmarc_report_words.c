#include "mailauth/dmarc_report_words.h"

#include <inttypes.h>

#include "base/why.h"

#define WORDS_MAX 9

static const char *const words[][WORDS_MAX] = {
    [DMARC_WORDS_POLICY] = {"none", "quarantine", "reject"},
    [DMARC_WORDS_DISPOSITION] = {"none", "pass", "quarantine", "reject"},
    [DMARC_WORDS_MODE] = {"r", "s"},
    [DMARC_WORDS_TESTING] = {"n", "y"},
    [DMARC_WORDS_DISCOVERY] = {"psl", "treewalk"},
    [DMARC_WORDS_ALIGNED] = {"pass", "fail"},
    [DMARC_WORDS_REASON_9990] = {"local_policy", "mailing_list", "other",
				 "policy_test_mode", "trusted_forwarder"},
    [DMARC_WORDS_REASON_7489] = {"forwarded", "sampled_out",
				 "trusted_forwarder", "mailing_list",
				 "local_policy", "other"},
    [DMARC_WORDS_DKIM] = {"none", "pass", "fail", "policy", "neutral",
			  "temperror", "permerror"},
    /* RFC 7489 does not have the last one */
    [DMARC_WORDS_SPF] = {"none", "pass", "fail", "softfail", "neutral",
			 "temperror", "permerror", "policy"},
    [DMARC_WORDS_SCOPE] = {"mfrom", "helo"},
};

const char *const *
dmarc_report_words(enum dmarc_report_words kind)
{
	return words[kind];
}

bool
dmarc_report_is_word(enum dmarc_report_words kind, struct text word)
{
	const char *const *known = words[kind];

	for (; *known != NULL; known++)
		if (text_equal(word, text_from(*known)))
			return true;
	return false;
}

static bool
wants(const char *what, enum dmarc_report_words kind, struct text word,
      struct why *why)
{
	return dmarc_report_is_word(kind, word) ||
	       why_set(why, "%s cannot be \"" TEXT_FMT "\"", what,
		       TEXT_ARG(word));
}

static bool
allows(const char *what, enum dmarc_report_words kind, struct text word,
       struct why *why)
{
	return word.len == 0 || wants(what, kind, word, why);
}

bool
dmarc_report_check_metadata(const struct dmarc_report_metadata *metadata,
			    struct why *why)
{
	if (metadata->org_name.len == 0)
		return why_set(why, "org_name is empty");
	if (metadata->email.len == 0)
		return why_set(why, "email is empty");
	if (!dmarc_report_id_is_valid(metadata->report_id))
		return why_set(why, "\"" TEXT_FMT "\" is no Report-ID",
			       TEXT_ARG(metadata->report_id));
	if (metadata->begin < 0 || metadata->end < metadata->begin)
		return why_set(why, "%" PRId64 " to %" PRId64 " is no period",
			       metadata->begin, metadata->end);
	return true;
}

bool
dmarc_report_check_policy(const struct dmarc_report_policy *policy,
			  struct why *why)
{
	uint64_t pct;

	if (policy->domain.len == 0)
		return why_set(why, "the policy domain is empty");
	if (policy->pct.len > 0 && !text_to_u64(policy->pct, 100, &pct))
		return why_set(why, "pct cannot be \"" TEXT_FMT "\"",
			       TEXT_ARG(policy->pct));
	return allows("p", DMARC_WORDS_POLICY, policy->p, why) &&
	       allows("sp", DMARC_WORDS_POLICY, policy->sp, why) &&
	       allows("np", DMARC_WORDS_POLICY, policy->np, why) &&
	       allows("adkim", DMARC_WORDS_MODE, policy->adkim, why) &&
	       allows("aspf", DMARC_WORDS_MODE, policy->aspf, why) &&
	       allows("testing", DMARC_WORDS_TESTING, policy->testing, why) &&
	       allows("discovery_method", DMARC_WORDS_DISCOVERY,
		      policy->discovery_method, why);
}

static bool
check_auth_results(const struct dmarc_report_record *record, struct why *why)
{
	size_t i;

	for (i = 0; i < record->signature_count; i++)
		if (!wants("a DKIM result", DMARC_WORDS_DKIM,
			   record->signatures[i].result, why))
			return false;
	for (i = 0; i < record->spf_result_count; i++)
		if (!wants("an SPF result", DMARC_WORDS_SPF,
			   record->spf_results[i].result, why) ||
		    !allows("an SPF scope", DMARC_WORDS_SCOPE,
			    record->spf_results[i].scope, why))
			return false;
	return true;
}

bool
dmarc_report_check_record(const struct dmarc_report_record *record,
			  struct why *why)
{
	if (record->source_ip.family == 0)
		return why_set(why, "the record has no source address");
	if (record->count == 0 || record->count > INT64_MAX)
		return why_set(why,
			       "a record cannot count %" PRIu64 " messages",
			       record->count);
	if (record->header_from.len == 0)
		return why_set(why, "header_from is empty");
	return wants("a disposition", DMARC_WORDS_DISPOSITION,
		     record->disposition, why) &&
	       wants("the aligned DKIM result", DMARC_WORDS_ALIGNED,
		     record->dkim, why) &&
	       wants("the aligned SPF result", DMARC_WORDS_ALIGNED, record->spf,
		     why) &&
	       allows("the published policy", DMARC_WORDS_POLICY,
		      record->published, why) &&
	       check_auth_results(record, why);
}
