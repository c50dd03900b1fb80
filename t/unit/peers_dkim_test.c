/* peers_dkim_test.c - what broke other verifiers of DKIM
 *
 * Each test is named after its item in the list of known attacks and faults
 * (docs/security.md).
 */
#include "unit.h"

#include "dkim_fixture.h"

#include "base/base64.h"
#include "base/buf.h"
#include "base/limits.h"
#include "mailauth/dkim_key.h"

#define BIG (8u << 20)

static void
want(struct arena *arena, const char *zone, const char *raw,
     enum dkim_result wanted, const char *reason)
{
	fixture_want(test_verify_one(arena, zone, raw, &test_options), wanted,
		     reason);
}

/* Content put behind what l= covers, and Content-Type made to show it. */
static void
item_07_body_length(void **state)
{
	static const char *const lengths[] = {"0", "5", "7", "12", "18", "19"};
	const char *raw;

	for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
		raw = fixture_sign(
		    *state, arena_printf(*state, TAGS "; l=%s", lengths[i]));
		raw = arena_printf(*state,
				   "Content-Type: multipart/mixed; "
				   "boundary=x\r\n%sforged\r\n",
				   raw);
		want(*state, fixture_rsa_zone, raw, DKIM_POLICY, "l= covers");
	}
	/* l= beyond the body is a failure, also where l= is let through */
	raw = fixture_sign(*state, TAGS "; l=999");
	want(*state, fixture_rsa_zone, raw, DKIM_FAIL, "body hash");
	fixture_want(
	    test_verify_one(*state, fixture_rsa_zone, raw,
			    &(struct dkim_options){.allow_body_length = true}),
	    DKIM_FAIL, "body hash");
	raw = fixture_sign(*state, TAGS "; l=5");
	fixture_want(
	    test_verify_one(*state, fixture_rsa_zone,
			    arena_printf(*state, "%smore", raw),
			    &(struct dkim_options){.allow_body_length = true}),
	    DKIM_PASS, NULL);
}

static void
item_08_huge_keys(void **state)
{
	static const unsigned sizes[] = {4104, 8192, 16384};

	for (size_t i = 0; i < 3; i++)
		fixture_want_zone(
		    *state,
		    fixture_key_zone(*state, sizes[i], 1, "\x01\x00\x01", 3),
		    DKIM_PERMERROR, "more than 4096");
}

static void
item_08_small_keys(void **state)
{
	static const unsigned sizes[] = {512, 768, 1016, 1024};
	struct test_key *key;
	const char *raw;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		key = test_key_rsa(*state, sizes[i]);
		raw = test_sign(*state, key, "DKIM-Signature", TAGS,
				fixture_message);
		want(*state, test_key_zone(*state, key, KEY_NAME, ""), raw,
		     sizes[i] < 1024 ? DKIM_POLICY : DKIM_PASS,
		     sizes[i] < 1024 ? "less than 1024" : NULL);
	}
	fixture_want_zone(*state,
			  fixture_key_zone(*state, 256, 1, "\x01\x00\x01", 3),
			  DKIM_POLICY, "key of 256 bits");
	fixture_want_zone(*state,
			  fixture_key_zone(*state, 1023, 1, "\x01\x00\x01", 3),
			  DKIM_POLICY, "key of 1023 bits");
}

static void
item_08_strange_numbers(void **state)
{
	fixture_want_zone(*state, fixture_key_zone(*state, 1024, 1, "\x01", 1),
			  DKIM_PERMERROR, "exponent is even or 1");
	fixture_want_zone(*state, fixture_key_zone(*state, 1024, 1, "\x02", 1),
			  DKIM_PERMERROR, "exponent is even or 1");
	fixture_want_zone(
	    *state,
	    fixture_key_zone(*state, 1024, 1,
			     "\x7f\xff\xff\xff\xff\xff\xff\xff\xff", 9),
	    DKIM_PERMERROR, "exponent of 71 bits");
	fixture_want_zone(*state,
			  fixture_key_zone(*state, 1024, 2, "\x01\x00\x01", 3),
			  DKIM_PERMERROR, "modulus is even");
	/* a modulus nobody made with two primes: no pass, and no harm */
	fixture_want_zone(*state,
			  fixture_key_zone(*state, 1024, 1, "\x01\x00\x01", 3),
			  DKIM_FAIL, "signature");
}

