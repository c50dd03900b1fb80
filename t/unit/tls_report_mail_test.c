#include "unit.h"

#include "mailauth/message.h"
#include "mailauth/tls_report_mail.h"

static void
types(void **state)
{
	const struct {
		const char *type;
		bool is;
	} cases[] = {
	    {" multipart/report; report-type=tlsrpt", true},
	    {" multipart/report; report-type=\"TLSRPT\"; boundary=x;", true},
	    {" multipart / report (a) ; boundary=\"\\\";report-type=x\";\r\n"
	     " report-type = tlsrpt (b)",
	     true},
	    {" multipart/report; report-type=tlsrpt; report-type=tlsrpt",
	     false},
	    {" multipart/report; report-type=tlsrpt; report-type=x", false},
	    {" multipart/report; report-type=tlsrpt x", false},
	    {" multipart/report; report-type=\"tlsrpt", false},
	    {" multipart/report; (report-type=tlsrpt", false},
	    {" multipart/report report-type=tlsrpt", false},
	    {" multipart/report; =tlsrpt", false},
	    {" multipart/report; report-type", false},
	    {" multipart/report; report-type=tlsrpt\nX: y", false},
	    {" multipart/mixed; report-type=tlsrpt", false},
	    {" multipart", false},
	    {"", false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		if (tls_report_mail_type_is(text_from(cases[i].type)) !=
		    cases[i].is)
			fail_msg("%s", cases[i].type);
}

static void
messages(void **state)
{
	struct message message;

	message_init(&message, *state);
	assert_false(tls_report_mail_is(&message));
	message_add(&message, TEXT("content-type"),
		    TEXT(" multipart/report; report-type=tlsrpt"));
	assert_true(tls_report_mail_is(&message));
	message_add(&message, TEXT("Content-Type"),
		    TEXT(" multipart/report; report-type=tlsrpt"));
	assert_false(tls_report_mail_is(&message));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(types),
	    arena_unit_test(messages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
