#include "unit.h"

#include "base/date.h"
#include "base/uuid.h"

static void
rfc9562_appendix_a6(void **state)
{
	static const unsigned char random[10] = {0xc,  0xc3, 0x18, 0xc4, 0xdc,
						 0x0c, 0x0c, 0x07, 0x39, 0x8f};
	char id[UUID_STRING_BYTES];

	uuid7_write(0x017F22E279B0, random, id);
	assert_string_equal(id, "017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
}

static void
iso_dates(void **state)
{
	char date[DATE_STRING_BYTES];

	date_write_iso(1792649228123, date);
	assert_string_equal(date, "2026-10-22T06:07:08.123Z");
	date_write_iso(0, date);
	assert_string_equal(date, "1970-01-01T00:00:00.000Z");
}

static void
equal_digests_have_equal_ids(void **state)
{
	const unsigned char digest[16] = {0xff, 0xfe, 0xfd, 0xfc, 0xfb, 0xfa,
					  0xf9, 0xf8, 0xf7, 0xf6, 0xf5, 0xf4,
					  0xf3, 0xf2, 0xf1, 0xf0};
	char to[UUID_STRING_BYTES];

	uuid8_write(digest, to);
	assert_string_equal(to, "fffefdfc-fbfa-89f8-b7f6-f5f4f3f2f1f0");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(rfc9562_appendix_a6),
	    arena_unit_test(iso_dates),
	    arena_unit_test(equal_digests_have_equal_ids),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
