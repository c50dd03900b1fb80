#include "mailauth/dmarc_report_element.h"

#include "base/ascii.h"
#include "mailauth/dmarc_report_read.h"

#define GROUP(name, parent, group)                                             \
	{                                                                      \
		name, parent, REPORT_IS_GROUP, group, 0, 0, 0                  \
	}
#define VALUE(name, parent, kind, target, type, member)                        \
	{                                                                      \
		name, parent, kind, REPORT_NOWHERE, 0, target,                 \
		    offsetof(type, member)                                     \
	}
#define WORD(name, parent, words, target, type, member)                        \
	{                                                                      \
		name, parent, REPORT_IS_WORD, REPORT_NOWHERE, words, target,   \
		    offsetof(type, member)                                     \
	}

#define METADATA(name, parent, kind, member)                                   \
	VALUE(name, parent, kind, REPORT_TO_METADATA,                          \
	      struct dmarc_report_metadata, member)
#define POLICY(name, kind, member)                                             \
	VALUE(name, REPORT_POLICY, kind, REPORT_TO_POLICY,                     \
	      struct dmarc_report_policy, member)
#define POLICY_WORD(name, words, member)                                       \
	WORD(name, REPORT_POLICY, words, REPORT_TO_POLICY,                     \
	     struct dmarc_report_policy, member)
#define RECORD(name, parent, kind, member)                                     \
	VALUE(name, parent, kind, REPORT_TO_RECORD,                            \
	      struct dmarc_report_record, member)
#define RECORD_WORD(name, words, member)                                       \
	WORD(name, REPORT_EVALUATED, words, REPORT_TO_RECORD,                  \
	     struct dmarc_report_record, member)
#define DKIM(name, kind, member)                                               \
	VALUE(name, REPORT_DKIM, kind, REPORT_TO_DKIM,                         \
	      struct dmarc_report_dkim, member)
#define SPF(name, kind, member)                                                \
	VALUE(name, REPORT_SPF, kind, REPORT_TO_SPF, struct dmarc_report_spf,  \
	      member)

/* Below one parent, and for elements out of place, the first one counts. */
static const struct report_element elements[] = {
    GROUP("feedback", REPORT_NOWHERE, REPORT_FEEDBACK),
    VALUE("version", REPORT_FEEDBACK, REPORT_IS_TEXT, REPORT_TO_HEAD,
	  struct dmarc_report_head, version),
    GROUP("report_metadata", REPORT_FEEDBACK, REPORT_METADATA),
    METADATA("org_name", REPORT_METADATA, REPORT_IS_TEXT, org_name),
    METADATA("email", REPORT_METADATA, REPORT_IS_TEXT, email),
    METADATA("extra_contact_info", REPORT_METADATA, REPORT_IS_TEXT,
	     extra_contact_info),
    METADATA("report_id", REPORT_METADATA, REPORT_IS_TEXT, report_id),
    METADATA("error", REPORT_METADATA, REPORT_IS_TEXT, error),
    METADATA("generator", REPORT_METADATA, REPORT_IS_TEXT, generator),
    GROUP("date_range", REPORT_METADATA, REPORT_DATE_RANGE),
    METADATA("begin", REPORT_DATE_RANGE, REPORT_IS_TIME, begin),
    METADATA("end", REPORT_DATE_RANGE, REPORT_IS_TIME, end),

    GROUP("policy_published", REPORT_FEEDBACK, REPORT_POLICY),
    POLICY("domain", REPORT_IS_DOMAIN, domain),
    POLICY_WORD("discovery_method", DMARC_WORDS_DISCOVERY, discovery_method),
    POLICY_WORD("p", DMARC_WORDS_POLICY, p),
    POLICY_WORD("sp", DMARC_WORDS_POLICY, sp),
    POLICY_WORD("np", DMARC_WORDS_POLICY, np),
    POLICY_WORD("adkim", DMARC_WORDS_MODE, adkim),
    POLICY_WORD("aspf", DMARC_WORDS_MODE, aspf),
    POLICY_WORD("testing", DMARC_WORDS_TESTING, testing),
    POLICY("fo", REPORT_IS_TEXT, fo),
    POLICY("pct", REPORT_IS_TEXT, pct),

    GROUP("extension", REPORT_FEEDBACK, REPORT_EXTENSION),
    GROUP("extensions", REPORT_FEEDBACK, REPORT_EXTENSION),

    GROUP("record", REPORT_FEEDBACK, REPORT_RECORD),
    GROUP("row", REPORT_RECORD, REPORT_ROW),
    RECORD("source_ip", REPORT_ROW, REPORT_IS_ADDRESS, source_ip),
    RECORD("count", REPORT_ROW, REPORT_IS_COUNT, count),
    GROUP("policy_evaluated", REPORT_ROW, REPORT_EVALUATED),
    RECORD_WORD("disposition", DMARC_WORDS_DISPOSITION, disposition),
    RECORD_WORD("dkim", DMARC_WORDS_ALIGNED, dkim),
    RECORD_WORD("spf", DMARC_WORDS_ALIGNED, spf),
    GROUP("reason", REPORT_EVALUATED, REPORT_REASON),
    WORD("type", REPORT_REASON, DMARC_WORDS_REASON_9990, REPORT_TO_REASON,
	 struct dmarc_report_reason, type),
    VALUE("comment", REPORT_REASON, REPORT_IS_TEXT, REPORT_TO_REASON,
	  struct dmarc_report_reason, comment),

    GROUP("identifiers", REPORT_RECORD, REPORT_IDENTIFIERS),
    GROUP("identities", REPORT_RECORD, REPORT_IDENTIFIERS),
    RECORD("header_from", REPORT_IDENTIFIERS, REPORT_IS_DOMAIN, header_from),
    RECORD("envelope_from", REPORT_IDENTIFIERS, REPORT_IS_DOMAIN,
	   envelope_from),
    RECORD("envelope_to", REPORT_IDENTIFIERS, REPORT_IS_DOMAIN, envelope_to),

    GROUP("auth_results", REPORT_RECORD, REPORT_AUTH),
    GROUP("dkim", REPORT_AUTH, REPORT_DKIM),
    DKIM("domain", REPORT_IS_DOMAIN, domain),
    DKIM("selector", REPORT_IS_TEXT, selector),
    WORD("result", REPORT_DKIM, DMARC_WORDS_DKIM, REPORT_TO_DKIM,
	 struct dmarc_report_dkim, result),
    DKIM("human_result", REPORT_IS_TEXT, human_result),
    GROUP("spf", REPORT_AUTH, REPORT_SPF),
    SPF("domain", REPORT_IS_DOMAIN, domain),
    WORD("scope", REPORT_SPF, DMARC_WORDS_SCOPE, REPORT_TO_SPF,
	 struct dmarc_report_spf, scope),
    WORD("result", REPORT_SPF, DMARC_WORDS_SPF, REPORT_TO_SPF,
	 struct dmarc_report_spf, result),
    SPF("human_result", REPORT_IS_TEXT, human_result),
};

