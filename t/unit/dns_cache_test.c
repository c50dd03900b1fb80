#include "unit.h"

#include <pthread.h>

#include "io/clock.h"
#include "io/dns_cache.h"

static struct dns_answer
text_answer(struct dns_record *record, const char *text, uint32_t ttl_s)
{
	memset(record, 0, sizeof(*record));
	record->text = text_from(text);
	return (struct dns_answer){.status = DNS_FOUND,
				   .security = DNS_SECURE,
				   .ttl_s = ttl_s,
				   .records = record,
				   .count = 1};
}

static void
gives_a_copy(void **state)
{
	struct dns_cache *cache = dns_cache_new(100);
	struct dns_record records[2];
	struct dns_answer answer = text_answer(records, "one", 100), got;
	char name[] = "mail.example";

	records[1] =
	    (struct dns_record){.name = text_from(name), .preference = 7};
	answer.count = 2;
	dns_cache_put(cache, TEXT("a.test"), DNS_MX, 1000, &answer);
	/* what was put may change afterwards */
	memset(name, 'x', sizeof(name) - 1);
	memset(records, 0, sizeof(records));
	assert_true(
	    dns_cache_get(cache, TEXT("a.test"), DNS_MX, 2500, *state, &got));
	dns_cache_free(cache);
	assert_int_equal(got.status, DNS_FOUND);
	assert_int_equal(got.security, DNS_SECURE);
	assert_int_equal(got.ttl_s, 99);
	assert_int_equal(got.count, 2);
	assert_text(got.records[0].text, "one");
	assert_text(got.records[1].name, "mail.example");
	assert_int_equal(got.records[1].preference, 7);
}

static void
keys_are_name_and_type(void **state)
{
	struct dns_cache *cache = dns_cache_new(100);
	struct dns_record record;
	struct dns_answer answer = text_answer(&record, "one", 100), got;

	dns_cache_put(cache, TEXT("a.test"), DNS_TXT, 0, &answer);
	assert_false(
	    dns_cache_get(cache, TEXT("a.test"), DNS_MX, 0, *state, &got));
	assert_false(
	    dns_cache_get(cache, TEXT("b.test"), DNS_TXT, 0, *state, &got));
	answer = text_answer(&record, "two", 100);
	dns_cache_put(cache, TEXT("a.test"), DNS_TXT, 0, &answer);
	assert_true(
	    dns_cache_get(cache, TEXT("a.test"), DNS_TXT, 0, *state, &got));
	assert_text(got.records[0].text, "two");
	assert_int_equal(dns_cache_entries(cache), 1);
	dns_cache_free(cache);
}

static void
ends_before_its_time_to_live(void **state)
{
	struct dns_cache *cache = dns_cache_new(100);
	struct dns_record record;
	struct dns_answer answer = text_answer(&record, "one", 100), got;

	dns_cache_put(cache, TEXT("a.test"), DNS_TXT, 0, &answer);
	assert_true(
	    dns_cache_get(cache, TEXT("a.test"), DNS_TXT, 89999, *state, &got));
	assert_int_equal(got.ttl_s, 11);
	assert_false(
	    dns_cache_get(cache, TEXT("a.test"), DNS_TXT, 90000, *state, &got));
	assert_int_equal(dns_cache_entries(cache), 0);
	assert_int_equal(dns_cache_bytes(cache), 0);
	answer.ttl_s = 1000000;
	dns_cache_put(cache, TEXT("a.test"), DNS_TXT, 0, &answer);
	assert_false(dns_cache_get(cache, TEXT("a.test"), DNS_TXT,
				   DNS_CACHE_TTL_S * 1000, *state, &got));
	answer.status = DNS_NXDOMAIN;
	answer.count = 0;
	dns_cache_put(cache, TEXT("a.test"), DNS_TXT, 0, &answer);
	assert_true(
	    dns_cache_get(cache, TEXT("a.test"), DNS_TXT, 1000, *state, &got));
	assert_false(dns_cache_get(cache, TEXT("a.test"), DNS_TXT,
				   DNS_CACHE_NEGATIVE_S * 1000, *state, &got));
	dns_cache_free(cache);
}

