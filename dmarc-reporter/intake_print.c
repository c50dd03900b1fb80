#include "dmarc-reporter/intake_print.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/date.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "base/why.h"
#include "dmarc-reporter/intake_content.h"
#include "dmarc-reporter/intake_events.h"
#include "io/file.h"

#define SHOWN_BYTES 200

static void
print_text(struct arena *arena, struct text text)
{
	text = utf8_for_log(arena, text, SHOWN_BYTES);
	fwrite(text.at, 1, text.len, stdout);
}

static void
print_pair(struct arena *arena, const char *name, struct text value)
{
	if (value.len == 0)
		return;
	printf("%-14s", name);
	print_text(arena, value);
	putchar('\n');
}

static void
print_period(int64_t begin, int64_t end)
{
	char from[DATE_STRING_BYTES] = "?", to[DATE_STRING_BYTES] = "?";

	if (begin > 0 && begin < INT64_C(253402300800))
		date_write_iso(begin * 1000, from);
	if (end > 0 && end < INT64_C(253402300800))
		date_write_iso(end * 1000, to);
	printf("%-14s%.19s to %.19s UTC\n", "period", from, to);
}

static void
print_defect(struct arena *arena, struct text text, uint64_t count,
	     uint64_t record)
{
	printf("%-14s", "wrong");
	print_text(arena, text);
	if (count > 1)
		printf(" (%llu times)", (unsigned long long)count);
	if (record > 0)
		printf(" (record %llu%s)", (unsigned long long)record,
		       count > 1 ? " first" : "");
	putchar('\n');
}

/* --- DMARC --- */

static void
print_dmarc_head(struct arena *arena, const struct dmarc_report_head *head)
{
	const struct dmarc_report_policy *policy = &head->policy;
	const struct dmarc_report_metadata *metadata = &head->metadata;
	const struct dmarc_report_defect *defect;

	puts("DMARC aggregate report");
	print_pair(arena, "from", metadata->org_name);
	print_pair(arena, "contact", metadata->email);
	print_pair(arena, "more", metadata->extra_contact_info);
	print_pair(arena, "report id", metadata->report_id);
	print_pair(arena, "generator", metadata->generator);
	print_pair(arena, "error", metadata->error);
	print_period(metadata->begin, metadata->end);
	print_pair(arena, "domain", policy->domain);
	printf("%-14sp=", "policy");
	print_text(arena, policy->p);
	if (policy->sp.len > 0) {
		printf(" sp=");
		print_text(arena, policy->sp);
	}
	if (policy->np.len > 0) {
		printf(" np=");
		print_text(arena, policy->np);
	}
	putchar('\n');
	printf("%-14s%llu records, %llu messages\n", "holds",
	       (unsigned long long)head->totals.records,
	       (unsigned long long)head->totals.messages);
	for (defect = head->defects; defect != NULL; defect = defect->next)
		print_defect(arena, defect->text, defect->count,
			     defect->record);
}

static void
print_signatures(struct arena *arena, const struct dmarc_report_record *record)
{
	size_t i;

	for (i = 0; i < record->signature_count; i++) {
		printf(" dkim:");
		print_text(arena, record->signatures[i].domain);
		putchar('=');
		print_text(arena, record->signatures[i].result);
	}
	for (i = 0; i < record->spf_result_count; i++) {
		printf(" spf:");
		print_text(arena, record->spf_results[i].domain);
		putchar('=');
		print_text(arena, record->spf_results[i].result);
	}
	for (i = 0; i < record->reason_count; i++) {
		printf(" reason:");
		print_text(arena, record->reasons[i].type);
	}
}

static bool
print_record(void *handle, const struct dmarc_report_record *record,
	     struct why *why)
{
	struct arena *arena = arena_new();
	char address[IPADDR_STRING_BYTES];

	printf("  %llu x ", (unsigned long long)record->count);
	if (record->source_ip.family != 0)
		fputs(ipaddr_write(&record->source_ip, address), stdout);
	else
		print_text(arena, record->source_given);
	putchar(' ');
	print_text(arena, record->disposition);
	printf(" (aligned: dkim ");
	print_text(arena, record->dkim);
	printf(", spf ");
	print_text(arena, record->spf);
	printf(") from ");
	print_text(arena, record->header_from);
	print_signatures(arena, record);
	putchar('\n');
	arena_free(arena);
	return true;
}

/* --- TLS --- */

static void
print_failure(struct arena *arena, const struct tlsrpt_failure *failure)
{
	char address[IPADDR_STRING_BYTES];

	printf("    %llu x ", (unsigned long long)failure->sessions);
	print_text(arena, failure->result_type);
	if (failure->sending_ip.family != 0)
		printf(" by %s", ipaddr_write(&failure->sending_ip, address));
	if (failure->receiving_mx.len > 0) {
		printf(" at ");
		print_text(arena, failure->receiving_mx);
	}
	if (failure->receiving_ip.family != 0)
		printf(" [%s]", ipaddr_write(&failure->receiving_ip, address));
	if (failure->reason_code.len > 0) {
		printf(": ");
		print_text(arena, failure->reason_code);
	}
	if (failure->information.len > 0) {
		printf("; ");
		print_text(arena, failure->information);
	}
	putchar('\n');
}

