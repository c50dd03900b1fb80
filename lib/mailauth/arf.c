#include "mailauth/arf.h"

#include "base/arena.h"
#include "base/ascii.h"
#include "base/limits.h"
#include "base/why.h"
#include "mailauth/message.h"

struct reading {
	struct arena *arena;
	struct arf_report *report;
	size_t defects;
};

static void
add_defect(struct reading *reading, const char *sentence)
{
	struct arf_value **to = &reading->report->defects;

	if (reading->defects++ >= LIMIT_ARF_VALUES)
		return;
	while (*to != NULL)
		to = &(*to)->next;
	*to = arena_new_value(reading->arena, struct arf_value);
	(*to)->text = text_from(sentence);
}

static void
add_value(struct reading *reading, struct arf_value **to, struct text value)
{
	size_t count = 0;

	for (; *to != NULL; to = &(*to)->next)
		if (++count == LIMIT_ARF_VALUES)
			return;
	*to = arena_new_value(reading->arena, struct arf_value);
	(*to)->text = value;
}

/* "dkim, spf", "none"; both in any case. */
static void
take_alignment(struct reading *reading, struct text value)
{
	struct arf_report *report = reading->report;
	struct text word;
	size_t end;

	report->has_identity_alignment = true;
	while (value.len > 0) {
		end = text_find(value, ',');
		word = text_trim(text_first(value, end));
		value = text_skip(value, end + 1);
		if (text_equal_nocase(word, TEXT("dkim")))
			report->is_dkim_unaligned = true;
		else if (text_equal_nocase(word, TEXT("spf")))
			report->is_spf_unaligned = true;
		else if (!text_equal_nocase(word, TEXT("none")))
			add_defect(reading, "Identity-Alignment has a word "
					    "that is not known");
	}
}

static void
take_incidents(struct reading *reading, struct text value)
{
	if (!text_to_u64(value, UINT32_MAX, &reading->report->incidents)) {
		reading->report->incidents = 1;
		add_defect(reading, "Incidents is no number");
	}
}

/* "<a@example.com>" as well as without brackets. */
static struct text
address_of(struct text value)
{
	if (value.len > 1 && value.at[0] == '<' &&
	    value.at[value.len - 1] == '>')
		return text_first(text_skip(value, 1), value.len - 2);
	return value;
}

static bool
take_list(struct reading *reading, struct text name, struct text value)
{
	struct arf_report *report = reading->report;

	if (text_equal_nocase(name, TEXT("Reported-Domain")))
		add_value(reading, &report->reported_domains, value);
	else if (text_equal_nocase(name, TEXT("Reported-URI")))
		add_value(reading, &report->reported_uris, value);
	else if (text_equal_nocase(name, TEXT("Original-Rcpt-To")))
		add_value(reading, &report->original_rcpt_to,
			  address_of(value));
	else if (text_equal_nocase(name, TEXT("Identity-Alignment")))
		take_alignment(reading, value);
	else if (text_equal_nocase(name, TEXT("Incidents")))
		take_incidents(reading, value);
	else
		return false;
	return true;
}

/* Values of one word are compared by others: lower case. */
static void
take_single(struct reading *reading, struct text name, struct text value)
{
	struct arf_report *report = reading->report;
	const struct {
		const char *name;
		struct text *to;
		bool lower;
	} fields[] = {
	    {"Feedback-Type", &report->feedback_type, true},
	    {"Version", &report->version, false},
	    {"User-Agent", &report->user_agent, false},
	    {"Auth-Failure", &report->auth_failure, true},
	    {"Delivery-Result", &report->delivery_result, true},
	    {"Authentication-Results", &report->authentication_results, false},
	    {"Arrival-Date", &report->arrival_date, false},
	    {"Received-Date", &report->arrival_date, false},
	    {"Source-IP", &report->source_ip, false},
	    {"Source-Port", &report->source_port, false},
	    {"Original-Mail-From", &report->original_mail_from, false},
	    {"Original-Envelope-Id", &report->original_envelope_id, false},
	    {"Reporting-MTA", &report->reporting_mta, false},
	    {"DKIM-Domain", &report->dkim_domain, true},
	    {"DKIM-Identity", &report->dkim_identity, false},
	    {"DKIM-Selector", &report->dkim_selector, false},
	    {"SPF-DNS", &report->spf_dns, false}};
	size_t i;

	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (text_equal_nocase(name, text_from(fields[i].name)) &&
		    fields[i].to->len == 0)
			*fields[i].to = fields[i].lower
					    ? text_lower(reading->arena, value)
					    : value;
}

/* Addresses with a port or in brackets are others' idea of Source-IP. */
static void
mend(struct reading *reading)
{
	struct arf_report *report = reading->report;
	struct text *ip = &report->source_ip;

	report->original_mail_from = address_of(report->original_mail_from);
	if (ip->len > 1 && ip->at[0] == '[') {
		*ip = text_skip(*ip, 1);
		*ip = text_first(*ip, text_find(*ip, ']'));
		if (text_starts_nocase(*ip, TEXT("IPv6:")))
			*ip = text_skip(*ip, 5);
		add_defect(reading, "Source-IP stands in brackets");
	}
	if (report->version.len == 0)
		add_defect(reading, "Version is missing");
	if (report->user_agent.len == 0)
		add_defect(reading, "User-Agent is missing");
	if (!text_equal(report->feedback_type, TEXT("auth-failure")))
		return;
	if (report->auth_failure.len == 0)
		add_defect(reading, "Auth-Failure is missing");
	if (text_equal(report->auth_failure, TEXT("dmarc")) &&
	    !report->has_identity_alignment)
		add_defect(reading, "Identity-Alignment is missing");
	if (report->reported_domains == NULL)
		add_defect(reading, "Reported-Domain is missing");
}

/* Fields may stand behind empty lines and lines that are none. */
static void
take_fields(struct reading *reading, struct text part)
{
	const struct header_field *field;
	struct message fields;
	struct text value;
	size_t used;

	while (part.len > 0) {
		message_init(&fields, reading->arena);
		used = message_parse(&fields, part);
		for (field = fields.top; field != NULL; field = field->below) {
			value =
			    text_first(field_unfolded(reading->arena, field),
				       LIMIT_ARF_VALUE_BYTES);
			if (!take_list(reading, field->name, value))
				take_single(reading, field->name, value);
		}
		if (fields.count == 0)
			used = text_find(part, '\n') + 1;
		part = text_skip(part, used);
	}
}

bool
arf_read(struct arena *arena, struct text part, struct arf_report *report,
	 struct why *why)
{
	struct reading reading = {.arena = arena, .report = report};

	*report = (struct arf_report){.incidents = 1};
	if (part.len > LIMIT_ARF_BYTES)
		add_defect(&reading, "the part is too long to be read whole");
	take_fields(&reading, text_first(part, LIMIT_ARF_BYTES));
	if (report->feedback_type.len == 0)
		return why_set(why, "it has no Feedback-Type");
	mend(&reading);
	return true;
}
