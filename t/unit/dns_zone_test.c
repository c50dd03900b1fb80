#include "unit.h"

#include "base/dns_zone.h"
#include "base/why.h"

static const struct deadline now = {0};

static struct dns_zone *
zone_of(void **state, const char *text)
{
	struct dns_zone *zone;
	struct why why;

	zone = dns_zone_parse(*state, text_from(text), &why);
	if (zone == NULL)
		fail_msg("%s", why.text);
	return zone;
}

static const struct dns_answer *
ask(void **state, struct dns_zone *zone, const char *name, enum dns_type type)
{
	const struct dns_answer *answer;

	dns_wait(
	    dns_ask(*state, dns_zone_resolver(zone), text_from(name), type),
	    now, &answer);
	return answer;
}

static void
every_type(void **state)
{
	struct dns_zone *z = zone_of(state, "$ORIGIN example.\n"
					    "$TTL 1h\n"
					    "@ SOA ns hostmaster 1 2 3 4 5\n"
					    "  NS ns.example.\n"
					    "  300 IN MX 10 mx\n"
					    "  IN 600 MX 20 .\n"
					    "  TXT \"two \" words ; comment\n"
					    "mx A 192.0.2.1\n"
					    "   AAAA 2001:db8::1\n"
					    "1 PTR a_b.Example.\n"
					    "_25._tcp.mx TLSA 3 1 1 ( 00ff\n"
					    "\taB )\n"
					    "srv SRV 0 0 25 mx\n");
	const struct dns_answer *a = ask(state, z, "EXAMPLE", DNS_MX);
	char address[IPADDR_STRING_BYTES];

	assert_int_equal(a->status, DNS_FOUND);
	assert_int_equal(a->count, 2);
	assert_int_equal(a->ttl_s, 300);
	assert_int_equal(a->security, DNS_INSECURE);
	assert_int_equal(a->records[0].preference, 10);
	assert_text(a->records[0].name, "mx.example");
	assert_text(a->records[1].name, "");
	assert_text(ask(state, z, "example", DNS_TXT)->records->text,
		    "two words");
	assert_text(ask(state, z, "example", DNS_NS)->records->name,
		    "ns.example");
	assert_text(ask(state, z, "example", DNS_SOA)->records->name,
		    "ns.example");
	a = ask(state, z, "mx.example", DNS_A);
	assert_string_equal(ipaddr_write(&a->records->address, address),
			    "192.0.2.1");
	assert_int_equal(a->ttl_s, 3600);
	a = ask(state, z, "mx.example", DNS_AAAA);
	assert_string_equal(ipaddr_write(&a->records->address, address),
			    "2001:db8::1");
	assert_text(ask(state, z, "1.example", DNS_PTR)->records->name,
		    "a_b.Example");
	a = ask(state, z, "_25._tcp.mx.example", DNS_TLSA);
	assert_int_equal(a->records->text.len, 6);
	assert_memory_equal(a->records->text.at, "\3\1\1\0\xff\xab", 6);
	assert_int_equal(ask(state, z, "srv.example", DNS_A)->status,
			 DNS_NODATA);
}

static void
names_that_are_not_there(void **state)
{
	struct dns_zone *z = zone_of(state, "a.b.c.test A 192.0.2.1\n"
					    "*.w.test TXT wild\n"
					    "x.w.test A 192.0.2.2\n");

	assert_int_equal(ask(state, z, "b.c.test", DNS_A)->status, DNS_NODATA);
	assert_int_equal(ask(state, z, "a.b.c.test", DNS_TXT)->status,
			 DNS_NODATA);
	assert_int_equal(ask(state, z, "z.c.test", DNS_A)->status,
			 DNS_NXDOMAIN);
	assert_int_equal(ask(state, z, "z.a.b.c.test", DNS_A)->status,
			 DNS_NXDOMAIN);
	assert_int_equal(ask(state, z, "other", DNS_A)->status, DNS_NXDOMAIN);
	assert_text(ask(state, z, "y.z.w.test", DNS_TXT)->records->text,
		    "wild");
	assert_int_equal(ask(state, z, "y.w.test", DNS_A)->status, DNS_NODATA);
	/* a name that exists is no wildcard's */
	assert_int_equal(ask(state, z, "x.w.test", DNS_TXT)->status,
			 DNS_NODATA);
	assert_int_equal(ask(state, z, "y.x.w.test", DNS_TXT)->status,
			 DNS_NXDOMAIN);
}

