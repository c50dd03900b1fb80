#include <assert.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/limits.h"
#include "mailauth/spf_macro.h"
#include "mailauth/spf_record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_directive(const struct spf_directive *directive)
{
	assert(directive->mechanism >= SPF_MECHANISM_ALL &&
	       directive->mechanism <= SPF_MECHANISM_EXISTS);
	assert(directive->domain_spec.len == 0 ||
	       spf_macro_check_domain_spec(directive->domain_spec, NULL));
	assert(directive->ip4_bits <= 32 && directive->ip6_bits <= 128);
	if (directive->mechanism == SPF_MECHANISM_IP4)
		assert(directive->net.address.family == 4 &&
		       directive->net.bits <= 32);
	if (directive->mechanism == SPF_MECHANISM_IP6)
		assert(directive->net.address.family == 6 &&
		       directive->net.bits <= 128);
	if (directive->mechanism == SPF_MECHANISM_INCLUDE ||
	    directive->mechanism == SPF_MECHANISM_EXISTS)
		assert(directive->domain_spec.len > 0);
}

static void
check_round_trip(struct arena *arena, const struct spf_record *record)
{
	const struct spf_directive *a, *b;
	struct spf_record again;
	struct buf to;
	size_t i;

	buf_init(&to, arena, LIMIT_SPF_RECORD_BYTES);
	spf_record_write(&to, record);
	if (!buf_ok(&to))
		return;
	assert(spf_record_is(buf_view(&to)));
	assert(spf_record_parse(arena, buf_view(&to), &again, NULL));
	assert(again.count == record->count);
	for (i = 0; i < again.count; i++) {
		a = &record->directives[i];
		b = &again.directives[i];
		assert(a->mechanism == b->mechanism && a->result == b->result);
		assert(text_equal(a->domain_spec, b->domain_spec));
		assert(a->ip4_bits == b->ip4_bits &&
		       a->ip6_bits == b->ip6_bits &&
		       a->net.bits == b->net.bits &&
		       ipaddr_equal(&a->net.address, &b->net.address));
	}
	assert(text_equal(again.redirect, record->redirect) &&
	       text_equal(again.explanation, record->explanation));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text text = text_of((const char *)data, size);
	struct arena *arena = arena_new();
	struct spf_record record;
	size_t i;

	if (spf_record_is(text) &&
	    spf_record_parse(arena, text, &record, NULL)) {
		assert(record.count < LIMIT_SPF_RECORD_TERMS);
		for (i = 0; i < record.count; i++)
			check_directive(&record.directives[i]);
		check_round_trip(arena, &record);
		assert(record.redirect.len == 0 ||
		       spf_macro_check_domain_spec(record.redirect, NULL));
	}
	arena_free(arena);
	return 0;
}