static void
print_tls(struct arena *arena, const struct tlsrpt_report *report)
{
	const struct tlsrpt_failure *failure;
	const struct tlsrpt_policy *policy;
	const struct tlsrpt_defect *defect;

	puts("TLS report");
	print_pair(arena, "from", report->organization);
	print_pair(arena, "contact", report->contact);
	print_pair(arena, "report id", report->report_id);
	print_period(report->begin, report->end);
	for (defect = report->defects; defect != NULL; defect = defect->next)
		print_defect(arena, defect->text, defect->count, 0);
	for (policy = report->policies; policy != NULL; policy = policy->next) {
		printf("  ");
		print_text(arena, policy->domain);
		printf(" (");
		print_text(arena, policy->type);
		printf("): %llu sessions succeeded, %llu failed\n",
		       (unsigned long long)policy->successful,
		       (unsigned long long)policy->failed);
		for (failure = policy->failures; failure != NULL;
		     failure = failure->next)
			print_failure(arena, failure);
	}
}

/* --- the others --- */

static void
print_feedback(struct arena *arena, const struct arf_report *report)
{
	const struct arf_value *value;

	puts("failure report");
	print_pair(arena, "type", report->feedback_type);
	print_pair(arena, "failed", report->auth_failure);
	print_pair(arena, "from", report->reporting_mta);
	print_pair(arena, "program", report->user_agent);
	for (value = report->reported_domains; value != NULL;
	     value = value->next)
		print_pair(arena, "domain", value->text);
	print_pair(arena, "source", report->source_ip);
	print_pair(arena, "sender", report->original_mail_from);
	print_pair(arena, "dkim", report->dkim_domain);
	print_pair(arena, "result", report->delivery_result);
	print_pair(arena, "results", report->authentication_results);
	printf("%-14s%llu messages\n", "holds",
	       (unsigned long long)report->incidents);
	for (value = report->defects; value != NULL; value = value->next)
		print_defect(arena, value->text, 1, 0);
}

static void
print_bounce(struct arena *arena, const struct dsn *dsn)
{
	const struct dsn_recipient *one;
	const char *action;

	puts("delivery status notification");
	print_pair(arena, "from", dsn->reporting_mta);
	for (one = dsn->first; one != NULL; one = one->next) {
		action = dsn_action_name(one->action);
		print_pair(arena, "recipient",
			   one->final.len > 0 ? one->final : one->original);
		print_pair(arena, "action", text_from(action));
		print_pair(arena, "status", one->status);
		print_pair(arena, "diagnostic", one->diagnostic);
	}
}

static bool
print_content(struct arena *arena, const struct intake_content *content,
	      struct why *why)
{
	switch (content->kind) {
	case INTAKE_DMARC:
		print_dmarc_head(arena, content->dmarc);
		return intake_content_rows(arena, content, print_record, NULL,
					   why);
	case INTAKE_TLS:
		print_tls(arena, &content->tls);
		return true;
	case INTAKE_FAILURE:
		print_feedback(arena, &content->failure);
		return true;
	case INTAKE_BOUNCE:
		print_bounce(arena, &content->bounce);
		return true;
	case INTAKE_NOTHING:
		break;
	}
	return why_set(why, "there is no report");
}

/* --- JSON --- */

static bool
print_rows(void *handle, struct text rows, struct why *why)
{
	bool *is_first = handle;

	if (!*is_first)
		putchar(',');
	*is_first = false;
	fwrite(rows.at, 1, rows.len, stdout);
	return true;
}

static void
print_bounce_json(struct arena *arena, const struct dsn *dsn)
{
	struct json *object = json_new_object(arena);
	struct json *array = json_new_array(arena), *entry;
	const struct dsn_recipient *one;
	struct buf line;

	json_put_string(object, "kind", "bounce");
	json_put_text(object, "reporting_mta", dsn->reporting_mta);
	for (one = dsn->first; one != NULL; one = one->next) {
		entry = json_new_object(arena);
		json_put_text(entry, "recipient",
			      one->final.len > 0 ? one->final : one->original);
		json_put_string(entry, "action", dsn_action_name(one->action));
		json_put_text(entry, "status", one->status);
		json_put_text(entry, "diagnostic", one->diagnostic);
		json_add(array, entry);
	}
	json_put(object, "recipients", array);
	buf_init(&line, arena, LIMIT_EVENT_BYTES);
	json_write(object, 0, &line);
	puts(buf_cstring(&line));
}

static bool
print_json(struct arena *arena, const struct intake_content *content,
	   struct why *why)
{
	struct intake_summary summary = {0};
	struct json *object = json_new_object(arena);
	struct domain domain = intake_report_domain(arena, content, NULL);
	bool is_first = true, fine;
	struct buf line;

	if (content->kind == INTAKE_BOUNCE) {
		print_bounce_json(arena, &content->bounce);
		return true;
	}
	intake_summarize(content, &summary);
	intake_describe(object, arena, content, domain, &summary);
	buf_init(&line, arena, LIMIT_EVENT_BYTES);
	json_write(object, 0, &line);
	if (!buf_ok(&line))
		return why_set(why, "the report's head is too long");
	/* the rows follow as they are read, before the last '}' */
	fwrite(line.at, 1, line.len - 1, stdout);
	fputs(",\"records\":[", stdout);
	fine = intake_report_rows(arena, content,
				  (struct sink){print_rows, &is_first}, why);
	puts("]}");
	return fine;
}

bool
intake_print(const char *path, bool as_json, struct why *why)
{
	struct intake_content content;
	struct arena *arena = arena_new();
	struct text file;
	bool fine;

	fine = file_read(arena, path, LIMIT_REPORT_MESSAGE_BYTES, &file, why) &&
	       intake_content_open(arena, file, &content, why) &&
	       intake_content_read(arena, &content, why);
	if (fine)
		fine = as_json ? print_json(arena, &content, why)
			       : print_content(arena, &content, why);
	arena_free(arena);
	return fine;
}
