#include "unit.h"

#include <stdio.h>

#include "postfix-policy/answer_cache.h"

static void
put(struct answer_cache *cache, const char *name, const char *reply,
    int64_t again_ms, int64_t ends_ms)
{
	struct answer answer = {
	    .name = text_from(name),
	    .replies = {[1] = text_from(reply)},
	    .again_ms = again_ms,
	    .ends_ms = ends_ms,
	};

	answer_cache_put(cache, &answer);
}

static bool
has(struct answer_cache *cache, const char *name, int64_t now_ms)
{
	struct answer answer;

	return answer_cache_find(cache, text_from(name), now_ms, &answer);
}

static void
test_all_is_kept(void **state)
{
	struct answer_cache *cache = answer_cache_new(10, 100000);
	struct answer answer = {
	    .name = TEXT("a.test"),
	    .replies = {TEXT("1:a,"), TEXT("2:bb,"), {NULL, 0}, TEXT("1:d,")},
	    .told = TEXT("told"),
	    .tells = true,
	    .again_ms = 80,
	    .ends_ms = 100,
	};
	struct answer found;

	(void)state;
	answer_cache_put(cache, &answer);
	assert_true(answer_cache_find(cache, TEXT("a.test"), 99, &found));
	assert_text(found.name, "a.test");
	assert_text(found.replies[0], "1:a,");
	assert_text(found.replies[1], "2:bb,");
	assert_int_equal(found.replies[2].len, 0);
	assert_text(found.replies[3], "1:d,");
	assert_text(found.told, "told");
	assert_true(found.tells);
	assert_int_equal(found.ends_ms, 100);
	assert_false(has(cache, "a.tes", 0));
	assert_false(has(cache, "", 0));
	/* what was found may be put again */
	answer_cache_put(cache, &found);
	assert_true(answer_cache_find(cache, TEXT("a.test"), 99, &found));
	assert_text(found.replies[3], "1:d,");
	assert_int_equal(answer_cache_entries(cache), 1);
	answer_cache_free(cache);
}

static void
test_nothing_is_served_after_its_end(void **state)
{
	struct answer_cache *cache = answer_cache_new(10, 100000);
	struct answer due;

	(void)state;
	put(cache, "a.test", "x", 80, 100);
	assert_true(has(cache, "a.test", 99));
	assert_false(has(cache, "a.test", 100));
	put(cache, "b.test", "x", 80, 90);
	assert_int_equal(answer_cache_next_ms(cache), 80);
	assert_false(answer_cache_due(cache, 100, &due));
	assert_int_equal(answer_cache_entries(cache), 0);
	assert_int_equal(answer_cache_bytes(cache), 0);
	assert_int_equal(answer_cache_next_ms(cache), INT64_MAX);
	answer_cache_free(cache);
}

static void
test_what_is_used_is_due_once(void **state)
{
	struct answer_cache *cache = answer_cache_new(10, 100000);
	struct answer due;

	(void)state;
	put(cache, "used.test", "x", 80, 100);
	put(cache, "other.test", "x", 70, 100);
	assert_true(has(cache, "used.test", 10));
	assert_false(answer_cache_due(cache, 79, &due));
	assert_true(answer_cache_due(cache, 80, &due));
	assert_text(due.name, "used.test");
	assert_false(answer_cache_due(cache, 81, &due));
	assert_true(has(cache, "used.test", 99));
	/* it comes back and was not used since */
	put(cache, "used.test", "y", 180, 200);
	assert_false(answer_cache_due(cache, 180, &due));
	assert_int_equal(answer_cache_entries(cache), 1);
	answer_cache_free(cache);
}

static void
test_longest_unused_goes_first(void **state)
{
	struct answer_cache *cache = answer_cache_new(3, 100000);

	(void)state;
	put(cache, "a.test", "x", 80, 100);
	put(cache, "b.test", "x", 80, 100);
	put(cache, "c.test", "x", 80, 100);
	assert_true(has(cache, "a.test", 1));
	put(cache, "d.test", "x", 80, 100);
	assert_int_equal(answer_cache_entries(cache), 3);
	assert_false(has(cache, "b.test", 1));
	assert_true(has(cache, "a.test", 1));
	assert_true(has(cache, "c.test", 1));
	assert_true(has(cache, "d.test", 1));
	answer_cache_free(cache);
}

static void
test_bytes_are_bounded(void **state)
{
	struct answer_cache *cache = answer_cache_new(100, 5000);
	char reply[2001];

	(void)state;
	memset(reply, 'x', 2000);
	reply[2000] = '\0';
	put(cache, "a.test", reply, 80, 100);
	put(cache, "b.test", reply, 80, 100);
	assert_int_equal(answer_cache_entries(cache), 2);
	put(cache, "c.test", reply, 80, 100);
	assert_int_equal(answer_cache_entries(cache), 2);
	assert_in_range(answer_cache_bytes(cache), 4000, 5000);
	assert_false(has(cache, "a.test", 1));
	answer_cache_clear(cache);
	assert_int_equal(answer_cache_bytes(cache), 0);
	answer_cache_free(cache);
}

/* Thousands come, go, end and are found in any order, against a table that
 * remembers when each ends. */
static void
test_many(void **state)
{
	enum { NAMES = 3000, STEPS = 60000 };
	static int64_t ends[NAMES];
	struct answer_cache *cache = answer_cache_new(NAMES * 2, 1u << 30);
	unsigned random = 1;
	struct answer due;
	char name[32];
	int64_t now;
	size_t i, alive = 0;

	(void)state;
	for (now = 1; now < STEPS; now++) {
		random = random * 1103515245u + 12345u;
		i = (random >> 8) % NAMES;
		snprintf(name, sizeof(name), "n%zu.test", i);
		assert_int_equal(has(cache, name, now), ends[i] > now);
		if ((random >> 28) % 2 == 0) {
			ends[i] = now + 1 + (random >> 12) % 4096;
			put(cache, name, name, ends[i] - 1, ends[i]);
		}
		while (answer_cache_due(cache, now, &due))
			assert_true(due.name.len > 0);
	}
	for (i = 0; i < NAMES; i++)
		alive += ends[i] > now - 1;
	assert_int_equal(answer_cache_entries(cache), alive);
	answer_cache_free(cache);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_all_is_kept),
	    cmocka_unit_test(test_nothing_is_served_after_its_end),
	    cmocka_unit_test(test_what_is_used_is_due_once),
	    cmocka_unit_test(test_longest_unused_goes_first),
	    cmocka_unit_test(test_bytes_are_bounded),
	    cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
