#include "mailauth/dmarc_report_read.h"

#include <assert.h>

#include "base/arena.h"
#include "base/why.h"
#include "base/xml.h"
#include "mailauth/dmarc_report_reader.h"

static const struct xml_bounds bounds = {
    .bytes = LIMIT_XML_BYTES,
    .elements = LIMIT_XML_ELEMENTS,
    .depth = LIMIT_XML_DEPTH,
    .attributes = LIMIT_XML_ATTRIBUTES,
    .names = LIMIT_XML_NAMES,
    .token_bytes = LIMIT_XML_TOKEN_BYTES,
    .errors = LIMIT_XML_ERRORS,
};

static enum report_group
group_now(const struct dmarc_report_reader *reader)
{
	return reader->depth > 0 ? reader->groups[reader->depth - 1]
				 : REPORT_NOWHERE;
}

/* --- groups --- */

static void
begin_record(struct dmarc_report_reader *reader)
{
	arena_reset(reader->record_arena);
	memset(&reader->record, 0, sizeof(reader->record));
	reader->has_count = reader->has_source = false;
	reader->reasons = reader->signatures = reader->spf_results = 0;
	if (!reader->seen_metadata || !reader->seen_policy)
		report_defect(reader, "a record",
			      "comes before what it belongs to",
			      text_of(NULL, 0));
}

/* The next of an array, or a defect. */
static bool
has_room(struct dmarc_report_reader *reader, size_t *count, size_t most,
	 const char *what)
{
	if (*count == most) {
		report_defect(reader, what, "are too many", text_of(NULL, 0));
		return false;
	}
	++*count;
	return true;
}

static bool
begin_reason(struct dmarc_report_reader *reader)
{
	if (!has_room(reader, &reader->reasons, REPORT_REASONS_MAX, "reasons"))
		return false;
	memset(&reader->reason[reader->reasons - 1], 0,
	       sizeof(*reader->reason));
	return true;
}

static bool
begin_dkim(struct dmarc_report_reader *reader)
{
	if (!has_room(reader, &reader->signatures, LIMIT_REPORT_SIGNATURES,
		      "signatures"))
		return false;
	memset(&reader->signature[reader->signatures - 1], 0,
	       sizeof(*reader->signature));
	return true;
}

static bool
begin_spf(struct dmarc_report_reader *reader)
{
	if (!has_room(reader, &reader->spf_results, REPORT_SPF_MAX,
		      "SPF results"))
		return false;
	memset(&reader->spf[reader->spf_results - 1], 0, sizeof(*reader->spf));
	return true;
}

static bool
begin_once(struct dmarc_report_reader *reader, bool *seen, const char *what)
{
	if (*seen)
		report_defect(reader, what, "is given more than once",
			      text_of(NULL, 0));
	else
		*seen = true;
	return true;
}

/* False: the group is skipped. */
static bool
begin_group(struct dmarc_report_reader *reader, enum report_group group)
{
	switch (group) {
	case REPORT_METADATA:
		return begin_once(reader, &reader->seen_metadata,
				  "report_metadata");
	case REPORT_POLICY:
		return begin_once(reader, &reader->seen_policy,
				  "policy_published");
	case REPORT_RECORD:
		begin_record(reader);
		return true;
	case REPORT_REASON:
		return begin_reason(reader);
	case REPORT_DKIM:
		return begin_dkim(reader);
	case REPORT_SPF:
		return begin_spf(reader);
	case REPORT_EXTENSION:
		return false;
	case REPORT_NOWHERE:
	case REPORT_FEEDBACK:
	case REPORT_DATE_RANGE:
	case REPORT_ROW:
	case REPORT_EVALUATED:
	case REPORT_IDENTIFIERS:
	case REPORT_AUTH:
		break;
	}
	return true;
}

static void
check_signature(struct dmarc_report_reader *reader)
{
	const struct dmarc_report_dkim *signature =
	    &reader->signature[reader->signatures - 1];

	if (signature->domain.len == 0)
		report_missing(reader, "the domain of a signature");
	if (signature->result.len == 0)
		report_missing(reader, "the result of a signature");
	/* optional before RFC 9990 */
	if (signature->selector.len == 0 && reader->is_9990)
		report_missing(reader, "the selector of a signature");
}

