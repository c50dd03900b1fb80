#include "unit.h"

#include <pthread.h>

#include "dkim_bench.h"

#include "base/base64.h"
#include "base/limits.h"
#include "base/why.h"
#include "io/key_cache.h"

enum { THREADS = 4, ROUNDS = 300 };

/* Every odd number is a modulus for those who only build the key. */
static struct text
key_bytes(struct arena *arena, unsigned number)
{
	static const char head[] = "\x30\x48\x02\x41\x00", tail[] =
							       "\x02\x03\x01"
							       "\x00\x01";
	char *der = arena_bytes(arena, 74);

	memset(der, 0x5a, 74);
	memcpy(der, head, 5);
	der[5] = (char)0x80;
	memcpy(der + 6, &number, sizeof(number));
	der[68] = 1;
	memcpy(der + 69, tail, 5);
	return text_of(der, 74);
}

static struct text
sha256(struct arena *arena, struct text data)
{
	unsigned char result[32];

	crypto_sha256(data, result);
	return text_copy(arena, text_of((char *)result, 32));
}

static struct public_key *
cached(struct key_cache *cache, struct arena *arena, struct text der,
       struct why *why)
{
	struct public_key_source *source = key_cache_source(cache);

	return source->rsa(source, arena, der, why);
}

/* A real key in its wire form, with a signature. */
static struct text
real_key(struct arena *arena, struct text data, struct text *signature)
{
	struct test_key *pair = test_key_rsa(arena, 1024);
	struct text der;

	*signature = test_key_sign(arena, pair, "SHA256", data);
	assert_true(
	    base64_decode(arena, text_from(test_key_p(arena, pair)), &der));
	return der;
}

static void
a_kept_key_is_the_key(void **state)
{
	struct text data = TEXT("signed"), signature, other_signature;
	struct text der = real_key(*state, data, &signature);
	struct text other = real_key(*state, data, &other_signature);
	struct text digest = sha256(*state, data);
	struct key_cache *cache = key_cache_new();
	struct public_key *key;
	int i;

	for (i = 0; i < 3; i++) {
		key = cached(cache, *state, der, NULL);
		assert_int_equal(public_key_bits(key), 1024);
		assert_int_equal(public_key_type(key), CRYPTO_RSA);
		assert_true(public_key_verify_rsa(key, CRYPTO_SHA256, digest,
						  signature));
		assert_false(public_key_verify_rsa(key, CRYPTO_SHA256, digest,
						   other_signature));
		key = cached(cache, *state, other, NULL);
		assert_true(public_key_verify_rsa(key, CRYPTO_SHA256, digest,
						  other_signature));
		assert_int_equal(key_cache_count(cache), 2);
	}
	/* outlives the cache */
	key_cache_free(cache);
	assert_true(
	    public_key_verify_rsa(key, CRYPTO_SHA256, digest, other_signature));
}

static void
what_is_no_key_is_not_kept(void **state)
{
	struct key_cache *cache = key_cache_new();
	struct why why;

	assert_null(cached(cache, *state, TEXT("no key"), &why));
	assert_null(cached(cache, *state, TEXT(""), &why));
	assert_int_equal(key_cache_count(cache), 0);
	key_cache_free(cache);
	key_cache_free(NULL);
}

static void
many_keys_stay_within_the_limit(void **state)
{
	struct key_cache *cache = key_cache_new();
	struct arena *arena = arena_new();
	unsigned i;

	(void)state;
	for (i = 0; i < 4 * LIMIT_CACHED_KEYS; i++) {
		assert_non_null(
		    cached(cache, arena, key_bytes(arena, i), NULL));
		assert_true(key_cache_count(cache) <= LIMIT_CACHED_KEYS);
		arena_reset(arena);
	}
	/* so many that no set of it can be short of keys */
	assert_true(key_cache_count(cache) > LIMIT_CACHED_KEYS / 2);
	arena_free(arena);
	key_cache_free(cache);
}

/* Returns the cache, or NULL when something was wrong. */
static void *
use(void *handle)
{
	struct key_cache *cache = handle;
	struct arena *arena = arena_new();
	struct public_key *key;
	unsigned i;

	for (i = 0; i < ROUNDS; i++) {
		key = cached(cache, arena, key_bytes(arena, i % 7 + i / 50),
			     NULL);
		if (key == NULL || public_key_bits(key) != 512)
			return NULL;
		public_key_verify_rsa(key, CRYPTO_SHA256,
				      TEXT("0123456789abcdef0123456789abcdef"),
				      text_first(key_bytes(arena, i), 64));
		arena_reset(arena);
	}
	arena_free(arena);
	return handle;
}

static void
threads_share_keys(void **state)
{
	struct key_cache *cache = key_cache_new();
	pthread_t threads[THREADS];
	void *done;
	size_t i;

	(void)state;
	for (i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, use, cache),
				 0);
	for (i = 0; i < THREADS; i++) {
		pthread_join(threads[i], &done);
		assert_ptr_equal(done, cache);
	}
	key_cache_free(cache);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(a_kept_key_is_the_key),
	    arena_unit_test(what_is_no_key_is_not_kept),
	    arena_unit_test(many_keys_stay_within_the_limit),
	    arena_unit_test(threads_share_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
