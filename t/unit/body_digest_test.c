#include "unit.h"

#include "dkim_bench.h"

#include "base/buf.h"
#include "mailauth/body_digest.h"

static struct text
digest_of(struct arena *arena, struct text bytes)
{
	unsigned char result[CRYPTO_HASH_BYTES_MAX];
	struct digest *digest = digest_new(arena, CRYPTO_SHA256);

	digest_update(digest, bytes);
	digest_finish(digest, result);
	return text_copy(arena, text_of((char *)result, 32));
}

static void
update_in_chunks(struct body_digests *digests, struct text body, size_t chunk)
{
	while (body.len > 0) {
		body_digests_update(digests, text_first(body, chunk));
		body = text_skip(body, chunk);
	}
	body_digests_finish(digests);
}

/* Both forms of `body`, cut into chunks of every size, against the
 * byte-by-byte reference. */
static void
check_body(struct text body)
{
	struct arena *arena = arena_new();
	struct text simple = reference_body(arena, false, body);
	struct text relaxed = reference_body(arena, true, body);
	size_t chunk;

	for (chunk = 1; chunk <= body.len + 1; chunk++) {
		struct body_digests *digests = body_digests_new(arena);
		unsigned s, r;
		uint64_t bytes;

		s = body_digests_want(digests, DKIM_SIMPLE, CRYPTO_SHA256,
				      BODY_WHOLE);
		r = body_digests_want(digests, DKIM_RELAXED, CRYPTO_SHA256,
				      BODY_WHOLE);
		update_in_chunks(digests, body, chunk);
		assert_true(text_equal(body_digests_get(digests, s, &bytes),
				       digest_of(arena, simple)));
		assert_int_equal(bytes, simple.len);
		assert_true(text_equal(body_digests_get(digests, r, &bytes),
				       digest_of(arena, relaxed)));
		assert_int_equal(bytes, relaxed.len);
	}
	arena_free(arena);
}

static void
known_answers(void **state)
{
	/* RFC 6376 sections 3.4.3, 3.4.4 and 3.4.5 */
	assert_text(
	    reference_body(*state, true, TEXT(" C \r\nD \t E\r\n\r\n\r\n")),
	    " C\r\nD E\r\n");
	assert_text(
	    reference_body(*state, false, TEXT(" C \r\nD \t E\r\n\r\n\r\n")),
	    " C \r\nD \t E\r\n");
	assert_text(reference_body(*state, false, TEXT("")), "\r\n");
	assert_text(reference_body(*state, true, TEXT("")), "");
	assert_text(reference_body(*state, true, TEXT(" \r\n")), "");
	assert_text(reference_body(*state, true, TEXT("a ")), "a\r\n");
	check_body(TEXT(" C \r\nD \t E\r\n\r\n\r\n"));
}

static void
every_short_body(void **state)
{
	static const char letters[] = {'a', ' ', '\t', '\r', '\n'};
	char body[6];
	unsigned code, rest;
	size_t len;

	for (len = 0; len <= 5; len++) {
		unsigned all = 1;

		for (size_t i = 0; i < len; i++)
			all *= 5;
		for (code = 0; code < all; code++) {
			rest = code;
			for (size_t i = 0; i < len; i++, rest /= 5)
				body[i] = letters[rest % 5];
			check_body(text_of(body, len));
		}
	}
}

static void
long_bodies(void **state)
{
	static const char *const pieces[] = {
	    "the quick brown fox jumps over the lazy dog, again and again",
	    " ",
	    "  ",
	    "\t",
	    "\r\n",
	    "\r\n\r\n",
	    "\r",
	    "\n",
	    ".",
	    "sixteen bytes, 1",
	    "\r\n    <td class=\"x\">",
	    " \r\n",
	    " \r"};
	const size_t count = sizeof(pieces) / sizeof(*pieces);
	uint32_t seed = 7;
	struct buf body;

	for (int round = 0; round < 40; round++) {
		buf_init(&body, *state, 4096);
		while (body.len < (size_t)round * 12) {
			seed = seed * 1664525 + 1013904223;
			buf_string(&body, pieces[(seed >> 16) % count]);
		}
		check_body(buf_view(&body));
	}
}

static void
lengths_and_sharing(void **state)
{
	struct body_digests *digests = body_digests_new(*state);
	struct text body = TEXT("0123456789\r\n");
	unsigned whole, three, zero, more;
	uint64_t bytes;

	whole =
	    body_digests_want(digests, DKIM_SIMPLE, CRYPTO_SHA256, BODY_WHOLE);
	three = body_digests_want(digests, DKIM_SIMPLE, CRYPTO_SHA256, 3);
	zero = body_digests_want(digests, DKIM_RELAXED, CRYPTO_SHA256, 0);
	more = body_digests_want(digests, DKIM_SIMPLE, CRYPTO_SHA256, 99);
	assert_int_equal(
	    body_digests_want(digests, DKIM_SIMPLE, CRYPTO_SHA256, BODY_WHOLE),
	    whole);
	assert_int_not_equal(whole, three);
	update_in_chunks(digests, body, 5);
	assert_true(text_equal(body_digests_get(digests, whole, NULL),
			       digest_of(*state, body)));
	assert_true(text_equal(body_digests_get(digests, three, &bytes),
			       digest_of(*state, TEXT("012"))));
	assert_int_equal(bytes, body.len);
	assert_true(text_equal(body_digests_get(digests, zero, NULL),
			       digest_of(*state, TEXT(""))));
	assert_true(text_equal(body_digests_get(digests, more, NULL),
			       digest_of(*state, body)));
}

static void
no_further_bytes(void **state)
{
	struct body_digests *digests = body_digests_new(*state);

	assert_false(body_digests_update(digests, TEXT("x")));
	body_digests_want(digests, DKIM_SIMPLE, CRYPTO_SHA256, 2);
	assert_true(body_digests_update(digests, TEXT("a")));
	assert_false(body_digests_update(digests, TEXT("bc")));
	body_digests_want(digests, DKIM_RELAXED, CRYPTO_SHA256, BODY_WHOLE);
	assert_true(body_digests_update(digests, TEXT("c")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(known_answers),
	    arena_unit_test(every_short_body),
	    arena_unit_test(long_bodies),
	    arena_unit_test(lengths_and_sharing),
	    arena_unit_test(no_further_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
