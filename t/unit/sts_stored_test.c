#include "unit.h"

#include "base/buf.h"
#include "base/why.h"
#include "postfix-policy/sts_stored.h"

#define FILE_TEXT                                                              \
	"version: STSv1\r\nmode: enforce\r\nmx: mx.example\r\nmax_age: "       \
	"86400\r\nnote: 100% \xc3\xa4\t\r\n"

static struct sts_stored
example(void)
{
	return (struct sts_stored){.domain.name = TEXT_INIT("site.example"),
				   .id = TEXT_INIT("20261122"),
				   .file = TEXT_INIT(FILE_TEXT),
				   .fetched_s = 100,
				   .checked_s = 200,
				   .used_s = 300};
}

static struct text
written(struct arena *arena, const struct sts_stored *stored)
{
	struct buf to;

	buf_init(&to, arena, 10000);
	sts_stored_write(&to, stored);
	assert_int_equal(to.at[to.len - 1], '\n');
	return text_first(buf_view(&to), to.len - 1);
}

static void
there_and_back(void **state)
{
	struct sts_stored stored = example(), again;
	struct text line = written(*state, &stored);

	assert_false(text_has(line, '\r'));
	assert_false(text_has(line, '\n'));
	assert_true(sts_stored_parse(*state, line, &again, NULL));
	assert_text(again.domain.name, "site.example");
	assert_text(again.id, "20261122");
	assert_text(again.file, FILE_TEXT);
	assert_int_equal(again.fetched_s, 100);
	assert_int_equal(again.checked_s, 200);
	assert_int_equal(again.used_s, 300);
	assert_false(again.gone);
	stored.gone = true;
	assert_true(
	    sts_stored_parse(*state, written(*state, &stored), &again, NULL));
	assert_true(again.gone);
	assert_text(again.domain.name, "site.example");
}

/* No byte of a line can change, and none be missing. */
static void
damage(void **state)
{
	struct sts_stored stored = example(), again;
	struct text line = written(*state, &stored);
	char *copy = text_string(*state, line);
	size_t i;

	for (i = 0; i < line.len; i++) {
		copy[i] ^= 1;
		assert_false(sts_stored_parse(*state, text_of(copy, line.len),
					      &again, NULL));
		copy[i] ^= 1;
		assert_false(
		    sts_stored_parse(*state, text_of(copy, i), &again, NULL));
	}
	assert_true(
	    sts_stored_parse(*state, text_of(copy, line.len), &again, NULL));
}

static bool
counts(struct arena *arena, struct sts_stored stored)
{
	struct sts_policy policy;
	struct why why = {""};
	bool good = sts_stored_check(arena, &stored, 1000, &policy, &why);

	assert_true(good || why.text[0] != '\0');
	return good;
}

/* What somebody wrote into the file or the database is looked at like what a
 * server said. */
static void
foreign(void **state)
{
	struct sts_stored stored = example();

	assert_true(counts(*state, stored));
	stored.file = TEXT("version: STSv1\nmode: enforce\nmax_age: 1\n");
	assert_false(counts(*state, stored));
	stored = example();
	stored.id = TEXT("with space");
	assert_false(counts(*state, stored));
	stored.id = TEXT("");
	assert_true(counts(*state, stored));
	stored = example();
	stored.file.len = LIMIT_STS_FILE_BYTES + 1;
	stored.file.at = arena_alloc(*state, stored.file.len);
	assert_false(counts(*state, stored));
}

/* A clock that was ahead must not make a policy last. */
static void
future(void **state)
{
	struct sts_stored stored = example();
	struct sts_policy policy;

	stored.checked_s = stored.used_s = stored.fetched_s = 5000;
	assert_true(sts_stored_check(*state, &stored, 1000, &policy, NULL));
	assert_int_equal(stored.checked_s, 1000);
	assert_int_equal(stored.fetched_s, 1000);
	assert_int_equal(stored.used_s, 1000);
	assert_int_equal(policy.max_age_s, 86400);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(there_and_back),
	    arena_unit_test(damage),
	    arena_unit_test(foreign),
	    arena_unit_test(future),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
