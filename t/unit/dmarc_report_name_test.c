#include "unit.h"

#include "mailauth/dmarc_report.h"

static void
report_ids(void **state)
{
	assert_true(dmarc_report_id_is_valid(TEXT("1721054318-example.com@"
						  "example.org")));
	assert_true(dmarc_report_id_is_valid(TEXT("a{b}!")));
	assert_false(dmarc_report_id_is_valid(TEXT("")));
	assert_false(dmarc_report_id_is_valid(TEXT("a..b")));
	assert_false(dmarc_report_id_is_valid(TEXT(".a")));
	assert_false(dmarc_report_id_is_valid(TEXT("a@")));
	assert_false(dmarc_report_id_is_valid(TEXT("a@b@c")));
	assert_false(dmarc_report_id_is_valid(TEXT("<a>")));
	assert_false(dmarc_report_id_is_valid(TEXT("a\0")));
}

static void
names_of_a_report(void **state)
{
	struct text receiver = TEXT("mx.receiver.example");
	struct text domain = TEXT("example.com");

	assert_text(dmarc_report_filename(*state, receiver, domain, 1013662812,
					  1013749130, TEXT("a@b"), true),
		    "mx.receiver.example!example.com!1013662812!1013749130"
		    ".xml.gz");
	assert_text(dmarc_report_filename(*state, receiver, domain, 1, 2,
					  TEXT("0aF"), false),
		    "mx.receiver.example!example.com!1!2!0aF.xml");
	assert_text(dmarc_report_subject(*state, domain, receiver, TEXT("0aF")),
		    "Report Domain: example.com Submitter: "
		    "mx.receiver.example Report-ID: <0aF>");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(report_ids),
	    arena_unit_test(names_of_a_report),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