static void
item_09_bh_of_every_length(void **state)
{
	char bytes[64];
	const char *raw, *tags;
	struct text bh;

	memset(bytes, 'x', sizeof(bytes));
	for (size_t len = 0; len <= 64; len++)
		for (int ed = 0; ed < 2; ed++) {
			bh = base64_encode(*state, text_of(bytes, len));
			tags = fixture_replaced(
			    *state, ed ? ED_TAGS : TAGS, "bh=@",
			    arena_printf(*state, "bh=" TEXT_FMT, TEXT_ARG(bh)));
			raw = test_sign(
			    *state, ed ? fixture_ed25519 : fixture_rsa,
			    "DKIM-Signature", tags, fixture_message);
			want(*state, ed ? fixture_ed_zone : fixture_rsa_zone,
			     raw, len == 0 ? DKIM_PERMERROR : DKIM_FAIL,
			     len == 0 ? "no bh=" : "body hash");
		}
}

static void
item_09_tiny_bodies(void **state)
{
	static const char *const bodies[] = {
	    "",		 "x",	 "\r", "\n",  " ",  "xy",
	    "\r\n",	 "\n\r", " x", "x\r", "  ", "\r\n\r\n\r\n",
	    "\r\n\r\n\r"};
	static const char *const canons[] = {"simple/simple", "simple/relaxed",
					     "relaxed/relaxed"};
	const char *raw;

	for (size_t b = 0; b < sizeof(bodies) / sizeof(*bodies); b++)
		for (size_t c = 0; c < 3; c++) {
			raw = arena_printf(*state,
					   "From: a@example.com\r\n"
					   "\r\n%s",
					   bodies[b]);
			raw = test_sign(*state, fixture_rsa, "DKIM-Signature",
					fixture_replaced(*state, TAGS,
							 "relaxed/relaxed",
							 canons[c]),
					raw);
			want(*state, fixture_rsa_zone, raw, DKIM_PASS, NULL);
		}
}

static void
item_10_short_b(void **state)
{
	const char *raw, *b = "AbCd+/12";
	const struct dkim_signature_result *result;

	for (size_t len = 0; len <= 8; len++) {
		raw = fixture_sign(
		    *state, fixture_replaced(
				*state, TAGS "; n=b=@", "b=@;",
				arena_printf(*state, "b=%.*s;", (int)len, b)));
		result = test_verify_one(*state, fixture_rsa_zone, raw,
					 &test_options);
		assert_int_not_equal(result->result, DKIM_PASS);
		assert_int_equal(result->header_b.len, len);
	}
}

/* A value cut off so that it fits would be another value. */
static void
item_14_long_values_are_not_cut(void **state)
{
	char label[70], tags[1200];
	size_t i;

	memset(label, 'a', sizeof(label));
	snprintf(tags, sizeof(tags),
		 "v=1; a=rsa-sha256; d=%.64s.example.com; s=s1; h=from; bh=@; "
		 "b=@",
		 label);
	fixture_want_tags(*state, tags, DKIM_PERMERROR, "d= is not a domain");
	snprintf(tags, sizeof(tags), "v=1; a=rsa-sha256; d=");
	for (i = 0; i < 60; i++)
		strncat(tags, "aaaaaaa.", sizeof(tags) - strlen(tags) - 1);
	strncat(tags, "example.com; s=s1; h=from; bh=@; b=@",
		sizeof(tags) - strlen(tags) - 1);
	fixture_want_tags(*state, tags, DKIM_PERMERROR, "d= is not a domain");
	/* selector and domain fit, the name they make does not */
	snprintf(tags, sizeof(tags), "v=1; a=rsa-sha256; d=");
	for (i = 0; i < 28; i++)
		strncat(tags, "aaaaaaa.", sizeof(tags) - strlen(tags) - 1);
	strncat(tags, "com; s=sssssssssssss.sssssssssssss; h=from; bh=@; b=@",
		sizeof(tags) - strlen(tags) - 1);
	fixture_want_tags(*state, tags, DKIM_PERMERROR, "no key");
}

