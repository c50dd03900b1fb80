#include "dmarc-reporter/intake_rows.h"

#include "base/arena.h"
#include "base/ipaddr.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/why.h"
#include "dmarc-reporter/intake_events.h"

static void
end_arena(void *arena)
{
	arena_free(arena);
}

void
intake_rows_begin(struct intake_rows *rows, struct arena *arena,
		  const struct intake_arrival *arrival, const char *id,
		  const char *kind, struct sink to)
{
	*rows = (struct intake_rows){.arrival = arrival,
				     .id = id,
				     .kind = kind,
				     .to = to,
				     .arena = arena,
				     .row_arena = arena_new()};
	arena_defer(arena, end_arena, rows->row_arena);
	buf_init(&rows->line, arena, LIMIT_EVENT_BYTES);
}

/* --- lines --- */

/* The line up to its rows, which follow as they were written. */
static void
write_beginning(struct intake_rows *rows, struct buf *to)
{
	struct json *event = intake_event(rows->row_arena, rows->arrival,
					  "report_in_rows", rows->id);

	json_put_string(event, "kind", rows->kind);
	json_write(event, 0, to);
	to->len--; /* its '}' */
	buf_string(to, ",\"rows\":[");
}

/* Rows without a line around them. */
static bool
flush_bare(struct intake_rows *rows, struct why *why)
{
	bool fine = rows->to.put(rows->to.handle, buf_view(&rows->line), why);

	buf_clear(&rows->line);
	return fine;
}

static bool
flush(struct intake_rows *rows, struct why *why)
{
	struct buf line;

	if (rows->line.len == 0)
		return true;
	if (rows->arrival == NULL)
		return flush_bare(rows, why);
	arena_reset(rows->row_arena);
	buf_init(&line, rows->row_arena, LIMIT_EVENT_BYTES);
	write_beginning(rows, &line);
	buf_text(&line, buf_view(&rows->line));
	buf_string(&line, "]}");
	if (!buf_ok(&line))
		return why_set(why, "rows do not fit into a line");
	buf_clear(&rows->line);
	return rows->to.put(rows->to.handle, buf_view(&line), why);
}

/* Puts the row into the line; a full line goes out first. */
static bool
add_row(struct intake_rows *rows, struct text row, struct why *why)
{
	if (rows->line.len > 0 &&
	    rows->line.len + row.len > INTAKE_LINE_BYTES) {
		row = text_copy(rows->arena, row);
		if (!flush(rows, why))
			return false;
	}
	if (rows->line.len > 0)
		buf_char(&rows->line, ',');
	buf_text(&rows->line, row);
	return true;
}

static struct text
written(struct intake_rows *rows, const struct json *row)
{
	struct buf buf;

	buf_init(&buf, rows->row_arena, INTAKE_LINE_BYTES);
	json_write(row, 0, &buf);
	return buf_ok(&buf) ? buf_view(&buf) : text_of(NULL, 0);
}

/* --- DMARC --- */

static void
put_some(struct json *object, const char *name, struct text value)
{
	if (value.len > 0)
		json_put_text(object, name, value);
}

static struct json *
signatures(struct arena *arena, const struct dmarc_report_record *record)
{
	struct json *array = json_new_array(arena), *one;
	size_t i;

	for (i = 0; i < record->signature_count; i++) {
		one = json_new_object(arena);
		json_put_text(one, "domain", record->signatures[i].domain);
		put_some(one, "selector", record->signatures[i].selector);
		json_put_text(one, "result", record->signatures[i].result);
		put_some(one, "human_result",
			 record->signatures[i].human_result);
		json_add(array, one);
	}
	return array;
}

static struct json *
spf_results(struct arena *arena, const struct dmarc_report_record *record)
{
	struct json *array = json_new_array(arena), *one;
	size_t i;

	for (i = 0; i < record->spf_result_count; i++) {
		one = json_new_object(arena);
		json_put_text(one, "domain", record->spf_results[i].domain);
		put_some(one, "scope", record->spf_results[i].scope);
		json_put_text(one, "result", record->spf_results[i].result);
		put_some(one, "human_result",
			 record->spf_results[i].human_result);
		json_add(array, one);
	}
	return array;
}

static struct json *
reasons(struct arena *arena, const struct dmarc_report_record *record)
{
	struct json *array = json_new_array(arena), *one;
	size_t i;

	for (i = 0; i < record->reason_count; i++) {
		one = json_new_object(arena);
		json_put_text(one, "type", record->reasons[i].type);
		put_some(one, "comment", record->reasons[i].comment);
		json_add(array, one);
	}
	return array;
}

