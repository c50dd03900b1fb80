#include "mailauth/dmarc_report.h"

#include "base/arena.h"
#include "base/limits.h"
#include "base/why.h"
#include "base/xml_writer.h"
#include "mailauth/dmarc_report_words.h"

struct dmarc_report {
	enum dmarc_report_dialect dialect;
	struct dmarc_report_policy policy;
	struct xml_writer *xml;
	struct dmarc_report_totals totals;
};

static bool
is_9990(const struct dmarc_report *report)
{
	return report->dialect == DMARC_REPORT_RFC9990;
}

static struct text
or_else(struct text text, struct text otherwise)
{
	return text.len > 0 ? text : otherwise;
}

/* A sentence for people, cut between two characters. */
static struct text
sentence(struct text text)
{
	size_t len = LIMIT_REPORT_TEXT_BYTES;

	if (text.len <= len)
		return text;
	while (len > 0 && ((unsigned char)text.at[len] & 0xc0) == 0x80)
		len--;
	return text_first(text, len);
}

static void
write_if_set(struct xml_writer *xml, const char *name, struct text text)
{
	if (text.len > 0)
		xml_writer_element(xml, name, sentence(text));
}

/* --- before the records --- */

/* RFC 9990 section 3.1.1.5: unspecified tags have their default values. */
static struct dmarc_report_policy
with_defaults(const struct dmarc_report_policy *given)
{
	struct dmarc_report_policy policy = *given;

	policy.p = or_else(policy.p, TEXT("none"));
	policy.sp = or_else(policy.sp, policy.p);
	policy.np = or_else(policy.np, policy.sp);
	policy.adkim = or_else(policy.adkim, TEXT("r"));
	policy.aspf = or_else(policy.aspf, TEXT("r"));
	policy.fo = or_else(policy.fo, TEXT("0"));
	policy.testing = or_else(policy.testing, TEXT("n"));
	policy.pct = or_else(policy.pct, TEXT("100"));
	return policy;
}

static void
write_metadata(struct dmarc_report *report,
	       const struct dmarc_report_metadata *metadata)
{
	struct xml_writer *xml = report->xml;

	xml_writer_start(xml, "report_metadata");
	xml_writer_element(xml, "org_name", metadata->org_name);
	xml_writer_element(xml, "email", metadata->email);
	write_if_set(xml, "extra_contact_info", metadata->extra_contact_info);
	xml_writer_element(xml, "report_id", metadata->report_id);
	xml_writer_start(xml, "date_range");
	xml_writer_element_int(xml, "begin", metadata->begin);
	xml_writer_element_int(xml, "end", metadata->end);
	xml_writer_end(xml);
	write_if_set(xml, "error", metadata->error);
	if (is_9990(report))
		write_if_set(xml, "generator", metadata->generator);
	xml_writer_end(xml);
}

static void
write_policy(struct dmarc_report *report)
{
	const struct dmarc_report_policy *policy = &report->policy;
	struct xml_writer *xml = report->xml;

	xml_writer_start(xml, "policy_published");
	xml_writer_element(xml, "domain", policy->domain);
	if (is_9990(report))
		write_if_set(xml, "discovery_method", policy->discovery_method);
	xml_writer_element(xml, "p", policy->p);
	xml_writer_element(xml, "sp", policy->sp);
	if (is_9990(report))
		xml_writer_element(xml, "np", policy->np);
	else
		xml_writer_element(xml, "pct", policy->pct);
	xml_writer_element(xml, "fo", sentence(policy->fo));
	xml_writer_element(xml, "adkim", policy->adkim);
	xml_writer_element(xml, "aspf", policy->aspf);
	if (is_9990(report))
		xml_writer_element(xml, "testing", policy->testing);
	xml_writer_end(xml);
}

struct dmarc_report *
dmarc_report_begin(struct arena *arena, enum dmarc_report_dialect dialect,
		   const struct dmarc_report_metadata *metadata,
		   const struct dmarc_report_policy *policy, struct sink to,
		   struct why *why)
{
	struct dmarc_report *report;

	if (!dmarc_report_check_metadata(metadata, why) ||
	    !dmarc_report_check_policy(policy, why))
		return NULL;
	report = arena_new_value(arena, struct dmarc_report);
	report->dialect = dialect;
	report->policy = with_defaults(policy);
	report->xml = xml_writer_new(arena, to);
	xml_writer_start(report->xml, "feedback");
	if (is_9990(report))
		xml_writer_attribute(report->xml, "xmlns",
				     TEXT(DMARC_REPORT_NAMESPACE));
	xml_writer_element(report->xml, "version", TEXT("1.0"));
	write_metadata(report, metadata);
	write_policy(report);
	return report;
}