#define ELEMENTS (sizeof(elements) / sizeof(*elements))

static bool
is_joiner(char c)
{
	return c == '_' || c == '-';
}

/* Equal but for case, and with or without what joins the words. */
static bool
is_like(struct text name, const char *wanted)
{
	size_t i = 0;

	for (;; wanted++, i++) {
		while (is_joiner(*wanted))
			wanted++;
		while (i < name.len && is_joiner(name.at[i]))
			i++;
		if (i == name.len || *wanted == '\0')
			return i == name.len && *wanted == '\0';
		if (ascii_lower(name.at[i]) != *wanted)
			return false;
	}
}

static enum report_group
parent_of(enum report_group group)
{
	size_t i;

	for (i = 0; i < ELEMENTS; i++)
		if (elements[i].kind == REPORT_IS_GROUP &&
		    elements[i].group == group)
			return elements[i].parent;
	return REPORT_NOWHERE;
}

/* Of a name that is right but for place: below a group that is `between`
 * steps below the parent. */
static const struct report_element *
find_below(enum report_group parent, struct text name, int between)
{
	enum report_group group;
	size_t i;
	int step;

	for (i = 0; i < ELEMENTS; i++) {
		if (!is_like(name, elements[i].name))
			continue;
		group = elements[i].parent;
		for (step = 0; step < between; step++)
			group = parent_of(group);
		if (group == parent && group != REPORT_NOWHERE)
			return &elements[i];
	}
	return NULL;
}

const struct report_element *
report_element_find(enum report_group parent, struct text name,
		    const char **defect)
{
	const struct report_element *found;
	size_t i;

	*defect = NULL;
	for (i = 0; i < ELEMENTS; i++) {
		if (elements[i].parent != parent ||
		    !is_like(name, elements[i].name))
			continue;
		if (!text_equal(name, text_from(elements[i].name)))
			*defect = "is not written like this";
		return &elements[i];
	}
	*defect = "stands in the wrong place";
	found = find_below(parent, name, 1);
	return found != NULL ? found : find_below(parent, name, 2);
}
