#include "unit.h"

#include "base/buf.h"
#include "base/limits.h"
#include "base/why.h"
#include "mailauth/spf_macro.h"

/* the example of RFC 7208 section 7.4 */
static const struct spf_macro_values example = {
    .sender = TEXT_INIT("strong-bad@email.example.com"),
    .local_part = TEXT_INIT("strong-bad"),
    .sender_domain = TEXT_INIT("email.example.com"),
    .domain = TEXT_INIT("email.example.com"),
    .address = TEXT_INIT("192.0.2.3"),
    .validated_name = TEXT_INIT("mx.example.org"),
    .version = TEXT_INIT("in-addr"),
    .helo = TEXT_INIT("mx.example.org"),
    .readable_address = TEXT_INIT("192.0.2.3"),
    .receiver = TEXT_INIT("mx.example.net"),
    .time = TEXT_INIT("1700000000"),
};

static struct text
expanded(struct arena *arena, const char *string)
{
	struct buf buf;

	assert_true(
	    spf_macro_check(text_from(string), SPF_MACRO_IN_EXPLANATION, NULL));
	buf_init(&buf, arena, 10000);
	spf_macro_expand(text_from(string), &example, &buf);
	assert_true(buf_ok(&buf));
	return buf_view(&buf);
}

static void
examples_of_section_7_4(void **state)
{
	static const char *const pairs[][2] = {
	    {"%{s}", "strong-bad@email.example.com"},
	    {"%{o}", "email.example.com"},
	    {"%{d}", "email.example.com"},
	    {"%{d4}", "email.example.com"},
	    {"%{d3}", "email.example.com"},
	    {"%{d2}", "example.com"},
	    {"%{d1}", "com"},
	    {"%{dr}", "com.example.email"},
	    {"%{d2r}", "example.email"},
	    {"%{d18446744073709551617}", "email.example.com"},
	    {"%{l}", "strong-bad"},
	    {"%{l-}", "strong.bad"},
	    {"%{lr}", "strong-bad"},
	    {"%{lr-}", "bad.strong"},
	    {"%{l1r-}", "strong"},
	    {"%{ir}.%{v}._spf.%{d2}", "3.2.0.192.in-addr._spf.example.com"},
	    {"%{lr-}.lp._spf.%{d2}", "bad.strong.lp._spf.example.com"},
	    {"%{d2}.trusted-domains.example.net",
	     "example.com.trusted-domains.example.net"},
	};
	size_t i;

	for (i = 0; i < sizeof(pairs) / sizeof(*pairs); i++)
		assert_text(expanded(*state, pairs[i][0]), pairs[i][1]);
}

static void
all_letters_and_escapes(void **state)
{
	assert_text(expanded(*state, "%{i} %{p} %{v} %{h} %{c} %{r} %{t}"),
		    "192.0.2.3 mx.example.org in-addr mx.example.org "
		    "192.0.2.3 mx.example.net 1700000000");
	assert_text(expanded(*state, "%%a%_b%-c"), "%a b%20c");
	assert_text(expanded(*state, "%{S}"), "strong-bad%40email.example.com");
	assert_text(expanded(*state, "%{D1}%{LR-}"), "combad.strong");
}

static void
empty_parts_are_kept(void **state)
{
	struct spf_macro_values values = example;
	struct buf buf;

	values.local_part = TEXT("a..b.");
	buf_init(&buf, *state, 100);
	spf_macro_expand(TEXT("%{lr}|%{l2}|%{l1r}|%{l9-}"), &values, &buf);
	assert_text(buf_view(&buf), ".b..a|b.|a|a..b.");
	buf_clear(&buf);
	values.local_part = TEXT("");
	spf_macro_expand(TEXT("<%{l}%{lr}%{l1-}>"), &values, &buf);
	assert_text(buf_view(&buf), "<>");
}