/* --- row --- */

static bool
is_word(struct text text, const char *word)
{
	return text_equal(text, text_from(word));
}

static struct text
published_policy(const struct dmarc_report *report,
		 const struct dmarc_report_record *record)
{
	if (record->published.len > 0)
		return record->published;
	return text_equal_nocase(record->header_from, report->policy.domain)
		   ? report->policy.p
		   : report->policy.sp;
}

/* The reason that RFC 9990 section 3.1.1.9 demands and nobody gave; NULL if
 * none. */
static const char *
missing_reason(const struct dmarc_report *report,
	       const struct dmarc_report_record *record)
{
	struct text done = record->disposition;

	if (is_word(done, "pass"))
		done = TEXT("none");
	if (record->reason_count > 0 || is_word(record->dkim, "pass") ||
	    is_word(record->spf, "pass") ||
	    text_equal(done, published_policy(report, record)))
		return NULL;
	return is_word(report->policy.testing, "y") ? "policy_test_mode"
						    : "local_policy";
}

static void
write_reason(struct dmarc_report *report, struct text type, struct text comment)
{
	struct xml_writer *xml = report->xml;
	bool known = dmarc_report_is_word(
	    is_9990(report) ? DMARC_WORDS_REASON_9990 : DMARC_WORDS_REASON_7489,
	    type);

	if (!known && is_word(type, "forwarded")) {
		type = TEXT("trusted_forwarder");
		known = true;
	}
	xml_writer_start(xml, "reason");
	xml_writer_element(xml, "type", known ? type : TEXT("other"));
	if (!known || comment.len > 0) {
		xml_writer_start(xml, "comment");
		if (!known)
			xml_writer_text(xml, sentence(type));
		if (!known && comment.len > 0)
			xml_writer_text(xml, TEXT(": "));
		xml_writer_text(xml, sentence(comment));
		xml_writer_end(xml);
	}
	xml_writer_end(xml);
}

/* Eight groups: the pattern of RFC 7489 knows no "::". */
static void
write_ipv6_groups(const struct ipaddr *address, char *to, size_t room)
{
	const uint8_t *b = address->bytes;

	snprintf(to, room, "%x:%x:%x:%x:%x:%x:%x:%x", b[0] << 8 | b[1],
		 b[2] << 8 | b[3], b[4] << 8 | b[5], b[6] << 8 | b[7],
		 b[8] << 8 | b[9], b[10] << 8 | b[11], b[12] << 8 | b[13],
		 b[14] << 8 | b[15]);
}

static void
write_source(struct dmarc_report *report, const struct ipaddr *address)
{
	char text[IPADDR_STRING_BYTES];

	if (address->family == 6 && !is_9990(report))
		write_ipv6_groups(address, text, sizeof(text));
	else
		ipaddr_write(address, text);
	xml_writer_element(report->xml, "source_ip", text_from(text));
}

static void
write_row(struct dmarc_report *report, const struct dmarc_report_record *record)
{
	const char *reason = missing_reason(report, record);
	struct xml_writer *xml = report->xml;
	size_t i;

	xml_writer_start(xml, "row");
	write_source(report, &record->source_ip);
	xml_writer_element_int(xml, "count", (int64_t)record->count);
	xml_writer_start(xml, "policy_evaluated");
	xml_writer_element(xml, "disposition",
			   !is_9990(report) &&
				   is_word(record->disposition, "pass")
			       ? TEXT("none")
			       : record->disposition);
	xml_writer_element(xml, "dkim", record->dkim);
	xml_writer_element(xml, "spf", record->spf);
	for (i = 0; i < record->reason_count; i++)
		write_reason(report, record->reasons[i].type,
			     record->reasons[i].comment);
	if (reason != NULL)
		write_reason(report, text_from(reason), text_of(NULL, 0));
	xml_writer_end(xml);
	xml_writer_end(xml);
}

static void
write_identifiers(struct dmarc_report *report,
		  const struct dmarc_report_record *record)
{
	struct xml_writer *xml = report->xml;

	xml_writer_start(xml, "identifiers");
	write_if_set(xml, "envelope_to", record->envelope_to);
	if (record->has_envelope_from || !is_9990(report))
		xml_writer_element(xml, "envelope_from", record->envelope_from);
	xml_writer_element(xml, "header_from", record->header_from);
	xml_writer_end(xml);
}

/* --- auth_results --- */

enum signature_class {
	SIGNATURE_STRICT,
	SIGNATURE_RELAXED,
	SIGNATURE_PASSES,
	SIGNATURE_FAILS
};

