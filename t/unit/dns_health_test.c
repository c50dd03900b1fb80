#include "unit.h"

#include "io/dns_health.h"

static enum dns_health_news
failures(struct dns_health *health, int count, const char *const *names,
	 int name_count)
{
	enum dns_health_news news = DNS_HEALTH_SAME;
	int i;

	for (i = 0; i < count; i++)
		news =
		    dns_health_count(health, text_from(names[i % name_count]),
				     i % 2 ? DNS_TEMPFAIL : DNS_BOGUS);
	return news;
}

static const char *const many[] = {"a.example", "x.b.example",
				   "_dmarc.c.example"};

static void
tells_the_beginning_and_the_end(void **state)
{
	struct dns_health health;

	(void)state;
	dns_health_init(&health, NULL);
	assert_int_equal(failures(&health, DNS_HEALTH_RUN - 1, many, 3),
			 DNS_HEALTH_SAME);
	assert_int_equal(failures(&health, 1, many, 3), DNS_HEALTH_AWAY);
	assert_int_equal(failures(&health, 50, many, 3), DNS_HEALTH_SAME);
	assert_int_equal(
	    dns_health_count(&health, TEXT("a.example"), DNS_NXDOMAIN),
	    DNS_HEALTH_BACK);
	assert_int_equal(
	    dns_health_count(&health, TEXT("a.example"), DNS_FOUND),
	    DNS_HEALTH_SAME);
	assert_int_equal(failures(&health, DNS_HEALTH_RUN, many, 3),
			 DNS_HEALTH_AWAY);
	dns_health_end(&health);
}

/* However many questions about it fail, it is that domain's trouble. */
static void
knows_the_trouble_of_single_domains(void **state)
{
	static const char *const one[] = {"a.example", "_dmarc.a.example",
					  "s1._domainkey.A.example",
					  "b.example"};
	struct dns_health health;

	(void)state;
	dns_health_init(&health, NULL);
	assert_int_equal(failures(&health, 100, one, 4), DNS_HEALTH_SAME);
	assert_int_equal(
	    dns_health_count(&health, TEXT("c.test"), DNS_TEMPFAIL),
	    DNS_HEALTH_AWAY);
	dns_health_end(&health);
}

static void
forgets_what_failed_before_an_answer(void **state)
{
	struct dns_health health;
	int i;

	(void)state;
	dns_health_init(&health, NULL);
	for (i = 0; i < 20; i++) {
		assert_int_equal(failures(&health, DNS_HEALTH_RUN - 1, many, 3),
				 DNS_HEALTH_SAME);
		assert_int_equal(
		    dns_health_count(&health, TEXT("d.test"), DNS_NODATA),
		    DNS_HEALTH_SAME);
	}
	dns_health_end(&health);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(tells_the_beginning_and_the_end),
	    cmocka_unit_test(knows_the_trouble_of_single_domains),
	    cmocka_unit_test(forgets_what_failed_before_an_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
