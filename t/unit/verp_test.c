#include "unit.h"

#include "mailauth/verp.h"

static const struct text key = TEXT_INIT("0123456789abcdef0123456789abcdef");

static void
a_token_reads_back(void **state)
{
	static const uint64_t ids[] = {0, 1, 42, 0x123456789abcdef0u,
				       UINT64_MAX};
	static const enum verp_kind kinds[] = {VERP_DMARC, VERP_TLS,
					       VERP_FAILURE};
	struct verp_token token;
	struct text text;

	for (size_t i = 0; i < 5; i++)
		for (size_t j = 0; j < 3; j++) {
			text = verp_make(*state, key, kinds[j], ids[i]);
			assert_int_equal(text.len, VERP_TOKEN_CHARS);
			assert_true(verp_read(key, text, &token));
			assert_int_equal(token.kind, kinds[j]);
			assert_true(token.id == ids[i]);
		}
}

/* Made with Python:  base64.b32encode(body + hmac.new(key,
 * b"signet report sender\0" + body, "sha256").digest()[:10]) */
static void
the_form_is_fixed(void **state)
{
	assert_text(verp_make(*state, key, VERP_DMARC, 1),
		    "aeaaaaaaaaaaaakupxddkqwx342lv5q");
	assert_text(verp_make(*state, key, VERP_TLS, 0x0102030405060708u),
		    "aiaqeayeaudaocfmq2b47xxklq4r5ky");
}

static void
it_stands_at_the_end_of_a_local_part(void **state)
{
	struct text token = verp_make(*state, key, VERP_TLS, 7);
	struct verp_token read;

	assert_true(verp_read(
	    key,
	    text_from(arena_printf(*state, "report+%.*s", TEXT_ARG(token))),
	    &read));
	assert_int_equal(read.id, 7);
	assert_false(verp_read(
	    key, text_from(arena_printf(*state, "%.*s+", TEXT_ARG(token))),
	    &read));
	assert_int_equal(read.kind, VERP_NONE);
}

static void
case_may_change_on_the_way(void **state)
{
	struct text token = verp_make(*state, key, VERP_DMARC, 99);
	char *upper = text_string(*state, token);
	struct verp_token read;

	for (char *c = upper; *c != '\0'; c++)
		if (*c >= 'a' && *c <= 'z')
			*c = (char)(*c - 'a' + 'A');
	assert_true(verp_read(key, text_from(upper), &read));
	assert_int_equal(read.id, 99);
}

/* Each bit of the token counts. */
static void
any_change_makes_it_foreign(void **state)
{
	static const char digits[] = "abcdefghijklmnopqrstuvwxyz234567";
	struct text token = verp_make(*state, key, VERP_DMARC, 12345);
	struct verp_token read;
	char *changed;

	for (size_t i = 0; i < token.len; i++)
		for (const char *digit = digits; *digit != '\0'; digit++) {
			changed = text_string(*state, token);
			if (changed[i] == *digit)
				continue;
			changed[i] = *digit;
			if (verp_read(key, text_from(changed), &read))
				fail_msg("%s was taken", changed);
		}
}

static void
what_is_no_token(void **state)
{
	static const char no_base32[] =
	    "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
	    "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff";
	static const char *const bad[] = {"",
					  "report",
					  "aeaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
					  "aeaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
					  "0000000000000000000000000000000",
					  "===============================",
					  no_base32};
	struct text token;
	struct verp_token read;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (verp_read(key, text_from(bad[i]), &read))
			fail_msg("\"%s\" was taken", bad[i]);
	token = verp_make(*state, key, VERP_DMARC, 1);
	assert_false(verp_read(TEXT("another key"), token, &read));
	assert_false(verp_read(TEXT(""), token, &read));
	token = verp_make(*state, key, (enum verp_kind)9, 1);
	assert_false(verp_read(key, token, &read));
}

static void
names(void **state)
{
	(void)state;
	assert_string_equal(verp_kind_name(VERP_NONE), "none");
	assert_string_equal(verp_kind_name(VERP_DMARC), "dmarc");
	assert_string_equal(verp_kind_name(VERP_TLS), "tls");
	assert_string_equal(verp_kind_name(VERP_FAILURE), "failure");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(a_token_reads_back),
	    arena_unit_test(the_form_is_fixed),
	    arena_unit_test(it_stands_at_the_end_of_a_local_part),
	    arena_unit_test(case_may_change_on_the_way),
	    arena_unit_test(any_change_makes_it_foreign),
	    arena_unit_test(what_is_no_token),
	    arena_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