static void
check_record(struct dmarc_report_reader *reader)
{
	const struct dmarc_report_record *record = &reader->record;

	if (!reader->has_source)
		report_missing(reader, "source_ip");
	if (!reader->has_count)
		report_missing(reader, "count");
	if (record->disposition.len == 0)
		report_missing(reader, "disposition");
	if (record->dkim.len == 0 || record->spf.len == 0)
		report_missing(reader, "dkim or spf of policy_evaluated");
	if (record->header_from.len == 0)
		report_missing(reader, "header_from");
}

static bool
end_record(struct dmarc_report_reader *reader, struct why *why)
{
	struct dmarc_report_record *record = &reader->record;
	struct dmarc_report_totals *totals = &reader->head.totals;

	check_record(reader);
	if (!reader->has_count)
		record->count = 1;
	record->reasons = reader->reason;
	record->reason_count = reader->reasons;
	record->signatures = reader->signature;
	record->signature_count = reader->signatures;
	record->spf_results = reader->spf;
	record->spf_result_count = reader->spf_results;
	if (totals->records == LIMIT_REPORT_RECORDS)
		return why_set(why, "more than %u records",
			       LIMIT_REPORT_RECORDS);
	totals->records++;
	totals->messages += record->count;
	return reader->callback == NULL ||
	       reader->callback(reader->handle, record, why);
}

static bool
end_group(struct dmarc_report_reader *reader, struct why *why)
{
	enum report_group group = group_now(reader);
	bool good = true;

	if (group == REPORT_DKIM)
		check_signature(reader);
	else if (group == REPORT_SPF &&
		 reader->spf[reader->spf_results - 1].result.len == 0)
		report_missing(reader, "the result of SPF");
	else if (group == REPORT_RECORD)
		good = end_record(reader, why);
	reader->depth--;
	return good;
}

/* --- events of the XML reader --- */

static void
end_leaf(struct dmarc_report_reader *reader)
{
	struct text given = text_of(reader->value, reader->value_len);

	if (reader->value_cut)
		report_defect(reader, reader->leaf->name,
			      "is too long and was cut", text_of(NULL, 0));
	report_take_value(reader, text_trim(given));
	reader->leaf = NULL;
}

static void
begin_feedback(struct dmarc_report_reader *reader, struct text ns)
{
	if (reader->seen_feedback) {
		report_defect(reader, "feedback", "is given more than once",
			      text_of(NULL, 0));
		return;
	}
	reader->seen_feedback = true;
	reader->head.xml_namespace =
	    text_copy(reader->arena, text_first(ns, LIMIT_REPORT_VALUE_BYTES));
	reader->is_9990 = text_equal(ns, TEXT(DMARC_REPORT_NAMESPACE));
	if (!reader->is_9990 && ns.len > 0 &&
	    !text_equal(ns, TEXT("http://dmarc.org/dmarc-xml/0.1")))
		report_defect(reader, "the namespace", "is unknown", ns);
}

static bool
is_foreign(const struct dmarc_report_reader *reader, struct text ns)
{
	return reader->depth > 0 && ns.len > 0 &&
	       !text_equal(ns, reader->head.xml_namespace);
}

/* Whatever is in it has no meaning for us. */
static bool
skip(struct dmarc_report_reader *reader)
{
	reader->inside = 1;
	return true;
}

static bool
begin_element(struct dmarc_report_reader *reader,
	      const struct report_element *element)
{
	if (element->kind != REPORT_IS_GROUP) {
		reader->leaf = element;
		reader->value_len = 0;
		reader->value_cut = false;
		return true;
	}
	assert(reader->depth < REPORT_GROUPS_MAX);
	reader->groups[reader->depth++] = element->group;
	if (begin_group(reader, element->group))
		return true;
	reader->depth--;
	return skip(reader);
}

static void
on_defect(void *handle, const char *text)
{
	report_xml_defect(handle, text);
}

static bool
on_start(void *handle, struct text name, struct text ns, struct why *why)
{
	struct dmarc_report_reader *reader = handle;
	const struct report_element *element;
	const char *problem;

	if (reader->inside > 0 || reader->leaf != NULL) {
		reader->inside++;
		return true;
	}
	element = report_element_find(group_now(reader), name, &problem);
	/* what is around <feedback> does not matter, nor what others add */
	if (element == NULL && reader->depth == 0)
		return true;
	if (is_foreign(reader, ns) && (element == NULL || reader->is_9990))
		return skip(reader);
	if (element == NULL) {
		report_defect(reader, "an element", "is unknown", name);
		return skip(reader);
	}
	if (problem != NULL)
		report_defect(reader, element->name, problem, name);
	if (element->group == REPORT_FEEDBACK)
		begin_feedback(reader, ns);
	return begin_element(reader, element);
}