static void
cnames_are_followed_so_far(void **state)
{
	struct arena *arena = *state;
	char *text = arena_printf(arena, "c0 TXT \"\"\nloop CNAME loop\n"
					 "gone CNAME nowhere.test\n");
	struct dns_zone *z;
	int i;

	for (i = 1; i < 10; i++)
		text = arena_printf(arena, "%sc%d %d CNAME c%d\n", text, i,
				    100 - i, i - 1);
	z = zone_of(state, text);
	assert_int_equal(ask(state, z, "c8", DNS_TXT)->status, DNS_FOUND);
	assert_int_equal(ask(state, z, "c8", DNS_TXT)->ttl_s, 92);
	assert_int_equal(ask(state, z, "c9", DNS_TXT)->status, DNS_TEMPFAIL);
	assert_int_equal(ask(state, z, "loop", DNS_A)->status, DNS_TEMPFAIL);
	assert_int_equal(ask(state, z, "gone", DNS_A)->status, DNS_NXDOMAIN);
	assert_text(ask(state, z, "c1", DNS_CNAME)->records->name, "c0");
}

static void
endings(void **state)
{
	struct dns_zone *z = zone_of(state, "a TXT !TIMEOUT\n"
					    "a A 192.0.2.1\n"
					    "a ANY !SERVFAIL\n"
					    "b TXT !BOGUS\n"
					    "c ANY !NXDOMAIN\n"
					    "d MX !NODATA\n");

	assert_int_equal(ask(state, z, "a", DNS_TXT)->status, DNS_TEMPFAIL);
	assert_string_equal(ask(state, z, "a", DNS_TXT)->reason, "timeout");
	assert_int_equal(ask(state, z, "a", DNS_A)->status, DNS_FOUND);
	assert_string_equal(ask(state, z, "a", DNS_MX)->reason, "SERVFAIL");
	assert_int_equal(ask(state, z, "b", DNS_TXT)->status, DNS_BOGUS);
	assert_int_equal(ask(state, z, "b", DNS_TXT)->security,
			 DNS_SECURITY_BOGUS);
	assert_int_equal(ask(state, z, "b", DNS_A)->status, DNS_NODATA);
	assert_int_equal(ask(state, z, "c", DNS_A)->status, DNS_NXDOMAIN);
	assert_int_equal(ask(state, z, "d", DNS_MX)->status, DNS_NODATA);
}

static void
security_is_the_weakest(void **state)
{
	struct dns_zone *z = zone_of(state, "$DNSSEC secure\n"
					    "s.test A 192.0.2.1\n"
					    "c.test CNAME i.example\n"
					    "$DNSSEC insecure\n"
					    "i.example A 192.0.2.2\n");

	assert_int_equal(ask(state, z, "s.test", DNS_A)->security, DNS_SECURE);
	assert_int_equal(ask(state, z, "c.test", DNS_A)->security,
			 DNS_INSECURE);
	assert_int_equal(ask(state, z, "x.s.test", DNS_A)->security,
			 DNS_SECURE);
	assert_int_equal(ask(state, z, "s.test", DNS_TXT)->security,
			 DNS_SECURE);
	assert_int_equal(ask(state, z, "x.example", DNS_A)->security,
			 DNS_INSECURE);
}

static void
one_question_fails_on_request(void **state)
{
	struct dns_zone *z = zone_of(state, "a A 192.0.2.1");

	assert_int_equal(ask(state, z, "a", DNS_A)->status, DNS_FOUND);
	dns_zone_fail_question(z, 1);
	assert_int_equal(ask(state, z, "a", DNS_A)->status, DNS_FOUND);
	assert_int_equal(ask(state, z, "a", DNS_A)->status, DNS_TEMPFAIL);
	assert_int_equal(ask(state, z, "a", DNS_A)->status, DNS_FOUND);
	assert_int_equal(dns_zone_questions(z), 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(every_type),
	    arena_unit_test(names_that_are_not_there),
	    arena_unit_test(cnames_are_followed_so_far),
	    arena_unit_test(endings),
	    arena_unit_test(security_is_the_weakest),
	    arena_unit_test(one_question_fails_on_request),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
