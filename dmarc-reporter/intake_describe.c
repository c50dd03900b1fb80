#include "dmarc-reporter/intake_describe.h"

#include "base/arena.h"
#include "base/date.h"
#include "base/json.h"
#include "base/limits.h"

static void
put_some(struct json *object, const char *name, struct text value)
{
	if (value.len > 0)
		json_put_text(object, name, value);
}

static void
put_time(struct json *event, const char *name, int64_t unix_s)
{
	char at[DATE_STRING_BYTES];

	/* what no calendar here can write is a defect of the report */
	if (unix_s <= 0 || unix_s >= INT64_C(253402300800))
		return;
	date_write_iso(unix_s * 1000, at);
	json_put_string(event, name, at);
}

/* --- DMARC --- */

static void
put_dmarc_defects(struct json *event, struct arena *arena,
		  const struct dmarc_report_head *head)
{
	const struct dmarc_report_defect *defect = head->defects;
	struct json *array = json_new_array(arena), *one;

	for (; defect != NULL; defect = defect->next) {
		one = json_new_object(arena);
		json_put_text(one, "text", defect->text);
		json_put_int(one, "count", (int64_t)defect->count);
		if (defect->record > 0)
			json_put_int(one, "record", (int64_t)defect->record);
		json_add(array, one);
	}
	json_put(event, "defects", array);
}

static void
put_policy(struct json *event, struct arena *arena,
	   const struct dmarc_report_policy *policy)
{
	struct json *object = json_new_object(arena);

	put_some(object, "p", policy->p);
	put_some(object, "sp", policy->sp);
	put_some(object, "np", policy->np);
	put_some(object, "adkim", policy->adkim);
	put_some(object, "aspf", policy->aspf);
	put_some(object, "fo", policy->fo);
	put_some(object, "pct", policy->pct);
	put_some(object, "testing", policy->testing);
	put_some(object, "discovery_method", policy->discovery_method);
	json_put(event, "policy", object);
}

static void
put_dmarc(struct json *event, struct arena *arena,
	  const struct dmarc_report_head *head)
{
	put_some(event, "extra_contact_info",
		 head->metadata.extra_contact_info);
	put_some(event, "error", head->metadata.error);
	put_some(event, "generator", head->metadata.generator);
	put_some(event, "version", head->version);
	put_some(event, "namespace", head->xml_namespace);
	put_policy(event, arena, &head->policy);
	put_dmarc_defects(event, arena, head);
}

static void
put_tls_defects(struct json *event, struct arena *arena,
		const struct tlsrpt_report *report)
{
	const struct tlsrpt_defect *defect = report->defects;
	struct json *array = json_new_array(arena), *one;

	for (; defect != NULL; defect = defect->next) {
		one = json_new_object(arena);
		json_put_text(one, "text", defect->text);
		json_put_int(one, "count", (int64_t)defect->count);
		json_add(array, one);
	}
	json_put(event, "defects", array);
}

static void
put_failure_defects(struct json *event, struct arena *arena,
		    const struct arf_report *report)
{
	const struct arf_value *value = report->defects;
	struct json *array = json_new_array(arena), *one;

	for (; value != NULL; value = value->next) {
		one = json_new_object(arena);
		json_put_text(one, "text", value->text);
		json_put_int(one, "count", 1);
		json_add(array, one);
	}
	json_put(event, "defects", array);
}

static struct json *
arf_values(struct arena *arena, const struct arf_value *value)
{
	struct json *array = json_new_array(arena);

	for (; value != NULL; value = value->next)
		json_add_text(array, value->text);
	return array;
}

static void
put_failure(struct json *event, struct arena *arena,
	    const struct intake_content *content)
{
	const struct arf_report *report = &content->failure;
	struct json *object = json_new_object(arena);

	json_put_text(object, "feedback_type", report->feedback_type);
	put_some(object, "user_agent", report->user_agent);
	put_some(object, "auth_failure", report->auth_failure);
	put_some(object, "delivery_result", report->delivery_result);
	put_some(object, "authentication_results",
		 report->authentication_results);
	put_some(object, "arrival_date", report->arrival_date);
	put_some(object, "source_ip", report->source_ip);
	put_some(object, "original_mail_from", report->original_mail_from);
	put_some(object, "original_envelope_id", report->original_envelope_id);
	json_put(object, "original_rcpt_to",
		 arf_values(arena, report->original_rcpt_to));
	put_some(object, "reporting_mta", report->reporting_mta);
	put_some(object, "dkim_domain", report->dkim_domain);
	put_some(object, "dkim_identity", report->dkim_identity);
	put_some(object, "dkim_selector", report->dkim_selector);
	put_some(object, "spf_dns", report->spf_dns);
	json_put_int(object, "incidents", (int64_t)report->incidents);
	/* the lines of its header stay apart; the database takes no zeros */
	if (text_has(content->original, '\0'))
		json_put_text(object, "header", content->original);
	else
		json_put_exact(
		    object, "header",
		    text_first(content->original, LIMIT_FIELD_BYTES));
	json_put(event, "failure", object);
	put_failure_defects(event, arena, report);
}

/* --- all kinds --- */

int64_t
intake_report_end(const struct intake_content *content)
{
	if (content->kind == INTAKE_DMARC)
		return content->dmarc->metadata.end;
	return content->kind == INTAKE_TLS ? content->tls.end : 0;
}

void
intake_summarize(const struct intake_content *content,
		 struct intake_summary *summary)
{
	const struct tlsrpt_policy *policy;

	summary->messages = 0;
	if (content->kind == INTAKE_DMARC) {
		summary->organization = content->dmarc->metadata.org_name;
		summary->report_id = content->dmarc->metadata.report_id;
		summary->rows = content->dmarc->totals.records;
		summary->messages = content->dmarc->totals.messages;
		summary->defects = content->dmarc->defect_count;
	} else if (content->kind == INTAKE_TLS) {
		summary->organization = content->tls.organization;
		summary->report_id = content->tls.report_id;
		summary->defects = content->tls.defect_count;
		for (policy = content->tls.policies; policy != NULL;
		     policy = policy->next)
			summary->messages +=
			    policy->successful + policy->failed;
		summary->rows = content->tls.policy_count;
	} else {
		summary->organization = content->failure.reporting_mta;
		summary->messages = content->failure.incidents;
	}
}

static void
put_kind(struct json *event, struct arena *arena,
	 const struct intake_content *content)
{
	if (content->kind == INTAKE_DMARC) {
		put_some(event, "email", content->dmarc->metadata.email);
		put_dmarc(event, arena, content->dmarc);
	} else if (content->kind == INTAKE_TLS) {
		put_some(event, "email", content->tls.contact);
		put_tls_defects(event, arena, &content->tls);
	} else {
		put_failure(event, arena, content);
	}
}

int64_t
intake_report_begin(const struct intake_content *content)
{
	if (content->kind == INTAKE_DMARC)
		return content->dmarc->metadata.begin;
	return content->kind == INTAKE_TLS ? content->tls.begin : 0;
}

void
intake_describe(struct json *object, struct arena *arena,
		const struct intake_content *content, struct domain domain,
		const struct intake_summary *summary)
{
	json_put_string(object, "kind", intake_kind_name(content->kind));
	put_some(object, "organization", summary->organization);
	put_some(object, "report_id", summary->report_id);
	put_some(object, "domain", domain.name);
	put_time(object, "begin", intake_report_begin(content));
	put_time(object, "end", intake_report_end(content));
	json_put_int(object, "rows", (int64_t)summary->rows);
	json_put_int(object, "messages", (int64_t)summary->messages);
	put_kind(object, arena, content);
}
