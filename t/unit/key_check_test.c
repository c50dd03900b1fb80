#include "unit.h"

#include "admin/key_check.h"
#include "base/base64.h"
#include "base/dns_zone.h"

#define PUBLIC "0123456789abcdef0123456789abcdef"

/* What the zone says of key s of example.org. */
static struct key_check
ask(struct arena *arena, const char *record)
{
	const char *zone = arena_printf(
	    arena, "$DNSSEC secure\nx.example.org A 192.0.2.1\n%s%s\n",
	    record[0] == '\0' ? "" : "s._domainkey.example.org TXT ", record);
	struct dns_zone *parsed;
	struct key_check answer;
	struct domain domain;
	struct why why;

	parsed = dns_zone_parse(arena, text_from(zone), &why);
	if (parsed == NULL)
		fail_msg("%s", why.text);
	assert_true(domain_parse(arena, TEXT("example.org"), &domain, NULL));
	key_check_wait(
	    arena,
	    key_check_ask(arena, dns_zone_resolver(parsed), domain, TEXT("s")),
	    (struct deadline){0}, CRYPTO_ED25519, TEXT(PUBLIC), &answer);
	return answer;
}

static const char *
record(struct arena *arena, const char *tags, const char *bytes)
{
	return arena_printf(arena, "\"%sp=" TEXT_FMT "\"", tags,
			    TEXT_ARG(base64_encode(arena, text_from(bytes))));
}

static void
the_same_key(void **state)
{
	struct key_check answer =
	    ask(*state, record(*state, "v=DKIM1; k=ed25519; ", PUBLIC));

	assert_int_equal(answer.found, KEY_FOUND_SAME);
	assert_int_equal(answer.security, DNS_SECURE);
	assert_false(answer.test);
	answer = ask(*state, record(*state, "k=ed25519; t=y; ", PUBLIC));
	assert_int_equal(answer.found, KEY_FOUND_SAME);
	assert_true(answer.test);
}

static void
another_key_and_why(void **state)
{
	static const char *const others[][3] = {
	    {"v=DKIM1; k=ed25519; ", "another0another0another0another0",
	     "another key"},
	    {"v=DKIM1; ", PUBLIC, "another type"},
	    {"v=DKIM1; k=ed25519; h=sha1; ", PUBLIC, "sha256"},
	    {"v=DKIM1; k=ed25519; s=web; ", PUBLIC, "mail"},
	    {"v=DKIM1; k=ed25519; s=tlsrpt; ", PUBLIC, "TLS reports alone"},
	    {"v=DKIM2; k=ed25519; ", PUBLIC, ""},
	};
	struct key_check answer;
	size_t i;

	for (i = 0; i < sizeof(others) / sizeof(*others); i++) {
		answer =
		    ask(*state, record(*state, others[i][0], others[i][1]));
		assert_int_equal(answer.found, KEY_FOUND_OTHER);
		if (strstr(answer.why.text, others[i][2]) == NULL)
			fail_msg("%s: %s", others[i][0], answer.why.text);
	}
	answer = ask(*state, "\"v=spf1 -all\"");
	assert_int_equal(answer.found, KEY_FOUND_OTHER);
}

static void
several_records_are_none_that_counts(void **state)
{
	const char *one = record(*state, "k=ed25519; ", PUBLIC);
	struct key_check answer = ask(
	    *state,
	    arena_printf(*state, "%s\ns._domainkey.example.org TXT x", one));

	assert_int_equal(answer.found, KEY_FOUND_OTHER);
	assert_string_equal(answer.why.text, "the name has 2 TXT records");
}

static void
no_key(void **state)
{
	assert_int_equal(ask(*state, "").found, KEY_FOUND_MISSING);
	assert_int_equal(ask(*state, "!NODATA").found, KEY_FOUND_MISSING);
	assert_int_equal(ask(*state, "!NXDOMAIN").found, KEY_FOUND_MISSING);
	assert_int_equal(ask(*state, "\"v=DKIM1; p=\"").found,
			 KEY_FOUND_REVOKED);
}

static void
what_could_not_be_asked_is_not_missing(void **state)
{
	static const char *const endings[] = {"!SERVFAIL", "!TIMEOUT",
					      "!BOGUS"};
	struct key_check answer;
	size_t i;

	for (i = 0; i < 3; i++) {
		answer = ask(*state, endings[i]);
		assert_int_equal(answer.found, KEY_FOUND_COULD_NOT_ASK);
		assert_true(answer.why.text[0] != '\0');
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(the_same_key),
	    arena_unit_test(another_key_and_why),
	    arena_unit_test(several_records_are_none_that_counts),
	    arena_unit_test(no_key),
	    arena_unit_test(what_could_not_be_asked_is_not_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
