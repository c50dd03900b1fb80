#include "mailtls/tlsrpt_report.h"

#include <inttypes.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "base/buf.h"
#include "base/date.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/scan.h"
#include "base/utf8.h"
#include "base/why.h"

struct tlsrpt_report_writer {
	struct sink to;
	uint64_t rows; /* of LIMIT_TLS_REPORT_OUT_ROWS */
	struct tlsrpt_report_totals totals;
};

static bool
put(struct tlsrpt_report_writer *writer, struct text text, struct why *why)
{
	writer->totals.bytes += text.len;
	return sink_put(writer->to, text, why);
}

/* True if there is room for one more row. */
static bool
take_row(struct tlsrpt_report_writer *writer)
{
	if (writer->rows >= LIMIT_TLS_REPORT_OUT_ROWS) {
		writer->totals.left_out++;
		return false;
	}
	writer->rows++;
	return true;
}

static void
put_value(struct arena *arena, struct json *object, const char *name,
	  struct text value)
{
	json_put_text(object, name,
		      utf8_for_log(arena, value, LIMIT_REPORT_VALUE_BYTES));
}

static void
put_some(struct arena *arena, struct json *object, const char *name,
	 struct text value)
{
	if (value.len > 0)
		put_value(arena, object, name, value);
}

static void
put_address(struct json *object, const char *name, const struct ipaddr *address)
{
	char string[IPADDR_STRING_BYTES];

	if (address->family != 0)
		json_put_string(object, name, ipaddr_write(address, string));
}

static void
put_count(struct json *object, const char *name, uint64_t count)
{
	json_put_int(object, name,
		     (int64_t)(count > INT64_MAX ? INT64_MAX : count));
}

static void
put_values(struct tlsrpt_report_writer *writer, struct arena *arena,
	   struct json *object, const char *name,
	   const struct tlsrpt_value *value)
{
	struct json *list = json_new_array(arena);

	for (; value != NULL; value = value->next)
		if (take_row(writer))
			json_add_text(list,
				      utf8_for_log(arena, value->text,
						   LIMIT_REPORT_VALUE_BYTES));
	json_put(object, name, list);
}

static struct json *
policy_of(struct tlsrpt_report_writer *writer, struct arena *arena,
	  const struct tlsrpt_policy *policy)
{
	struct json *object = json_new_object(arena);

	put_value(arena, object, "policy-type", policy->type);
	if (policy->strings != NULL)
		put_values(writer, arena, object, "policy-string",
			   policy->strings);
	put_value(arena, object, "policy-domain", policy->domain);
	if (policy->mx_hosts != NULL)
		put_values(writer, arena, object, "mx-host", policy->mx_hosts);
	return object;
}

static struct json *
summary_of(struct arena *arena, const struct tlsrpt_policy *policy)
{
	struct json *object = json_new_object(arena);

	put_count(object, "total-successful-session-count", policy->successful);
	put_count(object, "total-failure-session-count", policy->failed);
	return object;
}

static struct json *
failure_of(struct arena *arena, const struct tlsrpt_failure *failure)
{
	struct json *object = json_new_object(arena);

	put_value(arena, object, "result-type", failure->result_type);
	put_address(object, "sending-mta-ip", &failure->sending_ip);
	put_some(arena, object, "receiving-mx-hostname", failure->receiving_mx);
	put_some(arena, object, "receiving-mx-helo", failure->receiving_helo);
	put_address(object, "receiving-ip", &failure->receiving_ip);
	put_count(object, "failed-session-count", failure->sessions);
	put_some(arena, object, "additional-information", failure->information);
	put_some(arena, object, "failure-reason-code", failure->reason_code);
	return object;
}

static struct json *
failures_of(struct tlsrpt_report_writer *writer, struct arena *arena,
	    const struct tlsrpt_failure *failure)
{
	struct json *list = json_new_array(arena);

	for (; failure != NULL; failure = failure->next) {
		if (!take_row(writer))
			continue;
		json_add(list, failure_of(arena, failure));
		writer->totals.failures++;
	}
	return list;
}

static bool
put_json(struct tlsrpt_report_writer *writer, struct arena *arena,
	 const struct json *value, struct why *why)
{
	struct buf line;

	buf_init(&line, arena, LIMIT_TLS_REPORT_BYTES);
	json_write(value, 0, &line);
	if (!buf_ok(&line))
		return why_set(why, "a policy of the report is above %u bytes",
			       LIMIT_TLS_REPORT_BYTES);
	return put(writer, buf_view(&line), why);
}

static void
put_time(struct json *object, const char *name, int64_t unix_s)
{
	char time[DATE_STRING_BYTES];

	date_write_iso(unix_s * 1000, time);
	/* without fractions */
	memcpy(time + strlen("2026-11-22T06:07:08"), "Z", 2);
	json_put_string(object, name, time);
}

struct tlsrpt_report_writer *
tlsrpt_report_begin(struct arena *arena, const struct tlsrpt_report_head *head,
		    struct sink to, struct why *why)
{
	struct tlsrpt_report_writer *writer =
	    arena_new_value(arena, struct tlsrpt_report_writer);
	struct json *object = json_new_object(arena);
	struct json *range = json_new_object(arena);
	struct buf line;

	writer->to = to;
	put_value(arena, object, "organization-name", head->organization);
	put_time(range, "start-datetime", head->begin);
	put_time(range, "end-datetime", head->end);
	json_put(object, "date-range", range);
	put_value(arena, object, "contact-info", head->contact);
	put_value(arena, object, "report-id", head->report_id);
	buf_init(&line, arena, LIMIT_TLS_REPORT_BYTES);
	json_write(object, 0, &line);
	/* what follows stands inside the object */
	return put(writer, text_first(buf_view(&line), line.len - 1), why) &&
		       put(writer, TEXT(",\"policies\":["), why)
		   ? writer
		   : NULL;
}

bool
tlsrpt_report_add(struct tlsrpt_report_writer *writer, struct arena *scratch,
		  const struct tlsrpt_policy *policy, struct why *why)
{
	struct json *object;

	if (!take_row(writer))
		return true;
	object = json_new_object(scratch);
	json_put(object, "policy", policy_of(writer, scratch, policy));
	json_put(object, "summary", summary_of(scratch, policy));
	if (policy->failures != NULL)
		json_put(object, "failure-details",
			 failures_of(writer, scratch, policy->failures));
	if (!put(writer, writer->totals.policies > 0 ? TEXT(",\n") : TEXT("\n"),
		 why) ||
	    !put_json(writer, scratch, object, why))
		return false;
	writer->totals.policies++;
	writer->totals.successful += policy->successful;
	writer->totals.failed += policy->failed;
	return true;
}

bool
tlsrpt_report_end(struct tlsrpt_report_writer *writer,
		  struct tlsrpt_report_totals *totals, struct why *why)
{
	bool done = put(writer, TEXT("\n]}\n"), why);

	*totals = writer->totals;
	return done;
}

struct text
tlsrpt_report_filename(struct arena *arena, struct text sender,
		       struct text policy_domain, int64_t begin, int64_t end,
		       struct text report_id)
{
	struct text unique;
	struct scan in;

	scan_init(&in, report_id);
	unique = scan_while(&in, ascii_is_alnum);
	return text_from(
	    arena_printf(arena,
			 TEXT_FMT "!" TEXT_FMT "!%" PRId64 "!%" PRId64
				  "%s" TEXT_FMT ".json.gz",
			 TEXT_ARG(sender), TEXT_ARG(policy_domain), begin, end,
			 unique.len > 0 ? "!" : "", TEXT_ARG(unique)));
}
