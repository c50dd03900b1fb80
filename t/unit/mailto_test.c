#include "unit.h"

#include "base/mailto.h"
#include "mailauth/report_uri.h"

static void
what_means_something_is_encoded(void **state)
{
	assert_text(mailto_write(*state, TEXT("a@b.example")),
		    "mailto:a@b.example");
	assert_text(mailto_write(*state, TEXT("a,b!c;d+e%@b.example")),
		    "mailto:a%2Cb%21c%3Bd+e%25@b.example");
	assert_text(mailto_write(*state, TEXT("\xc3\xbc@b.example")),
		    "mailto:%C3%BC@b.example");
}

/* Each byte that a local part may hold comes back. */
static void
read_back(void **state)
{
	static const char atext[] = "abzAZ09!#$%&'*+-/=?^_`{|}~";
	char bytes[] = "x@b.example";
	struct report_uri uri;
	const char *c;

	for (c = atext; *c != '\0'; c++) {
		bytes[0] = *c;
		report_uri_parse(*state, mailto_write(*state, text_from(bytes)),
				 &uri);
		assert_int_equal(uri.kind, REPORT_URI_MAILTO);
		assert_text(uri.address, bytes);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(what_means_something_is_encoded),
	    arena_unit_test(read_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
