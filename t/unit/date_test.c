#include "unit.h"

#include "base/date.h"

static void
assert_date(const char *string, enum date_form form, int64_t unix_s)
{
	int64_t got = unix_s;
	enum date_form its = date_parse_iso(text_from(string), &got);

	if (its != form || (form != DATE_UNREADABLE && got != unix_s))
		fail_msg("%s: form %d, %lld", string, (int)its, (long long)got);
}

static void
reads_times(void **state)
{
	assert_date("1970-01-01T00:00:00Z", DATE_WITH_ZONE, 0);
	assert_date("2026-11-22T06:07:08.123Z", DATE_WITH_ZONE, 1795327628);
	assert_date("2026-11-22t06:07:08z", DATE_WITH_ZONE, 1795327628);
	assert_date("2026-11-22 07:07:08 +01:00", DATE_WITH_ZONE, 1795327628);
	assert_date("2026-11-21T23:37:08-0630", DATE_WITH_ZONE, 1795327628);
	assert_date("2026-11-22T06:07:08", DATE_WITHOUT_ZONE, 1795327628);
	assert_date("2026-11-22T06:07", DATE_WITHOUT_ZONE, 1795327620);
	assert_date(" 2024-02-29 ", DATE_DAY_ALONE, 1709164800);
	assert_date("2000-03-01T00:00:00Z", DATE_WITH_ZONE, 951868800);
	assert_date("1969-12-31T23:59:59Z", DATE_WITH_ZONE, -1);
	assert_date("2016-12-31T23:59:60Z", DATE_WITH_ZONE, 1483228800);
}

static void
refuses_what_is_none(void **state)
{
	static const char *const none[] = {"",
					   "x",
					   "2026-13-01",
					   "2026-00-01",
					   "2026-02-29",
					   "2026-11-31",
					   "2026-1-1",
					   "20261122",
					   "2026-11-22T",
					   "2026-11-22X06:00:00Z",
					   "2026-11-22T25:00:00Z",
					   "2026-11-22T06:60:00Z",
					   "2026-11-22T06:00:00.Z",
					   "2026-11-22T06:00:00+1",
					   "2026-11-22T06:00:00Z trailing",
					   "0000-01-01",
					   "99999-01-01",
					   "-2026-01-01"};
	size_t i;

	for (i = 0; i < sizeof(none) / sizeof(*none); i++)
		assert_date(none[i], DATE_UNREADABLE, 0);
}

static void
writes_what_it_reads(void **state)
{
	char to[DATE_STRING_BYTES];
	int64_t at, got;

	for (at = 0; at < 4000000000; at += 86399 * 17) {
		date_write_iso(at * 1000, to);
		assert_int_equal(date_parse_iso(text_from(to), &got),
				 DATE_WITH_ZONE);
		assert_int_equal(got, at);
	}
}

static void
dates_of_mail(void **state)
{
	char to[DATE_STRING_BYTES];

	date_write_mail(1795327628, to);
	assert_string_equal(to, "Sun, 22 Nov 2026 06:07:08 +0000");
	date_write_mail(0, to);
	assert_string_equal(to, "Thu, 1 Jan 1970 00:00:00 +0000");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(reads_times),
	    arena_unit_test(refuses_what_is_none),
	    arena_unit_test(writes_what_it_reads),
	    arena_unit_test(dates_of_mail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
