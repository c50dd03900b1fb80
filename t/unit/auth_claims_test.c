#include "unit.h"

#include "mailauth/auth_claims.h"

#define REST "; dkim=pass header.d=bank.example"

static void
every_spelling_of_our_id(void **state)
{
	static const struct text ours[] = {
	    TEXT_INIT(" mx.example.net" REST),
	    TEXT_INIT("MX.Example.NET" REST),
	    TEXT_INIT("mx.example.net." REST),
	    TEXT_INIT("mx.example.net.." REST),
	    TEXT_INIT("\tmx.example.net\t" REST),
	    TEXT_INIT("\r\n mx.example.net\r\n " REST),
	    TEXT_INIT("\"mx.example.net\"" REST),
	    TEXT_INIT("\"mx.ex\\ample.net\"" REST),
	    TEXT_INIT("\"mx\".example.net" REST),
	    TEXT_INIT("mx.\"example\".net" REST),
	    TEXT_INIT("(x)mx.example.net" REST),
	    TEXT_INIT("(x (y) \\) z) mx.example.net (;)" REST),
	    TEXT_INIT("mx.(x)example.net" REST),
	    TEXT_INIT("mx. example .net" REST),
	    TEXT_INIT("mx.exam\r\n ple.net" REST),
	    TEXT_INIT("mx.example.net 1" REST),
	    TEXT_INIT("mx.example.net (v) 22" REST),
	    TEXT_INIT("mx . example.net 1" REST),
	    TEXT_INIT("mx.example.net/1" REST),
	    TEXT_INIT("mx.example.net,other" REST),
	    TEXT_INIT("mx.example.net:25" REST),
	    TEXT_INIT("mx.example.net\0.other" REST),
	    TEXT_INIT("\"mx.example.net\0.other\"" REST),
	    TEXT_INIT("mx.exa\0mple.net" REST),
	    TEXT_INIT("\x01mx.example.net" REST),
	    TEXT_INIT("mx.example.net\v1" REST),
	    TEXT_INIT("mx.example.net\xc2\xa0" REST),
	    TEXT_INIT("\xef\xbb\xbfmx.example.net" REST),
	    TEXT_INIT("mx.ex\xe2\x80\x8b"
		      "ample.net" REST),
	    TEXT_INIT("mx\xe3\x80\x82"
		      "example.net" REST),
	    TEXT_INIT("\xef\xbd\x8d\xef\xbd\x98.example.net" REST),
	    TEXT_INIT("mx.example.net (no end" REST),
	    TEXT_INIT("mx.example.net"),
	    TEXT_INIT("mx.example.net; none"),
	    TEXT_INIT("mx.example.net dkim=pass"),
	    TEXT_INIT("\"mx.example.net; none"),
	};
	size_t i;

	for (i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		if (!auth_results_claims(*state, ours[i],
					 TEXT("mx.example.net")))
			fail_msg("[" TEXT_FMT "]", TEXT_ARG(ours[i]));
	assert_true(
	    auth_results_claims(*state, ours[0], TEXT("MX.example.net.")));
}

static void
u_labels(void **state)
{
	struct text id = TEXT("mx.b\xc3\xbc"
			      "cher.example");
	struct text a_labels = TEXT("mx.xn--bcher-kva.example");

	assert_true(auth_results_claims(*state,
					TEXT(" MX.B\xc3\x9c"
					     "cher.example; none"),
					a_labels));
	assert_true(auth_results_claims(*state,
					TEXT("mx.bu\xcc\x88"
					     "cher.example; none"),
					a_labels));
	assert_true(auth_results_claims(
	    *state, TEXT("mx.XN--bcher-kva.example; none"), id));
}

/* A field without an id says what it says in the name of its reader. */
static void
no_id_claims_every_id(void **state)
{
	static const struct text none[] = {
	    TEXT_INIT(""),
	    TEXT_INIT("  (x)\r\n "),
	    TEXT_INIT("; dkim=pass"),
	    TEXT_INIT("\"\"; dkim=pass"),
	    TEXT_INIT("dkim=pass header.d=bank.example"),
	    TEXT_INIT("spf = pass"),
	    TEXT_INIT("=?utf-8?q?mx=2Eexample=2Enet?=" REST),
	    TEXT_INIT("\0" REST),
	};
	size_t i;

	for (i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		assert_true(auth_results_claims(*state, none[i],
						TEXT("mx.example.net")));
		assert_text(auth_results_claimed_id(*state, none[i]), "");
	}
}

static void
ids_of_others(void **state)
{
	static const struct text others[] = {
	    TEXT_INIT("example.net" REST),
	    TEXT_INIT("a.mx.example.net" REST),
	    TEXT_INIT("mx.example.net.evil.example" REST),
	    TEXT_INIT("mx.example.net1" REST),
	    TEXT_INIT("mx.example.org; x=mx.example.net"),
	    TEXT_INIT("mx.example.org (mx.example.net) 1" REST),
	    TEXT_INIT("other mx.example.net" REST),
	    TEXT_INIT("mx-example.net" REST),
	    TEXT_INIT("1; none"),
	};
	size_t i;

	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (auth_results_claims(*state, others[i],
					TEXT("mx.example.net")))
			fail_msg("[" TEXT_FMT "]", TEXT_ARG(others[i]));
}

static void
claimed_id_is_normalised(void **state)
{
	static const struct {
		const char *value, *want;
	} cases[] = {
	    {" (c) \"MX.example\".net. 1; none", "mx.example.net"},
	    {"b\xc3\xbc"
	     "cher.example; none",
	     "xn--bcher-kva.example"},
	    {"My Gateway; none", "my"},
	    {"\"My_Gateway!\"; none", "my_gateway!"},
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_text(
		    auth_results_claimed_id(*state, text_from(cases[i].value)),
		    cases[i].want);
}

/* An id longer than what is kept is nobody's, not its first bytes. */
static void
long_ids_are_not_cut_into_ours(void **state)
{
	char *value = test_malloc(100000);

	memset(value, 'a', 100000);
	assert_false(auth_results_claims(*state, text_of(value, 100000),
					 text_of(value, 1024)));
	memset(value, '(', 100000);
	assert_true(
	    auth_results_claims(*state, text_of(value, 100000), TEXT("x")));
	test_free(value);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(every_spelling_of_our_id),
	    arena_unit_test(u_labels),
	    arena_unit_test(no_id_claims_every_id),
	    arena_unit_test(ids_of_others),
	    arena_unit_test(claimed_id_is_normalised),
	    arena_unit_test(long_ids_are_not_cut_into_ours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