static struct json *
record_row(struct intake_rows *rows, const struct dmarc_report_record *record)
{
	struct json *row = json_new_object(rows->row_arena);
	char address[IPADDR_STRING_BYTES];

	json_put_int(row, "n", (int64_t)rows->number);
	if (record->source_ip.family != 0)
		json_put_string(row, "ip",
				ipaddr_write(&record->source_ip, address));
	else
		put_some(row, "source", record->source_given);
	json_put_int(row, "count", (int64_t)record->count);
	put_some(row, "disposition", record->disposition);
	put_some(row, "dkim", record->dkim);
	put_some(row, "spf", record->spf);
	put_some(row, "header_from", record->header_from);
	if (record->has_envelope_from)
		json_put_text(row, "envelope_from", record->envelope_from);
	put_some(row, "envelope_to", record->envelope_to);
	return row;
}

static void
put_details(struct intake_rows *rows, const struct dmarc_report_record *record,
	    struct json *row)
{
	struct arena *arena = rows->row_arena;

	if (record->signature_count > 0)
		json_put(row, "signatures", signatures(arena, record));
	if (record->spf_result_count > 0)
		json_put(row, "spf_results", spf_results(arena, record));
	if (record->reason_count > 0)
		json_put(row, "reasons", reasons(arena, record));
}

bool
intake_rows_record(void *handle, const struct dmarc_report_record *record,
		   struct why *why)
{
	struct intake_rows *rows = handle;
	struct json *row;
	struct text text;

	rows->number++;
	arena_reset(rows->row_arena);
	row = record_row(rows, record);
	put_details(rows, record, row);
	text = written(rows, row);
	if (text.len == 0) {
		rows->cut++;
		text = written(rows, record_row(rows, record));
	}
	return add_row(rows, text, why);
}

/* --- TLS --- */

static void
put_address(struct json *object, const char *name, const struct ipaddr *address)
{
	char string[IPADDR_STRING_BYTES];

	if (address->family != 0)
		json_put_string(object, name, ipaddr_write(address, string));
}

static struct json *
values(struct arena *arena, const struct tlsrpt_value *value)
{
	struct json *array = json_new_array(arena);

	for (; value != NULL; value = value->next)
		json_add_text(array, value->text);
	return array;
}

static bool
add_failure(struct intake_rows *rows, uint64_t policy, uint64_t number,
	    const struct tlsrpt_failure *failure, struct why *why)
{
	struct json *row;

	arena_reset(rows->row_arena);
	row = json_new_object(rows->row_arena);
	json_put_int(row, "n", (int64_t)policy);
	json_put_int(row, "failure", (int64_t)number);
	json_put_text(row, "result_type", failure->result_type);
	put_address(row, "sending_ip", &failure->sending_ip);
	put_address(row, "receiving_ip", &failure->receiving_ip);
	put_some(row, "receiving_mx", failure->receiving_mx);
	put_some(row, "receiving_helo", failure->receiving_helo);
	put_some(row, "information", failure->information);
	put_some(row, "reason_code", failure->reason_code);
	json_put_int(row, "sessions", (int64_t)failure->sessions);
	return add_row(rows, written(rows, row), why);
}

bool
intake_rows_policy(struct intake_rows *rows, const struct tlsrpt_policy *policy,
		   struct why *why)
{
	const struct tlsrpt_failure *failure;
	uint64_t number = 0;
	struct json *row;
	struct text text;

	rows->number++;
	arena_reset(rows->row_arena);
	row = json_new_object(rows->row_arena);
	json_put_int(row, "n", (int64_t)rows->number);
	json_put_text(row, "policy_type", policy->type);
	json_put_text(row, "policy_domain", policy->domain);
	json_put_int(row, "successful", (int64_t)policy->successful);
	json_put_int(row, "failed", (int64_t)policy->failed);
	text = written(rows, row);
	json_put(row, "policy_strings",
		 values(rows->row_arena, policy->strings));
	json_put(row, "mx_hosts", values(rows->row_arena, policy->mx_hosts));
	if (written(rows, row).len > 0)
		text = written(rows, row);
	else
		rows->cut++;
	if (!add_row(rows, text, why))
		return false;
	for (failure = policy->failures; failure != NULL;
	     failure = failure->next)
		if (!add_failure(rows, rows->number, ++number, failure, why))
			return false;
	return true;
}

bool
intake_rows_end(struct intake_rows *rows, struct why *why)
{
	return flush(rows, why);
}
