#include "unit.h"

#include "mailauth/dmarc_report_value.h"

static void
assert_problem(const char *got, const char *wanted)
{
	if (wanted == NULL)
		assert_null(got);
	else
		assert_string_equal(got, wanted);
}

static void
domains(void **state)
{
	static const struct {
		const char *given, *value, *problem;
	} cases[] = {
	    {"", "", NULL},
	    {"Example.COM.", "example.com", NULL},
	    {"m\xc3\xbcller.example", "xn--mller-kva.example", NULL},
	    {"User@Example.com", "example.com", "is an address, not a domain"},
	    {"<user@example.com>", "example.com",
	     "is an address, not a domain"},
	    {"a.example, b.example", "a.example", "is a list"},
	    {"a.example;b.example", "a.example", "is a list"},
	    {"[192.0.2.1]", "[192.0.2.1]", "is no domain"},
	    {"A..b", "a..b", "is no domain"},
	};
	struct text value;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_problem(report_value_domain(
				   *state, text_from(cases[i].given), &value),
			       cases[i].problem);
		assert_text(value, cases[i].value);
	}
}

static void
words(void **state)
{
	static const struct {
		enum dmarc_report_words kind;
		const char *given, *value, *problem;
	} cases[] = {
	    {DMARC_WORDS_SPF, "pass", "pass", NULL},
	    {DMARC_WORDS_SPF, "", "", NULL},
	    {DMARC_WORDS_SPF, "SoftFail", "softfail", "is not the usual word"},
	    {DMARC_WORDS_SPF, "temp_error", "temperror",
	     "is not the usual word"},
	    {DMARC_WORDS_SPF, "hardfail", "fail", "is not the usual word"},
	    {DMARC_WORDS_SPF, "unknown", "temperror", "is not the usual word"},
	    {DMARC_WORDS_SPF, "Perhaps", "perhaps", "is an unknown word"},
	    {DMARC_WORDS_DKIM, "pass, fail", "pass", "is a list"},
	    {DMARC_WORDS_ALIGNED, "neutral", "fail", "is not the usual word"},
	    {DMARC_WORDS_MODE, "relaxed", "r", "is not the usual word"},
	    {DMARC_WORDS_REASON_9990, "sampled_out", "sampled_out", NULL},
	    {DMARC_WORDS_REASON_9990, "Mailing-List", "mailing_list",
	     "is not the usual word"},
	};
	struct text value;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_problem(report_value_word(*state, cases[i].kind,
						 text_from(cases[i].given),
						 &value),
			       cases[i].problem);
		assert_text(value, cases[i].value);
	}
}

static void
addresses(void **state)
{
	static const struct {
		const char *given, *value, *problem;
	} cases[] = {
	    {"192.0.2.1", "192.0.2.1", NULL},
	    {"2001:DB8::1", "2001:db8::1", NULL},
	    {"::ffff:192.0.2.1", "192.0.2.1",
	     "is an IPv4 address written as IPv6"},
	    {"fe80::1%eth0", "fe80::1", "is more than an address"},
	    {"[192.0.2.1]", "192.0.2.1", "is more than an address"},
	    {"[IPv6:2001:db8::1]", "2001:db8::1", "is more than an address"},
	    {"192.0.2.1/32", "192.0.2.1", "is more than an address"},
	    {"192.0.2.1, 192.0.2.2", "192.0.2.1", "is more than an address"},
	    {"[", "", "is no address"},
	    {"", "", "is no address"},
	    {"unknown", "", "is no address"},
	};
	char written[IPADDR_STRING_BYTES];
	struct ipaddr value;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_problem(
		    report_value_address(text_from(cases[i].given), &value),
		    cases[i].problem);
		assert_string_equal(ipaddr_write(&value, written),
				    cases[i].value);
	}
}

static void
counts(void **state)
{
	static const struct {
		const char *given;
		uint64_t value;
		const char *problem;
	} cases[] = {
	    {"1", 1, NULL},
	    {"450000", 450000, NULL},
	    {"0", 0, "is zero"},
	    {"1,000", 1000, "is not only digits"},
	    {"1.000.000", 1000000, "is not only digits"},
	    {"1 000", 1000, "is not only digits"},
	    {"2.0", 2, "is not only digits"},
	    {"", 1, "is no count"},
	    {"-3", 1, "is no count"},
	    {"1,00", 1, "is no count"},
	    {"1,000.000", 1, "is no count"},
	    {"0x10", 1, "is no count"},
	    {"1e6", 1, "is no count"},
	    {"99999999999999999999", 1, "is no count"},
	    {"999,999,999,999,999", 1, "is no count"},
	};
	uint64_t value;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_problem(
		    report_value_count(text_from(cases[i].given), &value),
		    cases[i].problem);
		assert_int_equal(value, cases[i].value);
	}
}

static void
times(void **state)
{
	static const char not_seconds[] = "is not in seconds since 1970";
	static const char not_whole[] = "is not in whole seconds since 1970";
	static const struct {
		const char *given;
		int64_t value;
		const char *problem;
	} cases[] = {
	    {"1709683200", 1709683200, NULL},
	    {"1709683200.5", 1709683200, not_whole},
	    {"1709683200000", 1709683200, not_whole},
	    {"2024-03-06", 1709683200, not_seconds},
	    {"2024-03-06T00:00:00Z", 1709683200, not_seconds},
	    {"2024-03-06 01:30:00.123+01:30", 1709683200, not_seconds},
	    {"2024-03-05T19:00:00-0500", 1709683200, not_seconds},
	    {"2024-03-06 00:00 UTC", 1709683200, not_seconds},
	    {"2000-02-29", 951782400, not_seconds},
	    {"1970-01-01", 0, not_seconds},
	    {"2024-13-06", 0, "is no time"},
	    {"Wed, 06 Mar 2024", 0, "is no time"},
	    {"-1", 0, "is no time"},
	    {"", 0, "is no time"},
	};
	int64_t value;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_problem(
		    report_value_time(text_from(cases[i].given), &value),
		    cases[i].problem);
		assert_int_equal(value, cases[i].value);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(domains),	arena_unit_test(words),
	    arena_unit_test(addresses), arena_unit_test(counts),
	    arena_unit_test(times),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