static void
keeps_only_what_holds(void **state)
{
	struct dns_cache *cache = dns_cache_new(100);
	struct dns_answer answer = {.ttl_s = 100}, got;
	static const enum dns_status kept[] = {DNS_NODATA, DNS_NXDOMAIN};
	static const enum dns_status passed_over[] = {DNS_TEMPFAIL, DNS_BOGUS};

	for (int i = 0; i < 2; i++) {
		answer.status = passed_over[i];
		dns_cache_put(cache, TEXT("a.test"), DNS_TXT, 0, &answer);
		assert_int_equal(dns_cache_entries(cache), 0);
	}
	for (int i = 0; i < 2; i++) {
		answer.status = kept[i];
		dns_cache_put(cache, TEXT("a.test"), DNS_TXT, 0, &answer);
		assert_true(dns_cache_get(cache, TEXT("a.test"), DNS_TXT, 1,
					  *state, &got));
		assert_int_equal(got.status, kept[i]);
	}
	answer.ttl_s = 0;
	dns_cache_put(cache, TEXT("b.test"), DNS_TXT, 0, &answer);
	assert_int_equal(dns_cache_entries(cache), 1);
	dns_cache_free(cache);
}

static void
put_number(struct dns_cache *cache, unsigned n, size_t bytes)
{
	static const char text[20000];
	struct dns_record record;
	struct dns_answer answer = text_answer(&record, "", 1000);
	char name[32];

	record.text = text_of(text, bytes);
	snprintf(name, sizeof(name), "n%u.test", n);
	dns_cache_put(cache, text_from(name), DNS_TXT, 0, &answer);
}

static bool
has_number(struct dns_cache *cache, unsigned n, struct arena *arena)
{
	struct dns_answer got;
	char name[32];

	snprintf(name, sizeof(name), "n%u.test", n);
	return dns_cache_get(cache, text_from(name), DNS_TXT, 1, arena, &got);
}

static void
is_bounded_in_entries(void **state)
{
	struct dns_cache *cache = dns_cache_new(160);

	for (unsigned n = 0; n < 10000; n++) {
		put_number(cache, n, 10);
		/* what is used stays */
		assert_true(has_number(cache, 0, *state));
	}
	assert_in_range(dns_cache_entries(cache), 150, 160);
	assert_true(has_number(cache, 9999, *state));
	assert_false(has_number(cache, 1, *state));
	dns_cache_free(cache);
}

static void
is_bounded_in_bytes(void **state)
{
	struct dns_cache *cache = dns_cache_new(1600);

	for (unsigned n = 0; n < 2000; n++)
		put_number(cache, n, 15000);
	assert_true(dns_cache_bytes(cache) < 16 * (100 * 1024 + 16384));
	assert_true(has_number(cache, 1999, *state));
	put_number(cache, 5000, 17000);
	assert_false(has_number(cache, 5000, *state));
	dns_cache_free(cache);
}

static void *
use_cache(void *handle)
{
	struct dns_cache *cache = handle;
	struct arena *arena = arena_new();

	for (unsigned n = 0; n < 20000; n++) {
		if (!has_number(cache, n * 7 % 500, arena))
			put_number(cache, n * 7 % 500, n % 300);
		arena_reset(arena);
	}
	arena_free(arena);
	return NULL;
}

static void
threads_share_it(void **state)
{
	struct dns_cache *cache = dns_cache_new(300);
	pthread_t threads[4];

	for (int i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, use_cache, cache);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	assert_in_range(dns_cache_entries(cache), 200, 300);
	dns_cache_free(cache);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(gives_a_copy),
	    arena_unit_test(keys_are_name_and_type),
	    arena_unit_test(ends_before_its_time_to_live),
	    arena_unit_test(keeps_only_what_holds),
	    arena_unit_test(is_bounded_in_entries),
	    arena_unit_test(is_bounded_in_bytes),
	    cmocka_unit_test(threads_share_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
