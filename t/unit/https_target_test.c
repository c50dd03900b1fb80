#include "unit.h"

#include "base/buf.h"
#include "base/dns_zone.h"
#include "base/why.h"
#include "io/clock.h"
#include "io/https_target.h"

static void
good_urls(void **state)
{
	struct https_target target;

	assert_true(https_target_parse(
	    *state, TEXT("https://MTA-STS.Example.com/.well-known/x?y=z"), 443,
	    &target, NULL));
	assert_text(target.host.name, "mta-sts.example.com");
	assert_int_equal(target.port, 443);
	assert_text(target.path, "/.well-known/x?y=z");
	assert_true(https_target_parse(
	    *state, TEXT("HTTPS://report.example:8443"), 443, &target, NULL));
	assert_int_equal(target.port, 8443);
	assert_text(target.path, "/");
}

/* Peers item 43: a URL that others wrote leads to a named host alone. */
static void
item_43_bad_urls(void **state)
{
	static const char *const urls[] = {
	    "",
	    "http://a.example/",
	    "ftp://a.example/",
	    "file:///etc/passwd",
	    "https:/a.example/",
	    "https://",
	    "https:///path",
	    "https://127.0.0.1/",
	    "https://2130706433/",
	    "https://0x7f000001/",
	    "https://0177.0.0.1/",
	    "https://a.0x7f/",
	    "https://a.0x7f./",
	    "https://user.127.0./",
	    "https://[::1]/",
	    "https://[2001:db8::1]/",
	    "https://user@a.example/",
	    "https://user:pass@a.example/",
	    "https://a.example@b.example/",
	    "https://a.example\\@b.example/",
	    "https://a.example#@b.example/",
	    "https://a.example?b",
	    "https://a.example:0/",
	    "https://a.example:65536/",
	    "https://a.example:/",
	    "https://a.example:443x/",
	    "https://a..example/",
	    "https://a.example/a b",
	    "https://a.example/a\r\nHost: b",
	    "https://a.example/\xc3\xa4",
	    "https://a.example/x#y",
	    /* an ideographic full stop */
	    ("https://a\xe3\x80\x82"
	     "example/"),
	};
	struct https_target target;
	size_t i;

	for (i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		struct why why = {""};

		if (https_target_parse(*state, text_from(urls[i]), 443, &target,
				       &why))
			fail_msg("%s is taken", urls[i]);
		assert_true(why.text[0] != '\0');
	}
}

static bool
allowed(const char *name, const struct ipnet *nets, size_t count)
{
	struct ipaddr address;

	assert_true(ipaddr_parse(text_from(name), &address));
	return https_target_is_allowed(&address, nets, count);
}

/* Peers item 42: nobody sends us into our own networks. */
static void
item_42_addresses(void **state)
{
	static const char *const refused[] = {
	    "127.0.0.1",
	    "10.1.2.3",
	    "192.168.0.1",
	    "172.16.0.1",
	    "169.254.169.254",
	    "100.64.0.1",
	    "0.0.0.0",
	    "224.0.0.1",
	    "255.255.255.255",
	    "::1",
	    "fe80::1",
	    "fd00::1",
	    "::",
	    "ff02::1",
	    "64:ff9b::7f00:1",
	    "::ffff:10.0.0.1",
	};
	struct ipnet net;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		if (allowed(refused[i], NULL, 0))
			fail_msg("%s is allowed", refused[i]);
	assert_true(allowed("8.8.8.8", NULL, 0));
	assert_true(allowed("2a00:1450::1", NULL, 0));
	assert_true(ipnet_parse(TEXT("127.0.0.0/8"), &net));
	assert_true(allowed("127.3.2.1", &net, 1));
	assert_false(allowed("10.0.0.1", &net, 1));
}

static const char zone_text[] = "both.example. A 8.8.8.8\n"
				"both.example. A 10.0.0.1\n"
				"both.example. AAAA 2a00:1450::1\n"
				"inside.example. A 10.0.0.1\n"
				"inside.example. AAAA ::1\n"
				"half.example. A !SERVFAIL\n"
				"half.example. AAAA 2a00:1450::1\n"
				"broken.example. A !SERVFAIL\n"
				"broken.example. AAAA !NODATA\n"
				"empty.example. MX 0 mx.example.\n";

static enum https_result
resolve(struct arena *arena, const char *name, struct buf *list,
	struct why *why)
{
	struct dns_zone *zone =
	    dns_zone_parse(arena, text_from(zone_text), NULL);
	struct domain host;

	assert_non_null(zone);
	assert_true(domain_parse(arena, text_from(name), &host, NULL));
	buf_init(list, arena, 1000);
	return https_target_resolve(arena, dns_zone_resolver(zone), host, NULL,
				    0, clock_deadline_in(60000), list, why);
}

static void
resolving(void **state)
{
	struct buf list;
	struct why why;

	assert_int_equal(resolve(*state, "both.example", &list, &why),
			 HTTPS_NOT_TRIED);
	assert_text(buf_view(&list), "[2a00:1450::1],8.8.8.8");
	assert_int_equal(resolve(*state, "half.example", &list, &why),
			 HTTPS_NOT_TRIED);
	assert_text(buf_view(&list), "[2a00:1450::1]");
	assert_int_equal(resolve(*state, "inside.example", &list, &why),
			 HTTPS_FORBIDDEN);
	assert_int_equal(resolve(*state, "broken.example", &list, &why),
			 HTTPS_DNS_FAILED);
	assert_int_equal(resolve(*state, "empty.example", &list, &why),
			 HTTPS_NO_HOST);
	assert_int_equal(resolve(*state, "nowhere.example", &list, &why),
			 HTTPS_NO_HOST);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(good_urls),
	    arena_unit_test(item_43_bad_urls),
	    arena_unit_test(item_42_addresses),
	    arena_unit_test(resolving),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
