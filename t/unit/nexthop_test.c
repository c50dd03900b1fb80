#include "unit.h"

#include "base/limits.h"
#include "base/why.h"
#include "mailtls/nexthop.h"

struct expectation {
	struct text key;
	enum nexthop_kind kind;
	const char *name;
	unsigned port;
};

static void
check(struct arena *arena, const struct expectation *want)
{
	struct nexthop nexthop;
	struct why why = {{0}};

	nexthop_parse(arena, want->key, &nexthop, &why);
	if (nexthop.kind != want->kind)
		fail_msg("\"" TEXT_FMT "\" is %s, not %s", TEXT_ARG(want->key),
			 nexthop_kind_name(nexthop.kind),
			 nexthop_kind_name(want->kind));
	assert_text(nexthop.domain.name, want->name);
	if (want->port != 0)
		assert_int_equal(nexthop.port, want->port);
	if (want->kind == NEXTHOP_UNKNOWN)
		assert_string_not_equal(why.text, "");
}

static void
every_form_of_key(void **state)
{
	static const struct expectation wants[] = {
	    {TEXT_INIT("STS-OK.Test"), NEXTHOP_DOMAIN, "sts-ok.test", 25},
	    {TEXT_INIT("a.test."), NEXTHOP_DOMAIN, "a.test", 25},
	    {TEXT_INIT("a.test:25"), NEXTHOP_DOMAIN, "a.test", 25},
	    {TEXT_INIT("a.test:65535"), NEXTHOP_DOMAIN, "a.test", 65535},
	    {TEXT_INIT("a.test:SMTP"), NEXTHOP_DOMAIN, "a.test", 25},
	    {TEXT_INIT("a.test:submission"), NEXTHOP_DOMAIN, "a.test", 587},
	    {TEXT_INIT("a.test:submissions"), NEXTHOP_DOMAIN, "a.test", 465},
	    {TEXT_INIT("a.test:smtps"), NEXTHOP_DOMAIN, "a.test", 465},
	    {TEXT_INIT("a.test:65536"), NEXTHOP_UNKNOWN, "a.test", 0},
	    {TEXT_INIT("a.test:"), NEXTHOP_UNKNOWN, "a.test", 0},
	    {TEXT_INIT("a.test:25:25"), NEXTHOP_UNKNOWN, "a.test", 0},
	    {TEXT_INIT("localhost"), NEXTHOP_DOMAIN, "localhost", 25},
	    {TEXT_INIT("a_b.test"), NEXTHOP_DOMAIN, "a_b.test", 25},
	    {TEXT_INIT("b\xc3\xbc"
		       "cher.test"),
	     NEXTHOP_DOMAIN, "xn--bcher-kva.test", 25},
	    {TEXT_INIT("b\xc3\xbc"
		       "cher.test:25"),
	     NEXTHOP_DOMAIN, "xn--bcher-kva.test", 25},
	    {TEXT_INIT("\xff.test"), NEXTHOP_UNKNOWN, "", 0},
	    {TEXT_INIT("[MX.a.test]"), NEXTHOP_HOST, "mx.a.test", 25},
	    {TEXT_INIT("[mx.a.test]:587"), NEXTHOP_HOST, "mx.a.test", 587},
	    {TEXT_INIT("[mx.a.test]:what"), NEXTHOP_HOST, "mx.a.test", 0},
	    {TEXT_INIT("[192.0.2.1]"), NEXTHOP_ADDRESS, "", 0},
	    {TEXT_INIT("[192.0.2.1]:25"), NEXTHOP_ADDRESS, "", 0},
	    {TEXT_INIT("[2001:db8::1]:25"), NEXTHOP_ADDRESS, "", 0},
	    {TEXT_INIT("[IPv6:2001:db8::1]"), NEXTHOP_ADDRESS, "", 0},
	    {TEXT_INIT("192.0.2.1"), NEXTHOP_ADDRESS, "", 0},
	    {TEXT_INIT("2001:db8::1"), NEXTHOP_ADDRESS, "", 0},
	    {TEXT_INIT(".c.Test"), NEXTHOP_PARENT, "c.test", 0},
	    {TEXT_INIT("."), NEXTHOP_PARENT, "", 0},
	    {TEXT_INIT(""), NEXTHOP_OTHER, "", 0},
	    {TEXT_INIT("["), NEXTHOP_OTHER, "", 0},
	    {TEXT_INIT("[]"), NEXTHOP_OTHER, "", 0},
	    {TEXT_INIT("a..test"), NEXTHOP_OTHER, "", 0},
	    {TEXT_INIT("private/lmtp"), NEXTHOP_OTHER, "", 0},
	    {TEXT_INIT("a b.test"), NEXTHOP_OTHER, "", 0},
	};
	size_t i;

	for (i = 0; i < sizeof(wants) / sizeof(wants[0]); i++)
		check(*state, &wants[i]);
}

static void
kinds_have_names(void **state)
{
	assert_string_equal(nexthop_kind_name(NEXTHOP_UNSET), "not evaluated");
	assert_string_equal(nexthop_kind_name(NEXTHOP_HOST), "host");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(every_form_of_key),
	    arena_unit_test(kinds_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