static void
wrong_syntax(void **state)
{
	static const char *const wrong[] = {
	    "%",      "%{",	"%{d",	"%{}",	 "%{d0}", "%{d2",
	    "%{x}",   "%{d.a}", "%(d)", "a%",	 "%a",	  "%{dr2}",
	    "%{d r}", "a b",	"\x80", "a\x7f", "%{dd}", "%{-}",
	};
	struct why why;
	size_t i;

	for (i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		if (spf_macro_check(text_from(wrong[i]), SPF_MACRO_IN_DOMAIN,
				    &why))
			fail_msg("accepted %s", wrong[i]);
	assert_false(spf_macro_check(TEXT("a\0b"), SPF_MACRO_IN_DOMAIN, NULL));
	assert_false(spf_macro_check(TEXT("%{t}"), SPF_MACRO_IN_DOMAIN, NULL));
	assert_true(spf_macro_check(TEXT("%{t}"), SPF_MACRO_IN_MODIFIER, NULL));
	assert_false(spf_macro_check(TEXT("a b"), SPF_MACRO_IN_MODIFIER, NULL));
	assert_true(
	    spf_macro_check(TEXT("a b"), SPF_MACRO_IN_EXPLANATION, NULL));
}

static void
domain_spec_ends_in_toplabel_or_macro(void **state)
{
	static const char *const right[] = {
	    "a.example", "a.example.",	 "%{d}", "a.%{d}",
	    "%{d}.com",	 "a.xn--zckzah", "a.1b", "a:b/c.example",
	    "a...b",	 "%{d}a.com",	 ".com", "a%%",
	};
	static const char *const wrong[] = {
	    "",		"museum",   "museum.", "a.123",	  "a.-com",
	    "a.com-",	"a..",	    ".",       "%{d}foo", "%{d}.",
	    "a.com:80", "a.com/24", "a.c_m",   "1.2.3.4", "%{d}.1",
	};
	size_t i;

	for (i = 0; i < sizeof(right) / sizeof(*right); i++)
		if (!spf_macro_check_domain_spec(text_from(right[i]), NULL))
			fail_msg("refused %s", right[i]);
	for (i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		if (spf_macro_check_domain_spec(text_from(wrong[i]), NULL))
			fail_msg("accepted %s", wrong[i]);
}

static void
uses_sees_both_cases(void **state)
{
	assert_true(spf_macro_uses(TEXT("a.%{p}"), 'p'));
	assert_true(spf_macro_uses(TEXT("%%%{P2r}"), 'p'));
	assert_false(spf_macro_uses(TEXT("%%{p}"), 'p'));
	assert_false(spf_macro_uses(TEXT("p%{d}"), 'p'));
}

static void
target_is_cut_on_the_left(void **state)
{
	struct spf_macro_values values = example;
	struct text name;
	char label[64];

	memset(label, 'a', 62);
	label[62] = '.';
	label[63] = '\0';
	values.domain = text_from(arena_printf(*state, "%s%s%s%sexample", label,
					       label, label, label));
	assert_true(spf_macro_target(*state, TEXT("x.%{d}."), &values, &name));
	assert_int_equal(name.len, 3 * 63 + 7);
	assert_int_equal(name.at[0], 'a');
	assert_true(
	    spf_macro_target(*state, TEXT("a.example."), &values, &name));
	assert_text(name, "a.example");
}

/* RFC 8616 section 4 */
static void
target_of_utf8_local_part_matches_nothing(void **state)
{
	struct spf_macro_values values = example;
	struct text name;

	values.local_part = TEXT("j\xc3\xb6rg");
	assert_false(
	    spf_macro_target(*state, TEXT("%{l}.a.example"), &values, &name));
	/* unless it is escaped */
	assert_true(
	    spf_macro_target(*state, TEXT("%{L}.a.example"), &values, &name));
	assert_text(name, "j%C3%B6rg.a.example");
}

static void
addresses(void **state)
{
	struct ipaddr address;

	assert_true(ipaddr_parse(TEXT("2001:db8::cb01"), &address));
	assert_text(spf_macro_address(*state, &address),
		    "2.0.0.1.0.D.B.8.0.0.0.0.0.0.0.0."
		    "0.0.0.0.0.0.0.0.0.0.0.0.C.B.0.1");
	assert_true(ipaddr_parse(TEXT("192.0.2.3"), &address));
	assert_text(spf_macro_address(*state, &address), "192.0.2.3");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(examples_of_section_7_4),
	    arena_unit_test(all_letters_and_escapes),
	    arena_unit_test(empty_parts_are_kept),
	    arena_unit_test(wrong_syntax),
	    arena_unit_test(domain_spec_ends_in_toplabel_or_macro),
	    arena_unit_test(uses_sees_both_cases),
	    arena_unit_test(target_is_cut_on_the_left),
	    arena_unit_test(target_of_utf8_local_part_matches_nothing),
	    arena_unit_test(addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
