#include "unit.h"

#include "dkim_bench.h"
#include "sign_bench.h"

#include "base/base64.h"
#include "base/limits.h"
#include "base/why.h"

static const char message[] = "From: Ann <ann@example.com>\r\n"
			      "Subject: a  test\r\n"
			      "DKIM-Signature: v=1; of the author\r\n"
			      "\r\n"
			      "Hello \r\n";

/* Instance by instance another sealer, RSA and Ed25519 in turn. */
static struct dkim_wish
sealer(struct arena *arena, unsigned instance)
{
	struct dkim_wish wish = {
	    .selector = TEXT("s"),
	    .key = instance % 2 == 0 ? sign_ed25519() : sign_rsa(),
	    .body_canon = instance % 3 == 0 ? DKIM_SIMPLE : DKIM_RELAXED,
	};

	wish.domain.name =
	    text_from(arena_printf(arena, "hop%u.example", instance));
	return wish;
}

static const char *
zone_of(struct arena *arena)
{
	const char *zone = "";

	for (unsigned i = 1; i <= LIMIT_ARC_SETS; i++) {
		struct dkim_wish wish = sealer(arena, i);

		zone =
		    arena_printf(arena, "%s%s", zone, sign_zone(arena, &wish));
	}
	return zone;
}

static const char *
add_set(struct arena *arena, unsigned instance, const char *raw)
{
	struct dkim_wish wish = sealer(arena, instance);
	struct why why;
	const char *sealed;

	sealed = sign_seal(arena, &wish, zone_of(arena),
			   arena_printf(arena,
					"hop%u.example;\r\n\tdkim=pass "
					"header.d=example.com; arc=pass",
					instance),
			   raw, &why);
	if (sealed == NULL)
		fail_msg("%s", why.text);
	return sealed;
}

static struct arc_verdict
want(struct arena *arena, const char *raw, enum arc_result wanted)
{
	struct arc_verdict verdict =
	    test_verify_arc(arena, zone_of(arena), raw).verdict;

	if (verdict.result != wanted)
		fail_msg("%s (%s), want %s of\n%s",
			 arc_result_name(verdict.result), verdict.reason,
			 arc_result_name(wanted), raw);
	return verdict;
}

static const char *
replaced(struct arena *arena, const char *raw, const char *what,
	 const char *with)
{
	const char *at = strstr(raw, what);

	assert_non_null(at);
	return arena_printf(arena, "%.*s%s%s", (int)(at - raw), raw, with,
			    at + strlen(what));
}

static void
chains(void **state)
{
	const char *raw = message;
	struct arc_verdict verdict;

	for (unsigned i = 1; i <= 4; i++) {
		raw = add_set(*state, i, raw);
		verdict = want(*state, raw, ARC_PASS);
		assert_int_equal(verdict.count, i);
		assert_int_equal(verdict.oldest_pass, 0);
		assert_text(verdict.sets[i - 1].sealer.name,
			    arena_printf(*state, "hop%u.example", i));
		assert_true(text_starts(
		    verdict.sets[0].auth_results,
		    TEXT("hop1.example;\r\n\tdkim=pass header.d=example.com")));
	}
	/* what an intermediary changes is known from then on */
	raw = add_set(*state, 5, replaced(*state, raw, "Hello", "Hallo"));
	want(*state, raw, ARC_FAIL);
}

static void
what_a_seal_covers(void **state)
{
	const char *raw = add_set(*state, 1, message);

	want(*state, replaced(*state, raw, "Hello", "hello"), ARC_FAIL);
	want(*state, replaced(*state, raw, "a  test", "b"), ARC_FAIL);
	want(*state, replaced(*state, raw, "dkim=pass", "dkim=fail"), ARC_FAIL);
	want(*state, replaced(*state, raw, "of the author", "forged"),
	     ARC_FAIL);
	want(*state, arena_printf(*state, "Reply-To: eve@example\r\n%s", raw),
	     ARC_FAIL);
	want(*state, arena_printf(*state, "Received: x\r\n%s", raw), ARC_PASS);
}

/* A signature that goes away later breaks nothing, if that was said. */
static void
signatures_left_out(void **state)
{
	struct dkim_wish wish = sealer(*state, 1);
	struct body_digests *digests = body_digests_new(*state);
	struct arc_sealer *left = arc_sealer_new(*state, &wish, NULL);
	struct arc_verdict verdict = {.result = ARC_NONE};
	struct arc_sealed sealed;
	struct message parsed;
	const char *raw;
	size_t used;

	message_init(&parsed, *state);
	used = message_parse(&parsed, text_from(message));
	arc_sealer_leave_signatures(left);
	assert_true(arc_sealer_end_of_header(left, &parsed, digests, NULL));
	body_digests_update(digests, text_from(message + used));
	body_digests_finish(digests);
	assert_true(arc_sealer_finish(left, &verdict, TEXT("x; none"), SIGN_NOW,
				      &sealed, NULL));
	raw = sign_put_set(*state, &sealed, message);
	want(*state, raw, ARC_PASS);
	want(
	    *state,
	    replaced(*state, raw, "DKIM-Signature: v=1; of the author\r\n", ""),
	    ARC_PASS);
}

