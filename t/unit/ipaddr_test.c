#include "unit.h"

#include <netinet/in.h>
#include <sys/un.h>

#include "base/ipaddr.h"

static struct ipaddr
parsed(const char *text)
{
	struct ipaddr address;

	if (!ipaddr_parse(text_from(text), &address))
		fail_msg("%s is an address", text);
	return address;
}

static struct ipnet
net(const char *text)
{
	struct ipnet result;

	if (!ipnet_parse(text_from(text), &result))
		fail_msg("%s is a network", text);
	return result;
}

static void
written_as_rfc_5952_says(void **state)
{
	static const char *const forms[][2] = {
	    {"192.0.2.1", "192.0.2.1"},
	    {"2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
	    {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
	    {"::", "::"},
	    {"::ffff:192.0.2.1", "192.0.2.1"},
	    {"::FFFF:c000:201", "192.0.2.1"},
	};
	char to[IPADDR_STRING_BYTES];
	struct ipaddr address;

	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		address = parsed(forms[i][0]);
		assert_string_equal(ipaddr_write(&address, to), forms[i][1]);
	}
	address.family = 0;
	assert_string_equal(ipaddr_write(&address, to), "");
}

static void
what_is_no_address(void **state)
{
	const char *bad[] = {
	    "",
	    "1.2.3",
	    "1.2.3.4.5",
	    "01.2.3.4",
	    "256.1.1.1",
	    "1.2.3.4 ",
	    "[::1]",
	    "::1%lo",
	    "1:2",
	    "::1::",
	    "1.2.3.4/32",
	    "0x1.2.3.4",
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
	struct ipaddr address;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		if (ipaddr_parse(text_from(bad[i]), &address))
			fail_msg("\"%s\" was taken", bad[i]);
		assert_int_equal(address.family, 0);
	}
	assert_false(ipaddr_parse(text_of("1.2.3.4\0", 8), &address));
}

static void
from_sockets(void **state)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
	struct sockaddr_un local = {.sun_family = AF_UNIX};
	struct ipaddr address;
	char to[IPADDR_STRING_BYTES];

	v4.sin_addr.s_addr = htonl(0xc0000201);
	assert_true(ipaddr_from_sockaddr((struct sockaddr *)&v4, &address));
	assert_string_equal(ipaddr_write(&address, to), "192.0.2.1");
	v6.sin6_addr.s6_addr[15] = 1;
	assert_true(ipaddr_from_sockaddr((struct sockaddr *)&v6, &address));
	assert_string_equal(ipaddr_write(&address, to), "::1");
	assert_false(ipaddr_from_sockaddr((struct sockaddr *)&local, &address));
	assert_int_equal(address.family, 0);
	assert_false(ipaddr_from_sockaddr(NULL, &address));
}

static bool
contains(const char *network, const char *address)
{
	struct ipnet n = net(network);
	struct ipaddr a = parsed(address);

	return ipnet_contains(&n, &a);
}

static void
networks(void **state)
{
	struct ipnet n;

	assert_true(contains("192.0.2.0/25", "192.0.2.127"));
	assert_false(contains("192.0.2.0/25", "192.0.2.128"));
	assert_true(contains("0.0.0.0/0", "255.1.2.3"));
	assert_false(contains("0.0.0.0/0", "2001:db8::1"));
	assert_true(contains("2001:db8::/33", "2001:db8:7fff::1"));
	assert_false(contains("2001:db8::/33", "2001:db8:8000::1"));
	assert_true(contains("::ffff:192.0.2.0/120", "192.0.2.9"));
	assert_true(contains("192.0.2.1", "192.0.2.1"));
	assert_false(contains("192.0.2.1", "192.0.2.2"));
	assert_true(contains("::ffff:192.0.2.1", "192.0.2.1"));
	assert_false(contains("::ffff:192.0.2.1", "192.0.2.3"));
	assert_false(ipnet_parse(TEXT("192.0.2.1/25"), &n));
	assert_false(ipnet_parse(TEXT("192.0.2.0/33"), &n));
	assert_false(ipnet_parse(TEXT("192.0.2.0/"), &n));
	assert_false(ipnet_parse(TEXT("::ffff:0.0.0.0/64"), &n));
	assert_false(ipnet_parse(TEXT("/8"), &n));
}

static void
equality(void **state)
{
	struct ipaddr a = parsed("192.0.2.1"), b = parsed("::ffff:192.0.2.1"),
		      c = parsed("192.0.2.2"), d = parsed("c000:201::");

	assert_true(ipaddr_equal(&a, &b));
	assert_false(ipaddr_equal(&a, &c));
	assert_false(ipaddr_equal(&a, &d));
}

static void
addresses_of_the_internet(void **state)
{
	const char *global[] = {"8.8.8.8", "172.32.0.1", "100.128.0.1",
				"2606:4700::1", "64:ff9b::808:808"};
	const char *special[] = {
	    "10.1.2.3",	   "127.0.0.1",	  "172.31.0.1",
	    "192.168.1.1", "169.254.0.1", "192.0.2.1",
	    "224.0.0.1",   "240.0.0.1",	  "255.255.255.255",
	    "0.0.0.0",	   "100.64.0.1",  "198.19.0.1",
	    "::",	   "::1",	  "fe80::1",
	    "fc00::1",	   "ff02::1",	  "2001:db8::1",
	    "3fff::1",	   "2001::1",	  "64:ff9b::a00:1"};
	struct ipaddr a;

	for (size_t i = 0; i < sizeof(global) / sizeof(*global); i++) {
		a = parsed(global[i]);
		if (!ipaddr_is_global(&a))
			fail_msg("%s is global", global[i]);
	}
	for (size_t i = 0; i < sizeof(special) / sizeof(*special); i++) {
		a = parsed(special[i]);
		if (ipaddr_is_global(&a))
			fail_msg("%s is not global", special[i]);
	}
	a = parsed("127.8.0.1");
	assert_true(ipaddr_is_loopback(&a));
	a = parsed("::1");
	assert_true(ipaddr_is_loopback(&a));
	a = parsed("::2");
	assert_false(ipaddr_is_loopback(&a));
}

static void
reverse_names(void **state)
{
	struct ipaddr a = parsed("192.0.2.1"), b = parsed("2001:db8::567:89ab");

	assert_text(ipaddr_reverse_name(*state, &a), "1.2.0.192.in-addr.arpa");
	/* the example of RFC 3596 section 2.5 has the same form */
	assert_text(ipaddr_reverse_name(*state, &b),
		    "b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0."
		    "8.b.d.0.1.0.0.2.ip6.arpa");
	a.family = 0;
	assert_text(ipaddr_reverse_name(*state, &a), "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(written_as_rfc_5952_says),
	    cmocka_unit_test(what_is_no_address),
	    cmocka_unit_test(from_sockets),
	    cmocka_unit_test(networks),
	    cmocka_unit_test(equality),
	    cmocka_unit_test(addresses_of_the_internet),
	    arena_unit_test(reverse_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
