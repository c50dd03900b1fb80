#include "base/arena.h"
#include "base/buf.h"
#include "mailauth/dmarc_report_reader.h"
#include "mailauth/dmarc_report_value.h"

static void *
target_of(struct dmarc_report_reader *reader, enum report_target target)
{
	switch (target) {
	case REPORT_TO_HEAD:
		return &reader->head;
	case REPORT_TO_METADATA:
		return &reader->head.metadata;
	case REPORT_TO_POLICY:
		return &reader->head.policy;
	case REPORT_TO_RECORD:
		return &reader->record;
	case REPORT_TO_REASON:
		return reader->reasons > 0
			   ? &reader->reason[reader->reasons - 1]
			   : NULL;
	case REPORT_TO_DKIM:
		return reader->signatures > 0
			   ? &reader->signature[reader->signatures - 1]
			   : NULL;
	case REPORT_TO_SPF:
		return reader->spf_results > 0
			   ? &reader->spf[reader->spf_results - 1]
			   : NULL;
	}
	return NULL;
}

/* Several errors become one text, as long as there is room. */
static struct text
joined(struct dmarc_report_reader *reader, struct text first,
       struct text second)
{
	struct buf buf;

	if (second.len == 0 ||
	    first.len + 2 + second.len > LIMIT_REPORT_VALUE_BYTES)
		return first;
	buf_init(&buf, reader->arena, LIMIT_REPORT_VALUE_BYTES);
	buf_text(&buf, first);
	buf_text(&buf, TEXT("; "));
	buf_text(&buf, second);
	return buf_view(&buf);
}

/* The first value counts. */
static bool
is_taken(struct dmarc_report_reader *reader, bool taken, struct text given)
{
	if (taken)
		report_defect(reader, reader->leaf->name,
			      "is given more than once", given);
	return taken;
}

static struct arena *
value_arena(struct dmarc_report_reader *reader)
{
	switch (reader->leaf->target) {
	case REPORT_TO_HEAD:
	case REPORT_TO_METADATA:
	case REPORT_TO_POLICY:
		return reader->arena;
	case REPORT_TO_RECORD:
	case REPORT_TO_REASON:
	case REPORT_TO_DKIM:
	case REPORT_TO_SPF:
		break;
	}
	return reader->record_arena;
}

static const char *
take_text(struct dmarc_report_reader *reader, struct text given,
	  struct text *value)
{
	const struct report_element *leaf = reader->leaf;
	struct arena *arena = value_arena(reader);

	if (value == &reader->head.metadata.error && value->len > 0) {
		*value = joined(reader, *value, given);
		return NULL;
	}
	if (value == &reader->record.envelope_from)
		reader->record.has_envelope_from = true;
	if (is_taken(reader, value->len > 0, given))
		return NULL;
	if (leaf->kind == REPORT_IS_DOMAIN)
		return report_value_domain(arena, given, value);
	if (leaf->kind == REPORT_IS_WORD)
		return report_value_word(arena, leaf->words, given, value);
	*value = text_copy(arena, given);
	return NULL;
}

static const char *
take_source(struct dmarc_report_reader *reader, struct text given)
{
	const char *problem;

	if (is_taken(reader, reader->has_source, given))
		return NULL;
	reader->has_source = true;
	problem = report_value_address(given, &reader->record.source_ip);
	if (reader->record.source_ip.family == 0)
		reader->record.source_given =
		    text_copy(reader->record_arena, given);
	return problem;
}

static const char *
take_count(struct dmarc_report_reader *reader, struct text given)
{
	if (is_taken(reader, reader->has_count, given))
		return NULL;
	reader->has_count = true;
	return report_value_count(given, &reader->record.count);
}

void
report_take_value(struct dmarc_report_reader *reader, struct text given)
{
	const struct report_element *leaf = reader->leaf;
	char *target = target_of(reader, leaf->target);
	const char *problem = NULL;

	if (target == NULL)
		return;
	target += leaf->offset;
	switch (leaf->kind) {
	case REPORT_IS_GROUP:
		return;
	case REPORT_IS_TEXT:
	case REPORT_IS_DOMAIN:
	case REPORT_IS_WORD:
		problem = take_text(reader, given, (struct text *)target);
		break;
	case REPORT_IS_ADDRESS:
		problem = take_source(reader, given);
		break;
	case REPORT_IS_COUNT:
		problem = take_count(reader, given);
		break;
	case REPORT_IS_TIME:
		if (!is_taken(reader, *(int64_t *)target != 0, given))
			problem = report_value_time(given, (int64_t *)target);
		break;
	}
	if (problem != NULL)
		report_defect(reader, leaf->name, problem, given);
}
