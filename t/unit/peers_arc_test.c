/* peers_arc_test.c - what broke other verifiers of ARC
 *
 * Each test is named after its item in the list of known attacks and faults
 * (docs/security.md).
 */
#include "unit.h"

#include "dkim_fixture.h"

#include "base/buf.h"
#include "base/limits.h"

#define BIG (8u << 20)

#define ARC_AMS                                                                \
	"a=rsa-sha256; c=relaxed/relaxed; d=example.com; s=s1; h=from; "       \
	"bh=@; b=@"
#define ARC_SEAL_TAGS "a=rsa-sha256; d=example.com; s=s1; cv="

static void
want_arc(struct arena *arena, const char *raw, enum arc_result wanted)
{
	struct arc_verdict verdict =
	    test_verify_arc(arena, fixture_rsa_zone, raw).verdict;

	if (verdict.result != wanted)
		fail_msg("got %s (%s)", arc_result_name(verdict.result),
			 verdict.reason);
	assert_true(wanted == ARC_PASS || verdict.sets == NULL);
}

static void
item_23_arc(void **state)
{
	const char *first, *raw;

	first = test_seal(*state, fixture_rsa, 1, "a.example; dmarc=pass",
			  ARC_AMS, ARC_SEAL_TAGS "none", fixture_message);
	want_arc(*state, first, ARC_PASS);
	/* forged results, wrong instances */
	want_arc(*state,
		 fixture_replaced(*state, first, "a.example; dmarc",
				  "b.example; dmarc"),
		 ARC_FAIL);
	want_arc(
	    *state,
	    fixture_replaced(*state, first, "Results: i=1", "Results: i=2"),
	    ARC_FAIL);
	want_arc(*state,
		 arena_printf(*state,
			      "ARC-Authentication-Results: i=2; a.example; "
			      "dmarc=pass\r\n%s",
			      first),
		 ARC_FAIL);
	/* the first hop claims a chain before it */
	want_arc(*state,
		 test_seal(*state, fixture_rsa, 1, "a.example; none", ARC_AMS,
			   ARC_SEAL_TAGS "pass", fixture_message),
		 ARC_FAIL);
	/* a set without its first */
	raw = test_seal(*state, fixture_rsa, 2, "a.example; none", ARC_AMS,
			ARC_SEAL_TAGS "pass", first);
	want_arc(*state, raw, ARC_PASS);
	want_arc(*state,
		 fixture_replaced(*state, raw, "ARC-Seal: i=1", "X-Seal: i=1"),
		 ARC_FAIL);
}

static void
item_23_incomplete_sets(void **state)
{
	static const char *const fields[] = {
	    "ARC-Seal: i=1; a=rsa-sha256; d=a.b; s=s; cv=none; b=AA==\r\n",
	    ("ARC-Message-Signature: i=1; a=rsa-sha256; d=a.b; s=s; h=from; "
	     "bh=AA==; b=AA==\r\n"),
	    "ARC-Authentication-Results: i=1; none\r\n"};
	struct buf raw;

	for (unsigned chosen = 1; chosen < 8; chosen++) {
		buf_init(&raw, *state, 65536);
		for (unsigned i = 0; i < 3; i++)
			if (chosen & 1u << i)
				buf_string(&raw, fields[i]);
		buf_string(&raw, fixture_message);
		want_arc(*state, buf_cstring(&raw), ARC_FAIL);
	}
}

static void
item_23_many_sets(void **state)
{
	struct test_arc result;
	struct buf raw;

	buf_init(&raw, *state, BIG);
	for (int i = 1500; i > 0; i--)
		buf_printf(&raw,
			   "ARC-Seal: i=%d; a=rsa-sha256; d=s%d.example; s=s; "
			   "cv=pass; b=AA==\r\n",
			   i % 52, i);
	buf_string(&raw, fixture_message);
	result = test_verify_arc(*state, fixture_rsa_zone, buf_cstring(&raw));
	assert_int_equal(result.verdict.result, ARC_FAIL);
	assert_true(result.questions <= LIMIT_ARC_EARLY_KEYS);
}

/* Fields of the sets in any order give the same answer. */
static void
item_24_arc_in_any_order(void **state)
{
	const char *raw = fixture_message, *fields[9], *end, *rest;
	uint32_t seed = 5;
	struct buf out;

	for (unsigned i = 1; i <= 3; i++)
		raw = test_seal(
		    *state, fixture_rsa, i, "a.example; none", ARC_AMS,
		    i == 1 ? ARC_SEAL_TAGS "none" : ARC_SEAL_TAGS "pass", raw);
	end = raw;
	for (unsigned i = 0; i < 9; i++) {
		fields[i] = end;
		end = strstr(end, "\r\n") + 2;
	}
	rest = end;
	for (unsigned round = 0; round < 30; round++) {
		for (unsigned i = 9; i > 1; i--) {
			const char *kept = fields[i - 1];
			unsigned other;

			seed = seed * 1664525 + 1013904223;
			other = (seed >> 16) % i;
			fields[i - 1] = fields[other];
			fields[other] = kept;
		}
		buf_init(&out, *state, 65536);
		for (unsigned i = 0; i < 9; i++)
			buf_printf(&out, "%.*s\r\n",
				   (int)strcspn(fields[i], "\r"), fields[i]);
		buf_string(&out, rest);
		want_arc(*state, buf_cstring(&out), ARC_PASS);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(item_23_arc),
	    arena_unit_test(item_23_incomplete_sets),
	    arena_unit_test(item_23_many_sets),
	    arena_unit_test(item_24_arc_in_any_order),
	};

	return cmocka_run_group_tests(tests, fixture_make, fixture_free);
}
