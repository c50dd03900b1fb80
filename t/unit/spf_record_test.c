#include "unit.h"

#include "base/limits.h"
#include "base/why.h"
#include "mailauth/spf_record.h"

static struct spf_record
parsed(struct arena *arena, const char *text)
{
	struct spf_record record;
	struct why why;

	assert_true(spf_record_is(text_from(text)));
	if (!spf_record_parse(arena, text_from(text), &record, &why))
		fail_msg("%s: %s", text, why.text);
	return record;
}

static void
version_is_a_word(void **state)
{
	assert_true(spf_record_is(TEXT("v=spf1")));
	assert_true(spf_record_is(TEXT("V=SPF1 -all")));
	assert_false(spf_record_is(TEXT("v=spf10")));
	assert_false(spf_record_is(TEXT("v=spf1\t-all")));
	assert_false(spf_record_is(TEXT(" v=spf1")));
	assert_false(spf_record_is(TEXT("spf2.")));
	assert_false(spf_record_is(TEXT("")));
}

static void
each_mechanism(void **state)
{
	struct spf_record r = parsed(
	    *state, "v=spf1  +ALL -include:a.example ~a ?a:b.example/24//64 "
		    "mx//64 mx/0 ptr PTR:%{d} ip4:192.0.2.1/24 "
		    "ip6:2001:db8::/32 exists:%{i}.c.example ");
	const struct spf_directive *d = r.directives;

	assert_int_equal(r.count, 11);
	assert_int_equal(d[0].mechanism, SPF_MECHANISM_ALL);
	assert_int_equal(d[0].result, SPF_PASS);
	assert_text(d[0].text, "+ALL");
	assert_int_equal(d[1].mechanism, SPF_MECHANISM_INCLUDE);
	assert_int_equal(d[1].result, SPF_FAIL);
	assert_text(d[1].domain_spec, "a.example");
	assert_int_equal(d[2].result, SPF_SOFTFAIL);
	assert_int_equal(d[2].ip4_bits, 32);
	assert_int_equal(d[2].ip6_bits, 128);
	assert_text(d[2].domain_spec, "");
	assert_int_equal(d[3].result, SPF_NEUTRAL);
	assert_text(d[3].domain_spec, "b.example");
	assert_int_equal(d[3].ip4_bits, 24);
	assert_int_equal(d[3].ip6_bits, 64);
	assert_int_equal(d[4].mechanism, SPF_MECHANISM_MX);
	assert_int_equal(d[4].ip4_bits, 32);
	assert_int_equal(d[4].ip6_bits, 64);
	assert_int_equal(d[5].ip4_bits, 0);
	assert_int_equal(d[6].mechanism, SPF_MECHANISM_PTR);
	assert_text(d[7].domain_spec, "%{d}");
	assert_int_equal(d[8].net.bits, 24);
	assert_int_equal(d[8].net.address.family, 4);
	assert_int_equal(d[9].net.bits, 32);
	assert_int_equal(d[9].net.address.family, 6);
	assert_text(d[10].domain_spec, "%{i}.c.example");
}

static void
modifiers(void **state)
{
	struct spf_record r =
	    parsed(*state, "v=spf1 Redirect=a.example exp=%{d}.b.example "
			   "moo.cow-far_out=man:dog/cat%{t} x= all");

	assert_int_equal(r.count, 1);
	assert_text(r.redirect, "a.example");
	assert_text(r.explanation, "%{d}.b.example");
}

static void
mapped_address_in_ip6_stays_ip6(void **state)
{
	struct spf_record r = parsed(*state, "v=spf1 ip6:::ffff:192.0.2.1/96");

	assert_int_equal(r.directives[0].net.address.family, 6);
	assert_int_equal(r.directives[0].net.bits, 96);
}

static const char *const bad_terms[] = {
    "moo",
    "all.",
    "all:a.example",
    "all/8",
    "include",
    "include:",
    "include/24",
    "exists",
    "exists:",
    "a:",
    "a/",
    "a/33",
    "a//129",
    "a/24/64",
    "a/024",
    "a///64",
    "a//",
    "a:b",
    "a:b.example//",
    "a:1.2.3.4",
    "mx:",
    "mx/a",
    "ptr:",
    "ptr/24",
    "ip4",
    "ip4:",
    "ip4:1.2.3",
    "ip4:1.2.3.4/33",
    "ip4:1.2.3.4/",
    "ip4:1.2.3.4//8",
    "ip4:01.2.3.4",
    "ip4:::1",
    "ip6",
    "ip6:1.2.3.4",
    "ip6::a::b",
    "ip6:::1/129",
    "ip6:::1//64",
    "ip6:fe80::1%1",
    "redirect:a.example",
    "=all",
    "1x=a",
    "x=%",
    "x=%{z}",
    "redirect=",
    "exp=",
    "exp=-all",
    "exp=%{r}.a.example",
    "--all",
    "-",
    "ip4:192.0.2.1:25",
    "a\tmx",
    "a:%{d}/x",
    "include:a.example/24",
    "exists:a.example/24",
};

static void
wrong_terms(void **state)
{
	struct spf_record record;
	struct why why;
	size_t i;

	for (i = 0; i < sizeof(bad_terms) / sizeof(*bad_terms); i++) {
		const char *text = arena_printf(
		    *state, "v=spf1 ip4:192.0.2.1 %s -all", bad_terms[i]);

		if (spf_record_parse(*state, text_from(text), &record, &why))
			fail_msg("accepted %s", bad_terms[i]);
	}
}

static void
modifiers_once(void **state)
{
	struct spf_record record;

	assert_false(spf_record_parse(
	    *state, TEXT("v=spf1 exp=a.example EXP=a.example"), &record, NULL));
	assert_false(spf_record_parse(
	    *state, TEXT("v=spf1 redirect=a.example redirect=b.example"),
	    &record, NULL));
	assert_true(
	    spf_record_parse(*state, TEXT("v=spf1 x=1 x=2"), &record, NULL));
}

static void
bytes_outside_ascii(void **state)
{
	struct spf_record record;

	assert_false(spf_record_parse(
	    *state, TEXT("v=spf1 a:\xe2\x80\x8b.example"), &record, NULL));
	assert_false(spf_record_parse(*state,
				      TEXT("v=spf1 \x96"
					   "all"),
				      &record, NULL));
	assert_false(spf_record_parse(*state, TEXT("v=spf1 a:b.example\0"),
				      &record, NULL));
}

static void
size_is_bounded(void **state)
{
	struct spf_record record;
	struct text text;
	char *many;
	size_t i;

	many = arena_bytes(*state, 8000);
	memcpy(many, "v=spf1", 6);
	for (i = 6; i + 2 <= 8000; i += 2)
		memcpy(many + i, " a", 2);
	text = text_of(many, 6 + 2 * (LIMIT_SPF_RECORD_TERMS - 1));
	assert_true(spf_record_parse(*state, text, &record, NULL));
	text.len += 2;
	assert_false(spf_record_parse(*state, text, &record, NULL));
	text.len = LIMIT_SPF_RECORD_BYTES + 1;
	memset(many + 6, ' ', text.len - 6);
	assert_false(spf_record_parse(*state, text, &record, NULL));
	text.len--;
	assert_true(spf_record_parse(*state, text, &record, NULL));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(version_is_a_word),
	    arena_unit_test(each_mechanism),
	    arena_unit_test(modifiers),
	    arena_unit_test(mapped_address_in_ip6_stays_ip6),
	    arena_unit_test(wrong_terms),
	    arena_unit_test(modifiers_once),
	    arena_unit_test(bytes_outside_ascii),
	    arena_unit_test(size_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
