#include <assert.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/date.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "mailtls/tlsrpt_report.h"
#include "mailtls/tlsrpt_report_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_text(struct text text)
{
	assert(text.len <= LIMIT_REPORT_VALUE_BYTES + 3);
	assert(utf8_is_valid(text));
	assert(!text_has(text, '\n') && !text_has(text, '\0'));
}

static void
check_policy(const struct tlsrpt_policy *policy)
{
	const struct tlsrpt_failure *failure;
	size_t count = 0;

	check_text(policy->type);
	check_text(policy->domain);
	for (failure = policy->failures; failure != NULL;
	     failure = failure->next) {
		check_text(failure->result_type);
		check_text(failure->receiving_mx);
		check_text(failure->information);
		assert(failure->sessions <= INT64_MAX);
		count++;
	}
	assert(count == policy->failure_count);
	assert(policy->successful <= INT64_MAX && policy->failed <= INT64_MAX);
}

/* What was read is written, and reads back without a defect. */
static void
write_again(struct arena *arena, const struct tlsrpt_report *report)
{
	struct tlsrpt_report_head head = {report->organization, report->contact,
					  report->report_id, report->begin,
					  report->end};
	struct tlsrpt_report_writer *writer;
	const struct tlsrpt_policy *policy;
	struct tlsrpt_report_totals totals;
	struct tlsrpt_report again;
	struct buf out;

	buf_init(&out, arena, 2 * LIMIT_TLS_REPORT_BYTES);
	writer = tlsrpt_report_begin(arena, &head, sink_to_buf(&out), NULL);
	for (policy = report->policies; policy != NULL; policy = policy->next)
		assert(tlsrpt_report_add(writer, arena, policy, NULL));
	assert(tlsrpt_report_end(writer, &totals, NULL));
	if (out.len > LIMIT_TLS_REPORT_BYTES)
		return;
	assert(tlsrpt_report_read(arena, buf_view(&out), &again, NULL));
	assert(again.policy_count == totals.policies);
	assert(again.failure_count == totals.failures);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text text = text_of((const char *)data, size);
	struct arena *arena = arena_new();
	const struct tlsrpt_policy *policy;
	struct tlsrpt_report report;
	int64_t unix_s;

	date_parse_iso(text, &unix_s);
	if (tlsrpt_report_read(arena, text, &report, NULL)) {
		check_text(report.organization);
		check_text(report.report_id);
		assert(report.begin <= report.end || report.end == 0);
		for (policy = report.policies; policy != NULL;
		     policy = policy->next)
			check_policy(policy);
		write_again(arena, &report);
	}
	arena_free(arena);
	return 0;
}