static bool
is_below(struct text domain, struct text parent)
{
	return domain.len > parent.len && parent.len > 0 &&
	       domain.at[domain.len - parent.len - 1] == '.' &&
	       text_ends_nocase(domain, parent);
}

static enum signature_class
signature_class(const struct dmarc_report_record *record,
		const struct dmarc_report_dkim *signature)
{
	struct text organization = record->organizational_domain;

	if (!is_word(signature->result, "pass"))
		return SIGNATURE_FAILS;
	if (text_equal_nocase(signature->domain, record->header_from))
		return SIGNATURE_STRICT;
	if (text_equal_nocase(signature->domain, organization) ||
	    is_below(signature->domain, organization))
		return SIGNATURE_RELAXED;
	return SIGNATURE_PASSES;
}

static void
write_signature(struct dmarc_report *report,
		const struct dmarc_report_dkim *signature)
{
	struct xml_writer *xml = report->xml;

	xml_writer_start(xml, "dkim");
	xml_writer_element(xml, "domain", signature->domain);
	if (is_9990(report) || signature->selector.len > 0)
		xml_writer_element(xml, "selector", signature->selector);
	xml_writer_element(xml, "result", signature->result);
	write_if_set(xml, "human_result", signature->human_result);
	xml_writer_end(xml);
}

static void
write_signatures(struct dmarc_report *report,
		 const struct dmarc_report_record *record)
{
	size_t left = LIMIT_REPORT_SIGNATURES, i;
	int class;

	for (class = SIGNATURE_STRICT; class <= SIGNATURE_FAILS; class ++)
		for (i = 0; i < record->signature_count && left > 0; i++) {
			const struct dmarc_report_dkim *signature =
			    &record->signatures[i];

			if ((int)signature_class(record, signature) != class)
				continue;
			write_signature(report, signature);
			left--;
		}
}

static void
write_spf(struct dmarc_report *report, const struct dmarc_report_spf *spf,
	  struct text scope)
{
	struct xml_writer *xml = report->xml;
	bool unknown_word = !is_9990(report) && is_word(spf->result, "policy");

	xml_writer_start(xml, "spf");
	xml_writer_element(xml, "domain", spf->domain);
	xml_writer_element(xml, "scope", scope);
	xml_writer_element(xml, "result",
			   unknown_word ? TEXT("neutral") : spf->result);
	if (is_9990(report))
		write_if_set(xml, "human_result", spf->human_result);
	xml_writer_end(xml);
}

/* The one result that is of MAIL FROM. */
static void
write_mail_from(struct dmarc_report *report,
		const struct dmarc_report_record *record)
{
	bool null_sender =
	    record->has_envelope_from && record->envelope_from.len == 0;
	size_t i;

	for (i = 0; i < record->spf_result_count; i++)
		if (null_sender ||
		    !is_word(record->spf_results[i].scope, "helo")) {
			write_spf(report, &record->spf_results[i],
				  TEXT("mfrom"));
			return;
		}
}

/* RFC 7489 has any number of results, and one at least. */
static void
write_all_spf(struct dmarc_report *report,
	      const struct dmarc_report_record *record)
{
	struct dmarc_report_spf nothing = {.result = TEXT_INIT("none")};
	size_t i;

	for (i = 0; i < record->spf_result_count; i++)
		write_spf(report, &record->spf_results[i],
			  or_else(record->spf_results[i].scope, TEXT("mfrom")));
	if (i > 0)
		return;
	nothing.domain = or_else(record->envelope_from, record->header_from);
	write_spf(report, &nothing, TEXT("mfrom"));
}

static void
write_auth_results(struct dmarc_report *report,
		   const struct dmarc_report_record *record)
{
	xml_writer_start(report->xml, "auth_results");
	write_signatures(report, record);
	if (is_9990(report))
		write_mail_from(report, record);
	else
		write_all_spf(report, record);
	xml_writer_end(report->xml);
}

/* --- record --- */

bool
dmarc_report_add(struct dmarc_report *report,
		 const struct dmarc_report_record *record, struct why *why)
{
	if (!dmarc_report_check_record(record, why))
		return false;
	if (record->count > INT64_MAX - report->totals.messages)
		return why_set(why, "the report counts too many messages");
	xml_writer_start(report->xml, "record");
	write_row(report, record);
	write_identifiers(report, record);
	write_auth_results(report, record);
	xml_writer_end(report->xml);
	report->totals.records++;
	report->totals.messages += record->count;
	return true;
}

bool
dmarc_report_end(struct dmarc_report *report,
		 struct dmarc_report_totals *totals, struct why *why)
{
	xml_writer_end(report->xml);
	*totals = report->totals;
	return xml_writer_finish(report->xml, why) &&
	       (totals->records > 0 ||
		why_set(why, "the report has no record"));
}