/* Text between header and body: the body begins where Postfix has it. */
static void
item_15_no_second_header(void **state)
{
	static const char *const gaps[] = {"no colon here\r\n\r\n",
					   " \r\nSubject: forged\r\n\r\n",
					   "\r\nFrom: x@example.net\r\n\r\n"};
	const char *raw = fixture_sign(*state, TAGS);
	const char *end = strstr(raw, "\r\n\r\n");

	for (size_t i = 0; i < sizeof(gaps) / sizeof(*gaps); i++)
		assert_int_not_equal(
		    test_verify_one(*state, fixture_rsa_zone,
				    arena_printf(*state, "%.*s%s%s",
						 (int)(end + 2 - raw), raw,
						 gaps[i], end + 4),
				    &test_options)
			->result,
		    DKIM_PASS);
}

/* SMTP smuggling (CVE-2023-51764, -51765, -51766): what a mail server took for
 * the end of a line, another did not.  Bytes count as they came. */
static void
item_33_bare_line_ends(void **state)
{
	static const char *const ends[] = {"\n",      "\r",    "\n\r",
					   "\r\r\n",  "\n.\n", "\r\n.\n",
					   "\n.\r\n", "\r.\r", "\r\n.\r"};
	const char *raw = fixture_sign(*state, TAGS);
	const char *body = strstr(raw, "\r\n\r\n") + 4;
	const char *line = strstr(body, "\r\n");
	int before = (int)(line - raw);
	size_t i;

	want(*state, fixture_rsa_zone, raw, DKIM_PASS, NULL);
	for (i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		/* in the place of one, and behind all */
		want(*state, fixture_rsa_zone,
		     arena_printf(*state, "%.*s%s%s", before, raw, ends[i],
				  line + 2),
		     DKIM_FAIL, "body hash");
		want(*state, fixture_rsa_zone,
		     arena_printf(*state, "%s%sMAIL FROM:<a@example.com>\r\n",
				  raw, ends[i]),
		     DKIM_FAIL, "body hash");
	}
}

/* Key records of every shape, made by changing bytes of a good one. */
static void
item_16_crafted_key_records(void **state)
{
	struct arena *arena = arena_new();
	const char *good = arena_printf(*state, "v=DKIM1; k=rsa; p=%s",
					test_key_p(*state, fixture_rsa));
	size_t len = strlen(good);
	uint32_t seed = 3;
	struct dkim_key key;
	char *record;

	for (int round = 0; round < 20000; round++) {
		record = text_string(arena, text_from(good));
		for (int change = 0; change <= round % 4; change++) {
			seed = seed * 1664525 + 1013904223;
			record[(seed >> 8) % len] =
			    (seed & 0x10) ? ";= p:\0\xff\t"[seed >> 29]
					  : (char)(seed >> 24);
		}
		if (dkim_key_parse(arena, text_of(record, len), &key, NULL))
			dkim_key_public(arena, &key, NULL, NULL);
		arena_reset(arena);
	}
	arena_free(arena);
}

