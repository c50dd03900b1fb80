#include "mailtls/tlsrpt_report_read.h"

#include "base/arena.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/why.h"
#include "mailtls/tlsrpt_value.h"

static void
read_range(struct tlsrpt_reader *reader, const struct json *top)
{
	const struct json *range = json_member(top, "date-range");
	struct tlsrpt_report *report = reader->report;
	int64_t swap;

	report->begin =
	    tlsrpt_member_time(reader, range, "start-datetime", false);
	report->end = tlsrpt_member_time(reader, range, "end-datetime", true);
	if (report->end == 0 || report->begin <= report->end)
		return;
	tlsrpt_note(reader,
		    "the time range ends before it begins: turned round");
	swap = report->begin;
	report->begin = report->end;
	report->end = swap;
}

/* --- policies --- */

static struct tlsrpt_failure *
read_failure(struct tlsrpt_reader *reader, const struct json *from)
{
	struct tlsrpt_failure *failure =
	    arena_new_value(reader->arena, struct tlsrpt_failure);

	failure->result_type = tlsrpt_member_text(reader, from, "result-type");
	if (failure->result_type.len == 0)
		tlsrpt_note_member(reader, "result-type", "is missing");
	failure->sending_ip =
	    tlsrpt_member_address(reader, from, "sending-mta-ip");
	failure->receiving_ip =
	    tlsrpt_member_address(reader, from, "receiving-ip");
	failure->receiving_mx = tlsrpt_domain_of(
	    reader, tlsrpt_member_text(reader, from, "receiving-mx-hostname"),
	    "receiving-mx-hostname");
	failure->receiving_helo =
	    tlsrpt_member_text(reader, from, "receiving-mx-helo");
	failure->information = tlsrpt_value_text(
	    reader,
	    tlsrpt_member_either(reader, from, "additional-information",
				 "additional-info-uri"),
	    "additional-information");
	failure->reason_code = tlsrpt_value_text(
	    reader,
	    tlsrpt_member_either(reader, from, "failure-reason-code",
				 "failure-error-code"),
	    "failure-reason-code");
	failure->sessions =
	    tlsrpt_member_count(reader, from, "failed-session-count");
	return failure;
}

static bool
has_room(const struct tlsrpt_reader *reader)
{
	return reader->report->policy_count + reader->report->failure_count <
	       LIMIT_TLS_REPORT_ROWS;
}

static bool
read_failures(struct tlsrpt_reader *reader, const struct json *list,
	      struct tlsrpt_policy *policy, struct why *why)
{
	struct tlsrpt_failure **end = &policy->failures;
	const struct json *one;
	uint64_t sum = 0;
	size_t i;

	if (list != NULL && json_kind(list) != JSON_KIND_ARRAY)
		tlsrpt_note_member(reader, "failure-details", "is no list");
	for (i = 0; list != NULL && i < json_count(list); i++) {
		one = json_element(list, i);
		if (one == NULL || json_kind(one) != JSON_KIND_OBJECT) {
			tlsrpt_note(reader, "a failure is no object: left out");
			continue;
		}
		if (!has_room(reader))
			return why_set(why, "more than %u rows",
				       LIMIT_TLS_REPORT_ROWS);
		*end = read_failure(reader, one);
		sum = tlsrpt_add_counts(sum, (*end)->sessions);
		end = &(*end)->next;
		policy->failure_count++;
		reader->report->failure_count++;
	}
	if (policy->failure_count > 0 && sum != policy->failed)
		tlsrpt_note(reader, "failures do not add up to the summary");
	return true;
}

static const char *const known_types[] = {"sts", "tlsa", "no-policy-found",
					  NULL};

static void
check_type(struct tlsrpt_reader *reader, struct text type)
{
	const char *const *known;

	if (type.len == 0) {
		tlsrpt_note_member(reader, "policy-type", "is missing");
		return;
	}
	for (known = known_types; *known != NULL; known++)
		if (text_equal(type, text_from(*known)))
			return;
	tlsrpt_note_member(reader, "policy-type",
			   "is a word that RFC 8460 has not");
}

/* The members stand in "policy", or beside it with some writers. */
static void
read_published(struct tlsrpt_reader *reader, const struct json *from,
	       struct tlsrpt_policy *policy)
{
	const struct json *published = json_member(from, "policy");