static void
on_text(void *handle, struct text text)
{
	struct dmarc_report_reader *reader = handle;
	struct text part;

	if (reader->leaf == NULL || reader->inside > 0)
		return;
	part = text_first(text, LIMIT_REPORT_VALUE_BYTES - reader->value_len);
	if (part.len > 0)
		memcpy(reader->value + reader->value_len, part.at, part.len);
	reader->value_len += part.len;
	if (part.len < text.len)
		reader->value_cut = true;
}

static bool
on_end(void *handle, struct text name, struct why *why)
{
	struct dmarc_report_reader *reader = handle;

	if (reader->inside > 0) {
		reader->inside--;
		return true;
	}
	if (reader->leaf != NULL) {
		end_leaf(reader);
		return true;
	}
	/* the end of what was around <feedback> */
	return reader->depth == 0 || end_group(reader, why);
}

static const struct xml_events events = {on_start, on_text, on_end, on_defect};

/* --- interface --- */

static void
release(void *handle)
{
	arena_free(handle);
}

struct dmarc_report_reader *
dmarc_report_reader_new(struct arena *arena, dmarc_report_record_fn *callback,
			void *handle)
{
	struct dmarc_report_reader *reader =
	    arena_new_value(arena, struct dmarc_report_reader);

	reader->arena = arena;
	reader->record_arena = arena_new();
	arena_defer(arena, release, reader->record_arena);
	reader->callback = callback;
	reader->handle = handle;
	reader->last_defect = &reader->head.defects;
	reader->xml = xml_reader_new(arena, &bounds, &events, reader);
	return reader;
}

bool
dmarc_report_reader_put(struct dmarc_report_reader *reader, struct text bytes,
			struct why *why)
{
	return xml_reader_put(reader->xml, bytes, why);
}

static bool
put(void *handle, struct text bytes, struct why *why)
{
	return dmarc_report_reader_put(handle, bytes, why);
}

struct sink
dmarc_report_reader_sink(struct dmarc_report_reader *reader)
{
	return (struct sink){put, reader};
}

static void
check_head(struct dmarc_report_reader *reader)
{
	const struct dmarc_report_metadata *metadata = &reader->head.metadata;
	const struct dmarc_report_policy *policy = &reader->head.policy;

	reader->depth = 0;
	if (metadata->org_name.len == 0)
		report_missing(reader, "org_name");
	if (metadata->email.len == 0)
		report_missing(reader, "email");
	if (metadata->report_id.len == 0)
		report_missing(reader, "report_id");
	if (metadata->begin == 0 || metadata->end == 0)
		report_missing(reader, "the period");
	else if (metadata->begin > metadata->end)
		report_defect(reader, "the period", "ends before it begins",
			      text_of(NULL, 0));
	if (policy->domain.len == 0)
		report_missing(reader, "the policy domain");
	if (policy->p.len == 0)
		report_missing(reader, "p");
	if (reader->head.totals.records == 0)
		report_missing(reader, "record");
	if (!reader->head.complete)
		report_defect(reader, "the document", "ends in the middle",
			      text_of(NULL, 0));
}

bool
dmarc_report_reader_end(struct dmarc_report_reader *reader,
			const struct dmarc_report_head **head, struct why *why)
{
	bool complete;

	*head = &reader->head;
	if (!xml_reader_finish(reader->xml, &complete, why))
		return false;
	reader->head.complete = complete;
	check_head(reader);
	if (!reader->seen_metadata && !reader->seen_policy &&
	    reader->head.totals.records == 0)
		return why_set(why, "this is no DMARC aggregate report");
	return true;
}

bool
dmarc_report_read(struct arena *arena, struct text bytes,
		  dmarc_report_record_fn *callback, void *handle,
		  const struct dmarc_report_head **head, struct why *why)
{
	struct dmarc_report_reader *reader =
	    dmarc_report_reader_new(arena, callback, handle);

	return dmarc_report_reader_put(reader, bytes, why) &&
	       dmarc_report_reader_end(reader, head, why);
}