static void
item_18_ten_thousand_signatures(void **state)
{
	struct test_verified verified;
	size_t looked_at = 0, held;
	struct buf raw;

	buf_init(&raw, *state, BIG);
	for (int i = 0; i < 10000; i++)
		buf_printf(&raw,
			   "DKIM-Signature: v=1; a=rsa-sha256; d=s%d.example; "
			   "s=s; h=from; bh=AAAA; b=AAAA\r\n",
			   i);
	buf_string(&raw, fixture_message);
	held = arena_held(*state);
	verified = test_verify(*state, fixture_rsa_zone, buf_cstring(&raw),
			       "example.com", &test_options);
	assert_true(verified.count <= LIMIT_DKIM_FIELDS);
	assert_true(verified.questions <= LIMIT_DKIM_EARLY_KEYS);
	assert_true(arena_held(*state) - held < BIG);
	for (size_t i = 0; i < verified.count; i++) {
		assert_int_not_equal(verified.results[i].result, DKIM_PASS);
		looked_at += verified.results[i].result != DKIM_NEUTRAL;
	}
	assert_true(looked_at <= LIMIT_DKIM_SIGNATURES);
}

static void
item_18_endless_h(void **state)
{
	struct buf tags;

	buf_init(&tags, *state, BIG);
	buf_string(&tags, "v=1; a=rsa-sha256; d=example.com; s=s1; bh=@; b=@; "
			  "h=from");
	while (tags.len < 1000)
		buf_string(&tags, ":x");
	fixture_want_tags(*state, buf_cstring(&tags), DKIM_PERMERROR,
			  "names in h=");
	while (tags.len < 700000)
		buf_string(&tags, ":subject:from:to:x-anything");
	want(*state, fixture_rsa_zone,
	     arena_printf(*state, "DKIM-Signature: %s\r\n%s",
			  buf_cstring(&tags), fixture_message),
	     DKIM_PERMERROR, "tag list above");
}

/* `count` good signatures of other domains above the author's own. */
static void
check_padding(struct arena *arena, unsigned count, bool broken)
{
	struct test_key *other = test_key_rsa(arena, 1024);
	const char *tags = "v=1; a=rsa-sha256; d=pad.example; s=s1; h=from; "
			   "bh=@; b=@";
	const char *good, *own = fixture_sign(arena, TAGS);
	struct test_verified verified;
	struct buf raw;
	bool passed = false;

	good = test_sign(arena, other, "DKIM-Signature", tags, fixture_message);
	buf_init(&raw, arena, BIG);
	for (unsigned i = 0; i < count; i++)
		buf_text(&raw,
			 broken ? TEXT("DKIM-Signature: d=example.com; =\r\n")
				: text_of(good, (size_t)(strstr(good, "From:") -
							 good)));
	buf_string(&raw, own);
	verified = test_verify(
	    arena,
	    arena_printf(
		arena, "%s%s", fixture_rsa_zone,
		test_key_zone(arena, other, "s1._domainkey.pad.example", "")),
	    buf_cstring(&raw), "example.com", &test_options);
	for (size_t i = 0; i < verified.count; i++)
		if (verified.results[i].result == DKIM_PASS &&
		    text_equal(verified.results[i].domain.name,
			       TEXT("example.com")))
			passed = true;
	assert_true(passed);
	assert_true(verified.count <= LIMIT_DKIM_FIELDS);
	assert_true(verified.questions <=
		    LIMIT_DKIM_EARLY_KEYS + LIMIT_DKIM_SIGNATURES);
}

static void
item_19_padding(void **state)
{
	check_padding(*state, 9, false);
	check_padding(*state, 10, false);
	check_padding(*state, 100, false);
	check_padding(*state, 1000, false);
}

/* Fields that say they are the author's and cannot be read. */
static void
item_19_broken_padding(void **state)
{
	check_padding(*state, 10, true);
	check_padding(*state, 80, true);
}

