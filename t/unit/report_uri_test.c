#include "unit.h"

#include "mailauth/report_uri.h"

static struct report_uri
parse(void **state, const char *text)
{
	struct report_uri uri;

	report_uri_parse(*state, text_from(text), &uri);
	return uri;
}

static void
addresses(void **state)
{
	static const char *const good[][2] = {
	    {"mailto:dmarc@example.com", "dmarc@example.com"},
	    {"MAILTO:Dmarc@EXAMPLE.com", "Dmarc@example.com"},
	    {"mailto:a%2Bb%21c@example.com", "a+b!c@example.com"},
	    {"mailto:a.b+c@xn--bcher-kva.example",
	     "a.b+c@xn--bcher-kva.example"},
	    {"mailto:a@b%C3%BCcher.example", "a@xn--bcher-kva.example"},
	    {"mailto:d@example.com!10m", "d@example.com"},
	    {" mailto:d@example.com ", "d@example.com"}};
	struct report_uri uri;

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		uri = parse(state, good[i][0]);
		assert_int_equal(uri.kind, REPORT_URI_MAILTO);
		assert_text(uri.address, good[i][1]);
		assert_text(uri.host.name, strchr(good[i][1], '@') + 1);
	}
	assert_text(parse(state, "mailto:d@example.com!10m").uri,
		    "mailto:d@example.com");
}

static void
broken_ones(void **state)
{
	static const char *const bad[][2] = {
	    {"mailto:0", "no mail address"},
	    {"mailto:", "no mail address"},
	    {"mailto:@example.com", "no mail address"},
	    {"dmarc@example.com", "no scheme, such as mailto:"},
	    {"", "no scheme, such as mailto:"},
	    {"mailto:a@b.example?subject=x",
	     "header fields or a fragment behind the address"},
	    {"mailto:a@b.example%0d%0aRCPT TO:<x@y.example>",
	     "a control byte in the address"},
	    {"mailto:a%00@b.example", "a control byte in the address"},
	    {"mailto:a\r\n@b.example", "a control byte in the address"},
	    {"mailto:a@b.example,c@d.example", "several addresses"},
	    {"mailto:a@b.example%2Cc", "several addresses"},
	    {"mailto:a%40b@c.example", "several addresses"},
	    {"mailto:a%2@b.example",
	     "a percent sign without two hexadecimal digits"},
	    {"mailto:a..b@c.example", "a local part that is no dot-atom"},
	    {"mailto:%22a%22@c.example", "a local part that is no dot-atom"},
	    {"mailto:a%20b@c.example", "a local part that is no dot-atom"},
	    {"mailto:%C3%BC@c.example", "a local part that is not ASCII"},
	    {"mailto:a@localhost", "the host has one label only"},
	    {"mailto:a@[192.0.2.1]", "the host is no domain name"},
	    {"mailto:a@b..example", "the host is no domain name"},
	    {"https:host", "no host"},
	    {"https://user@host.example/", "a user name in the host part"}};
	struct report_uri uri;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		uri = parse(state, bad[i][0]);
		assert_int_equal(uri.kind, REPORT_URI_BROKEN);
		assert_string_equal(uri.reason, bad[i][1]);
	}
}

static void
other_schemes(void **state)
{
	struct report_uri uri =
	    parse(state, "https://Reports.example.com:8443/dmarc?a=b");

	assert_int_equal(uri.kind, REPORT_URI_HTTPS);
	assert_text(uri.host.name, "reports.example.com");
	assert_int_equal(parse(state, "ftp://x.example/").kind,
			 REPORT_URI_UNKNOWN);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(addresses),
	    arena_unit_test(broken_ones),
	    arena_unit_test(other_schemes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