	if (published == NULL || json_kind(published) != JSON_KIND_OBJECT) {
		tlsrpt_note_member(reader, "policy", "is missing");
		published = from;
	}
	policy->type =
	    text_lower(reader->arena,
		       tlsrpt_member_text(reader, published, "policy-type"));
	check_type(reader, policy->type);
	policy->domain = tlsrpt_domain_of(
	    reader, tlsrpt_member_text(reader, published, "policy-domain"),
	    "policy-domain");
	if (policy->domain.len == 0)
		tlsrpt_note_member(reader, "policy-domain", "is missing");
	policy->strings = tlsrpt_values_of(
	    reader, json_member(published, "policy-string"), "policy-string");
	policy->mx_hosts =
	    tlsrpt_values_of(reader,
			     tlsrpt_member_either(reader, published, "mx-host",
						  "mx-host-pattern"),
			     "mx-host");
}

static struct tlsrpt_policy *
read_policy(struct tlsrpt_reader *reader, const struct json *from,
	    struct why *why)
{
	struct tlsrpt_policy *policy =
	    arena_new_value(reader->arena, struct tlsrpt_policy);
	const struct json *summary = json_member(from, "summary");

	read_published(reader, from, policy);
	policy->successful = tlsrpt_member_count(
	    reader, summary, "total-successful-session-count");
	policy->failed =
	    tlsrpt_member_count(reader, summary, "total-failure-session-count");
	if (!read_failures(reader, json_member(from, "failure-details"), policy,
			   why))
		return NULL;
	return policy;
}

static bool
add_policy(struct tlsrpt_reader *reader, const struct json *from,
	   struct tlsrpt_policy ***end, struct why *why)
{
	if (from == NULL || json_kind(from) != JSON_KIND_OBJECT) {
		tlsrpt_note(reader, "a policy is no object: left out");
		return true;
	}
	if (!has_room(reader))
		return why_set(why, "more than %u rows", LIMIT_TLS_REPORT_ROWS);
	**end = read_policy(reader, from, why);
	if (**end == NULL)
		return false;
	*end = &(**end)->next;
	reader->report->policy_count++;
	return true;
}

static bool
read_policies(struct tlsrpt_reader *reader, const struct json *list,
	      struct why *why)
{
	struct tlsrpt_policy **end = &reader->report->policies;
	size_t i;

	if (list == NULL)
		return why_set(why, "no TLS report: it has no policies");
	if (json_kind(list) == JSON_KIND_OBJECT) {
		tlsrpt_note_member(reader, "policies",
				   "is one value, not a list");
		return add_policy(reader, list, &end, why);
	}
	if (json_kind(list) != JSON_KIND_ARRAY)
		return why_set(why, "no TLS report: its policies are no list");
	for (i = 0; i < json_count(list); i++)
		if (!add_policy(reader, json_element(list, i), &end, why))
			return false;
	if (reader->report->policy_count == 0)
		tlsrpt_note(reader, "the report has no policies");
	return true;
}

static void
note_doubts(struct tlsrpt_reader *reader, const struct json_doubts *doubts)
{
	if (doubts->has_mark)
		tlsrpt_note(reader, "begins with a byte order mark");
	if (doubts->not_utf8)
		tlsrpt_note(reader, "is not UTF-8: read as ISO-8859-1");
	if (doubts->is_large)
		tlsrpt_note(reader, "has a number of more than 64 bits");
}

static void
read_names(struct tlsrpt_reader *reader, const struct json *top)
{
	struct tlsrpt_report *report = reader->report;

	report->organization =
	    tlsrpt_member_text(reader, top, "organization-name");
	report->contact = tlsrpt_member_text(reader, top, "contact-info");
	report->report_id = tlsrpt_member_text(reader, top, "report-id");
	if (report->organization.len == 0)
		tlsrpt_note_member(reader, "organization-name", "is missing");
	if (report->contact.len == 0)
		tlsrpt_note_member(reader, "contact-info", "is missing");
	if (report->report_id.len == 0)
		tlsrpt_note_member(reader, "report-id", "is missing");
}

bool
tlsrpt_report_read(struct arena *arena, struct text json,
		   struct tlsrpt_report *report, struct why *why)
{
	struct tlsrpt_reader reader = {.arena = arena, .report = report};
	struct json_doubts doubts;
	const struct json *top;

	*report = (struct tlsrpt_report){0};
	reader.defects_end = &report->defects;
	if (json.len > LIMIT_TLS_REPORT_BYTES)
		return why_set(why, "more than %u bytes", LIMIT_TLS_REPORT_BYTES);
	top = json_parse(arena, json, &doubts, why);
	if (top == NULL)
		return false;
	if (json_kind(top) != JSON_KIND_OBJECT)
		return why_set(why, "no TLS report: no JSON object");
	note_doubts(&reader, &doubts);
	read_names(&reader, top);
	read_range(&reader, top);
	return read_policies(&reader, json_member(top, "policies"), why);
}
