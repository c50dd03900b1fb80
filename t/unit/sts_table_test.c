#include "unit.h"

#include "postfix-policy/sts_table.h"

#define DAY_S 86400

static const struct sts_policy policy = {.mode = STS_MODE_ENFORCE,
					 .max_age_s = 7 * DAY_S};

static struct text
name(struct arena *arena, unsigned number)
{
	return text_from(arena_printf(arena, "domain%u.example", number));
}

static struct sts_entry *
put(struct sts_table *table, struct text domain, int64_t used_s)
{
	struct sts_stored stored = {.domain.name = domain,
				    .id = TEXT_INIT("1"),
				    .file = TEXT_INIT("file"),
				    .fetched_s = 1000,
				    .checked_s = 1000,
				    .used_s = used_s};

	return sts_table_put(table, &stored, &policy);
}

static void
put_and_find(void **state)
{
	struct sts_table *table = sts_table_new(100000, SIZE_MAX);
	struct sts_cursor cursor = {0};
	struct sts_entry *entry;
	unsigned i, seen = 0;

	for (i = 0; i < 5000; i++)
		put(table, name(*state, i), i);
	assert_int_equal(sts_table_entries(table), 5000);
	for (i = 0; i < 5000; i++) {
		entry = sts_table_find(table, name(*state, i));
		assert_non_null(entry);
		assert_int_equal(entry->used_s, i);
		assert_true(
		    text_equal(sts_entry_domain(entry), name(*state, i)));
		assert_text(sts_entry_file(entry), "file");
		assert_text(sts_entry_id(entry), "1");
	}
	assert_null(sts_table_find(table, TEXT("other.example")));
	put(table, name(*state, 7), 77);
	assert_int_equal(sts_table_entries(table), 5000);
	while ((entry = sts_table_next(table, &cursor)) != NULL)
		seen++;
	assert_int_equal(seen, 5000);
	for (i = 0; i < 5000; i++)
		sts_table_drop(table, name(*state, i));
	assert_int_equal(sts_table_entries(table), 0);
	sts_table_free(table);
}

/* Above its bounds, what was not used longest goes. */
static void
bounded(void **state)
{
	struct sts_table *table = sts_table_new(100, SIZE_MAX);
	unsigned i;

	for (i = 0; i < 150; i++)
		put(table, name(*state, i), 1000 - i);
	assert_int_equal(sts_table_entries(table), 100);
	/* each new one was the oldest */
	assert_non_null(sts_table_find(table, name(*state, 0)));
	assert_non_null(sts_table_find(table, name(*state, 149)));
	assert_null(sts_table_find(table, name(*state, 148)));
	sts_table_free(table);
	table = sts_table_new(100000, 1000);
	for (i = 0; i < 150; i++)
		put(table, name(*state, i), i);
	assert_true(sts_table_entries(table) < 1000 / 44);
	assert_non_null(sts_table_find(table, name(*state, 149)));
	sts_table_free(table);
}

static void
times(void **state)
{
	struct sts_table *table = sts_table_new(100, SIZE_MAX);
	struct sts_entry *entry = put(table, name(*state, 1), 1000);

	assert_true(sts_entry_is_valid(entry, 1000));
	assert_true(sts_entry_is_valid(entry, 1000 + 7 * DAY_S - 1));
	assert_false(sts_entry_is_valid(entry, 1000 + 7 * DAY_S));
	sts_table_free(table);
}

/* A failure leaves the policy that is there. */
static void
failures(void **state)
{
	struct sts_table *table = sts_table_new(100, SIZE_MAX);
	struct sts_entry *entry = put(table, name(*state, 1), 1000);

	entry->marks |= STS_MARK_UNSHARED;
	entry->due_s = 5;
	entry = sts_table_fail(table, name(*state, 1), STS_FAILURE_WEBPKI,
			       TEXT("expired"), 2000, 2300);
	assert_text(sts_entry_file(entry), "file");
	assert_text(sts_entry_why(entry), "expired");
	assert_int_equal(entry->failure, STS_FAILURE_WEBPKI);
	assert_int_equal(entry->retry_s, 2300);
	assert_int_equal(entry->due_s, 5);
	assert_int_equal(entry->marks, STS_MARK_UNSHARED);
	assert_true(sts_entry_is_valid(entry, 2000));
	entry = sts_table_fail(table, name(*state, 2), STS_FAILURE_FETCH,
			       TEXT("status 404"), 2000, 2300);
	assert_false(sts_entry_is_valid(entry, 2000));
	assert_int_equal(sts_table_entries(table), 2);
	put(table, name(*state, 2), 3000);
	entry = sts_table_find(table, name(*state, 2));
	assert_int_equal(entry->failure, STS_FAILURE_NONE);
	assert_int_equal(entry->retry_s, 0);
	sts_table_free(table);
}

static void
copies(void **state)
{
	struct sts_table *table = sts_table_new(1000, SIZE_MAX);
	struct sts_entry *copy;
	const struct sts_entry *entry;
	unsigned i, seen = 0;

	assert_null(sts_table_copy(table, 0));
	for (i = 0; i < 300; i++)
		put(table, name(*state, i), i)->marks = STS_MARK_UNSAVED;
	copy = sts_table_copy(table, STS_MARK_UNSAVED);
	for (entry = copy; entry != NULL; entry = sts_entry_after(entry)) {
		assert_int_equal(entry->marks, STS_MARK_UNSAVED);
		assert_true(text_equal(sts_entry_domain(entry),
				       name(*state, entry->used_s)));
		assert_text(sts_entry_file(entry), "file");
		seen++;
	}
	assert_int_equal(seen, 300);
	assert_int_equal(sts_table_find(table, name(*state, 9))->marks, 0);
	free(copy);
	sts_table_free(table);
}

/* 10,000 policies of usual size: the measure is 8 MiB for the whole daemon. */
static void
small(void **state)
{
	struct sts_table *table = sts_table_new(100000, SIZE_MAX);
	unsigned i;

	for (i = 0; i < 10000; i++) {
		struct sts_stored stored = {
		    .domain.name = name(*state, i),
		    .id = TEXT_INIT("20261122T000000"),
		    .file = TEXT_INIT(
			"version: STSv1\r\nmode: enforce\r\nmx: mx1.domain"
			".example\r\nmx: *.mail.domain.example\r\nmax_age: "
			"604800\r\n")};

		sts_table_put(table, &stored, &policy);
	}
	assert_true(sts_table_bytes(table) < 2500000);
	sts_table_free(table);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(put_and_find), arena_unit_test(bounded),
	    arena_unit_test(times),	   arena_unit_test(failures),
	    arena_unit_test(copies),	   arena_unit_test(small),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
