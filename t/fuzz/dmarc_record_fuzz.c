#include <assert.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/limits.h"
#include "mailauth/dmarc_record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_uris(const struct dmarc_uri *a, const struct dmarc_uri *b)
{
	for (; a != NULL && b != NULL; a = a->next, b = b->next)
		assert(text_equal(a->uri, b->uri));
	assert(a == NULL && b == NULL);
}

static void
check_round_trip(struct arena *arena, const struct dmarc_record *record)
{
	struct dmarc_record again;
	struct buf to;

	buf_init(&to, arena, LIMIT_DMARC_RECORD_BYTES);
	dmarc_record_write(&to, record);
	if (!buf_ok(&to))
		return;
	assert(dmarc_record_parse(arena, buf_view(&to), &again, NULL));
	assert(again.p == record->p && again.sp == record->sp &&
	       again.np == record->np && again.psd == record->psd &&
	       again.strict_dkim == record->strict_dkim &&
	       again.strict_spf == record->strict_spf &&
	       again.testing == record->testing && again.defect == NULL);
	assert(text_equal_nocase(again.fo, record->fo));
	check_uris(record->rua, again.rua);
	check_uris(record->ruf, again.ruf);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text text = text_of((const char *)data, size);
	struct arena *arena = arena_new();
	struct dmarc_record record;

	if (dmarc_record_parse(arena, text, &record, NULL)) {
		assert(dmarc_record_is(text));
		assert(record.applies == (record.p != DMARC_POLICY_UNSET));
		assert(!record.acts_as_none || record.rua != NULL);
		assert(record.fo.len > 0);
		if (record.applies)
			check_round_trip(arena, &record);
	} else {
		assert(!dmarc_record_is(text) ||
		       text.len > LIMIT_DMARC_RECORD_BYTES);
	}
	arena_free(arena);
	return 0;
}
