#include "unit.h"

#include <stdio.h>

#include "postfix-policy/domain_memory.h"

#define DAY_S 86400

static struct domain_news
note(struct domain_memory *memory, const char *domain, const char *decision,
     const char *facts, int64_t now_s)
{
	return domain_memory_note(memory, text_from(domain),
				  text_from(decision), text_from(facts), now_s);
}

static void
test_what_is_news(void **state)
{
	struct domain_memory *memory = domain_memory_new(1000);
	struct domain_news news = note(memory, "a.test", "dane", "x", 0);

	(void)state;
	assert_true(news.decision && news.facts);
	news = note(memory, "a.test", "dane", "x", 1);
	assert_false(news.decision || news.facts);
	news = note(memory, "a.test", "temp", "", 2);
	assert_true(news.decision && !news.facts);
	news = note(memory, "a.test", "dane", "x", 3);
	assert_true(news.decision && !news.facts);
	news = note(memory, "a.test", "dane", "y", 4);
	assert_true(!news.decision && news.facts);
	news = note(memory, "a.test", "dane", "y", DAY_S + 4);
	assert_true(!news.decision && news.facts);
	news = note(memory, "b.test", "dane", "y", DAY_S + 4);
	assert_true(news.decision && news.facts);
	domain_memory_free(memory);
}

static void
test_many_and_more_than_many(void **state)
{
	enum { MOST = 5000 };
	struct domain_memory *memory = domain_memory_new(MOST);
	struct domain_news news;
	char name[32];
	size_t i;

	(void)state;
	for (i = 0; i < MOST; i++) {
		snprintf(name, sizeof(name), "d%zu.test", i);
		news = note(memory, name, "x", "y", 0);
		assert_true(news.decision && news.facts);
	}
	for (i = 0; i < MOST; i++) {
		snprintf(name, sizeof(name), "d%zu.test", i);
		news = note(memory, name, "x", "y", 1);
		assert_false(news.decision || news.facts);
	}
	news = note(memory, "more.test", "x", "y", 1);
	assert_true(news.decision && news.facts);
	news = note(memory, "d0.test", "x", "y", 1);
	assert_true(news.decision && news.facts);
	news = note(memory, "more.test", "x", "y", 1);
	assert_false(news.decision || news.facts);
	domain_memory_free(memory);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_what_is_news),
	    cmocka_unit_test(test_many_and_more_than_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
