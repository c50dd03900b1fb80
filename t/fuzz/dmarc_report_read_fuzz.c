#include <assert.h>

#include "base/arena.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "mailauth/dmarc_report_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
on_record(void *handle, const struct dmarc_report_record *record,
	  struct why *why)
{
	struct dmarc_report_totals *totals = handle;
	size_t i, sum = 0;

	totals->records++;
	totals->messages += record->count;
	assert(record->signature_count <= LIMIT_REPORT_SIGNATURES);
	assert(record->header_from.len <= LIMIT_REPORT_VALUE_BYTES);
	for (i = 0; i < record->signature_count; i++)
		sum += record->signatures[i].selector.len;
	for (i = 0; i < record->spf_result_count; i++)
		sum += record->spf_results[i].result.len;
	for (i = 0; i < record->reason_count; i++)
		sum += record->reasons[i].comment.len;
	assert(sum < 1000000);
	return true;
}

/* In pieces of the size that the first byte tells; both ways agree. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct text text = text_of((const char *)data, size);
	struct dmarc_report_totals totals = {0};
	const struct dmarc_report_head *whole, *pieces;
	const struct dmarc_report_defect *defect;
	struct dmarc_report_reader *reader;
	size_t step = size > 0 ? data[0] + 1u : 1, at;
	bool good = true;

	if (dmarc_report_read(arena, text, on_record, &totals, &whole, NULL)) {
		assert(whole->totals.records == totals.records);
		assert(whole->totals.messages == totals.messages);
		assert(whole->defect_count <= LIMIT_REPORT_DEFECTS);
		for (defect = whole->defects; defect != NULL;
		     defect = defect->next)
			assert(utf8_is_valid(defect->text));
	}
	reader = dmarc_report_reader_new(arena, NULL, NULL);
	for (at = 0; good && at < size; at += step)
		good = dmarc_report_reader_put(
		    reader, text_first(text_skip(text, at), step), NULL);
	if (good && dmarc_report_reader_end(reader, &pieces, NULL))
		assert(pieces->totals.records == totals.records);
	arena_free(arena);
	return 0;
}