/* The topmost seal fits the hash of the topmost set alone. */
static void
want_seal_over_own_set(struct arena *arena, const char *raw)
{
	static const char *const names[] = {
	    "ARC-Authentication-Results", "ARC-Message-Signature", "ARC-Seal"};
	struct digest *digest = digest_new(arena, CRYPTO_SHA256);
	unsigned char hash[CRYPTO_HASH_BYTES_MAX];
	struct text value = {NULL, 0}, signature;
	struct message parsed;
	size_t b = 0;

	message_init(&parsed, arena);
	message_parse(&parsed, text_from(raw));
	for (size_t i = 0; i < 3; i++) {
		value = message_find(&parsed, names[i])->value;
		b = value.len;
		if (i == 2) {
			b = text_find_last(value, ';');
			b += text_find(text_skip(value, b), '=') + 1;
		}
		digest_update(digest,
			      reference_field(arena, true, text_from(names[i]),
					      text_first(value, b)));
		if (i < 2)
			digest_update(digest, TEXT("\r\n"));
	}
	digest_finish(digest, hash);
	assert_true(base64_decode(arena, text_skip(value, b), &signature));
	assert_true(public_key_verify_rsa(
	    public_key_rsa(arena, private_key_public(arena, sign_rsa()), NULL),
	    CRYPTO_SHA256, text_of((char *)hash, sizeof(hash)), signature));
}

/* Section 5.1.2: cv=fail once, over its own set, and nothing behind it. */
static void
failed_chain(void **state)
{
	const char *raw = add_set(*state, 2, add_set(*state, 1, message));
	struct dkim_wish wish = sealer(*state, 4);
	struct text first;
	struct why why;

	raw = replaced(*state, raw, "Hello", "Changed");
	raw = add_set(*state, 3, raw);
	first = text_of(raw, strcspn(raw, "\r"));
	assert_true(text_starts(first, TEXT("ARC-Seal: i=3; a=rsa-sha256; "
					    "t=1700000000; cv=fail;")));
	assert_string_equal(want(*state, raw, ARC_FAIL).reason,
			    "the newest seal says cv=fail");
	assert_null(
	    sign_seal(*state, &wish, zone_of(*state), "x; none", raw, &why));
	assert_non_null(strstr(why.text, "ended with cv=fail at i=3"));

	want_seal_over_own_set(*state, raw);
}

/* Instance and cv= of the seal that is added. */
static void
want_seal(struct arena *arena, const char *raw, const char *begin)
{
	raw = add_set(arena, 1, raw);
	if (strncmp(raw, begin, strlen(begin)) != 0)
		fail_msg("got %.60s, want %s", raw, begin);
}

static void
broken_structure(void **state)
{
	const char *one = add_set(*state, 1, message);
	const char *two = add_set(*state, 2, one);
	struct text seal = text_of(two, (size_t)(strstr(two, "ARC-M") - two));

	/* the newest seal is gone, or there twice */
	want_seal(*state, two + seal.len,
		  "ARC-Seal: i=3; a=rsa-sha256; t=1700000000; cv=fail;");
	want_seal(*state,
		  arena_printf(*state, TEXT_FMT "%s", TEXT_ARG(seal), two),
		  "ARC-Seal: i=3; a=rsa-sha256; t=1700000000; cv=fail;");
	want_seal(*state,
		  arena_printf(*state, "ARC-Seal: nonsense\r\n%s", message),
		  "ARC-Seal: i=1; a=rsa-sha256; t=1700000000; cv=fail;");
}

static void
too_long_a_chain(void **state)
{
	struct dkim_wish wish = sealer(*state, 1);
	struct why why;
	const char *raw = arena_printf(
	    *state, "ARC-Authentication-Results: i=%d; x; none\r\n%s",
	    LIMIT_ARC_SETS, message);

	assert_null(
	    sign_seal(*state, &wish, zone_of(*state), "x; none", raw, &why));
	assert_non_null(strstr(why.text, "50 sets"));
	assert_null(sign_seal(*state, &wish, zone_of(*state), "x; none",
			      "To: nobody\r\n\r\n", &why));
	assert_non_null(strstr(why.text, "From"));
	wish.selector = TEXT("a b");
	assert_null(arc_sealer_new(*state, &wish, &why));
}

/* A key that could not be asked for ends nothing. */
static void
no_verdict_no_seal(void **state)
{
	const char *raw = add_set(*state, 1, message);
	struct dkim_wish wish = sealer(*state, 2);
	struct why why;

	assert_null(sign_seal(*state, &wish,
			      "s._domainkey.hop1.example TXT !TIMEOUT\n",
			      "x; none", raw, &why));
	assert_non_null(strstr(why.text, "could not be verified"));
}

static int
free_keys(void **state)
{
	sign_keys_free();
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(chains),
	    arena_unit_test(what_a_seal_covers),
	    arena_unit_test(signatures_left_out),
	    arena_unit_test(failed_chain),
	    arena_unit_test(broken_structure),
	    arena_unit_test(too_long_a_chain),
	    arena_unit_test(no_verdict_no_seal),
	};

	return cmocka_run_group_tests(tests, NULL, free_keys);
}
