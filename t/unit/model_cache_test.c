#include "unit.h"

#include <pthread.h>

#include "dovecot-plugin/mailbox_settings.h"
#include "dovecot-plugin/model.h"
#include "dovecot-plugin/model_cache.h"
#include "io/clock.h"

/* a wait that only a failure lasts */
#define LONG_MS 120000
#define MANY 400

static const struct mailbox_settings settings = {.junk = true, .threshold = 95};

static struct deadline
at_once(void)
{
	return (struct deadline){0};
}

/* Loads what is wished for until the end; the version counts the loads. */
static void *
load(void *handle)
{
	struct model_cache *cache = handle;
	struct arena *arena = arena_new();
	struct model_wish *wish;
	struct model *model;
	struct text account;
	int64_t version = 0;

	while ((wish = model_cache_next(cache, arena, &account)) != NULL) {
		model = model_new(&settings, account);
		model->version = ++version;
		model_cache_put(cache, wish, model);
		arena_reset(arena);
	}
	arena_free(arena);
	return NULL;
}

static int64_t
version_of(struct model_cache *cache, struct text account,
	   struct deadline deadline)
{
	struct model *model = model_cache_get(cache, account, deadline);
	int64_t version = model != NULL ? model->version : 0;

	model_cache_release(cache, model);
	return version;
}

static void
loaded_once(void **state)
{
	struct model_cache *cache = model_cache_new(1u << 20);
	struct deadline later = clock_deadline_in(LONG_MS);
	pthread_t loader;

	(void)state;
	assert_int_equal(version_of(cache, TEXT("a"), at_once()), 0);
	assert_int_equal(model_cache_counts(cache).vain, 1);
	pthread_create(&loader, NULL, load, cache);
	assert_int_equal(version_of(cache, TEXT("a"), later), 1);
	assert_int_equal(version_of(cache, TEXT("a"), at_once()), 1);
	assert_int_equal(version_of(cache, TEXT("b"), later), 2);
	assert_int_equal(model_cache_counts(cache).loads, 2);
	assert_true(model_cache_counts(cache).hits >= 1);
	model_cache_stop(cache);
	pthread_join(loader, NULL);
	model_cache_free(cache);
}

static void
changed(void **state)
{
	struct model_cache *cache = model_cache_new(1u << 20);
	struct deadline later = clock_deadline_in(LONG_MS);
	pthread_t loader;
	int64_t before;

	(void)state;
	pthread_create(&loader, NULL, load, cache);
	before = version_of(cache, TEXT("a"), later);
	model_cache_change_begin(cache, TEXT("a"));
	/* the old one counts for who cannot wait */
	assert_int_equal(version_of(cache, TEXT("a"), at_once()), before);
	model_cache_change_end(cache, TEXT("a"));
	assert_true(version_of(cache, TEXT("a"), later) > before);
	/* nobody has asked for it: nothing is loaded */
	model_cache_change_begin(cache, TEXT("z"));
	model_cache_change_end(cache, TEXT("z"));
	before = version_of(cache, TEXT("a"), later);
	model_cache_outdated(cache, TEXT("a"));
	assert_true(version_of(cache, TEXT("a"), later) > before);
	model_cache_stop(cache);
	pthread_join(loader, NULL);
	model_cache_free(cache);
}

static void
postgres_is_away(void **state)
{
	struct model_cache *cache = model_cache_new(1u << 20);
	struct deadline later = clock_deadline_in(LONG_MS);
	struct arena *arena = arena_new();
	struct model_wish *wish;
	struct text account;
	pthread_t loader;

	(void)state;
	assert_int_equal(version_of(cache, TEXT("a"), at_once()), 0);
	wish = model_cache_next(cache, arena, &account);
	assert_text(account, "a");
	model_cache_fail(cache, wish);
	/* nobody waits, though he would have time */
	assert_int_equal(version_of(cache, TEXT("a"), later), 0);
	assert_int_equal(version_of(cache, TEXT("b"), later), 0);
	assert_true(model_cache_counts(cache).is_away);
	model_cache_is_back(cache);
	pthread_create(&loader, NULL, load, cache);
	assert_true(version_of(cache, TEXT("a"), later) > 0);
	model_cache_stop(cache);
	pthread_join(loader, NULL);
	model_cache_free(cache);
	arena_free(arena);
}

static void
bounded(void **state)
{
	struct model_cache *cache;
	struct deadline later = clock_deadline_in(LONG_MS);
	struct model *held, *site;
	struct model *sample = model_new(&settings, TEXT(""));
	uint64_t most = 20 * sample->bytes;
	struct model_version *list;
	struct arena *arena = arena_new();
	pthread_t loader;
	char name[16];
	int i;

	(void)state;
	model_free(sample);
	cache = model_cache_new(most);
	pthread_create(&loader, NULL, load, cache);
	held = model_cache_get(cache, TEXT("held"), later);
	site = model_cache_get(cache, TEXT(""), later);
	for (i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "%d", i);
		assert_true(version_of(cache, text_from(name), later) > 0);
	}
	/* one is held, one may just come */
	assert_true(model_cache_counts(cache).bytes <= most + most / 5);
	assert_true(model_cache_counts(cache).dropped > MANY / 2);
	assert_text(held->account, "held");
	assert_ptr_equal(model_cache_get(cache, TEXT(""), at_once()), site);
	assert_true(model_cache_list(cache, arena, &list) > 5);
	model_cache_release(cache, site);
	model_cache_release(cache, site);
	model_cache_release(cache, held);
	model_cache_stop(cache);
	pthread_join(loader, NULL);
	model_cache_free(cache);
	arena_free(arena);
}

/* --- many at once --- */

static void *
ask(void *handle)
{
	struct model_cache *cache = handle;
	struct deadline later = clock_deadline_in(LONG_MS);
	int i;

	for (i = 0; i < MANY; i++) {
		struct text account = i % 3 == 0   ? TEXT("a")
				      : i % 3 == 1 ? TEXT("b")
						   : TEXT("");

		if (i % 7 == 0)
			model_cache_outdated(cache, account);
		if (i % 11 == 0) {
			model_cache_change_begin(cache, TEXT("b"));
			model_cache_change_end(cache, TEXT("b"));
		}
		assert_true(version_of(cache, account, later) > 0);
	}
	return NULL;
}

static void
together(void **state)
{
	struct model_cache *cache = model_cache_new(4096);
	pthread_t loaders[2], askers[4];
	int i;

	(void)state;
	for (i = 0; i < 2; i++)
		pthread_create(&loaders[i], NULL, load, cache);
	for (i = 0; i < 4; i++)
		pthread_create(&askers[i], NULL, ask, cache);
	for (i = 0; i < 4; i++)
		pthread_join(askers[i], NULL);
	model_cache_stop(cache);
	for (i = 0; i < 2; i++)
		pthread_join(loaders[i], NULL);
	model_cache_free(cache);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(loaded_once),	cmocka_unit_test(changed),
	    cmocka_unit_test(postgres_is_away), cmocka_unit_test(bounded),
	    cmocka_unit_test(together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