static void
item_21_added_fields(void **state)
{
	const char *over = "v=1; a=rsa-sha256; c=relaxed/relaxed; "
			   "d=example.com; s=s1; h=from:from:subject:subject:"
			   "content-type; bh=@; b=@";
	static const char *const added[] = {
	    "From: x@example.net\r\n", "Subject: other\r\n",
	    "Content-Type: text/html\r\n", "FROM:x@example.net\r\n"};
	const char *raw = fixture_sign(*state, over);

	want(*state, fixture_rsa_zone, raw, DKIM_PASS, NULL);
	for (size_t i = 0; i < sizeof(added) / sizeof(*added); i++) {
		want(*state, fixture_rsa_zone,
		     arena_printf(*state, "%s%s", added[i], raw), DKIM_FAIL,
		     "signature");
		want(*state, fixture_rsa_zone,
		     fixture_replaced(
			 *state, raw, "\r\n\r\n",
			 arena_printf(*state, "\r\n%s\r\n", added[i])),
		     DKIM_FAIL, "signature");
	}
}

static void
item_21_a_second_from(void **state)
{
	const char *raw = fixture_sign(*state, TAGS);

	want(*state, fixture_rsa_zone,
	     arena_printf(*state, "From: x@example.net\r\n%s", raw),
	     DKIM_POLICY, "further From");
	want(*state, fixture_rsa_zone,
	     fixture_replaced(*state, raw, "\r\n\r\n",
			      "\r\nfrom : x@example.net\r\n\r\n"),
	     DKIM_FAIL, "signature");
}

/* espoofer A3 and A4 */
static void
item_22_strange_names(void **state)
{
	static const struct text values[] = {
	    TEXT_INIT("v=1; a=rsa-sha256; d=example.com; s=s1\0.x; h=from; "
		      "bh=AA==; b=AA=="),
	    TEXT_INIT("v=1; a=rsa-sha256; d=example.com\0.example.net; s=s1; "
		      "h=from; bh=AA==; b=AA=="),
	    TEXT_INIT("v=1; a=rsa-sha256; d=example.com\".example.net; s=s1; "
		      "h=from; bh=AA==; b=AA=="),
	    TEXT_INIT("v=1; a=rsa-sha256; d=example.com(.x.net; s=s1; "
		      "h=from; bh=AA==; b=AA=="),
	    TEXT_INIT("v=1; a=rsa-sha256; d=example.com; s=s1 s2; h=from; "
		      "bh=AA==; b=AA=="),
	    TEXT_INIT("v=1; a=rsa-sha256; d=example..com; s=s1; h=from; "
		      "bh=AA==; b=AA=="),
	    TEXT_INIT("v=1; a=rsa-sha256; d=[192.0.2.1]; s=s1; h=from; "
		      "bh=AA==; b=AA=="),
	};
	struct dkim_signature signature;
	struct header_field field = {.name = TEXT("DKIM-Signature")};

	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
		field.value = values[i];
		assert_false(dkim_signature_parse(*state, DKIM_SIGNATURE,
						  &field, &signature, NULL));
		assert_true(signature.selector.len == 0 ||
			    !domain_is_set(signature.domain));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(item_07_body_length),
	    arena_unit_test(item_08_huge_keys),
	    arena_unit_test(item_08_small_keys),
	    arena_unit_test(item_08_strange_numbers),
	    arena_unit_test(item_09_bh_of_every_length),
	    arena_unit_test(item_09_tiny_bodies),
	    arena_unit_test(item_10_short_b),
	    arena_unit_test(item_14_long_values_are_not_cut),
	    arena_unit_test(item_15_no_second_header),
	    arena_unit_test(item_33_bare_line_ends),
	    arena_unit_test(item_16_crafted_key_records),
	    arena_unit_test(item_18_ten_thousand_signatures),
	    arena_unit_test(item_18_endless_h),
	    arena_unit_test(item_19_padding),
	    arena_unit_test(item_19_broken_padding),
	    arena_unit_test(item_21_added_fields),
	    arena_unit_test(item_21_a_second_from),
	    arena_unit_test(item_22_strange_names),
	};

	return cmocka_run_group_tests(tests, fixture_make, fixture_free);
}
