#include "unit.h"

#include "base/dns_zone.h"
#include "base/limits.h"
#include "mailtls/destination.h"

/* Rules of the standards have case files: t/cases/tls.  Here: bounds, times
 * and what is told besides. */

#define GOOD                                                                   \
	"3 1 1 "                                                               \
	"2291173f1d0cfe66f43d32f44888c25d64371c91b7ce4482b82364b8332e075f"

static const struct deadline any_time = {INT64_MAX};

static struct destination
look(struct arena *arena, struct text zone_text, const char *name,
     struct dns_zone **zone)
{
	struct dns_zone *parsed = dns_zone_parse(arena, zone_text, NULL);
	struct destination destination;
	struct domain domain;

	assert_non_null(parsed);
	assert_true(domain_parse(arena, text_from(name), &domain, NULL));
	destination_finish(
	    destination_begin(arena, dns_zone_resolver(parsed), domain, 25),
	    any_time, &destination);
	if (zone != NULL)
		*zone = parsed;
	return destination;
}

static void
everything_that_is_told(void **state)
{
	struct destination it =
	    look(*state,
		 TEXT("$TTL 300\n$DNSSEC secure\n"
		      "d.test MX 20 b.d.test\nd.test MX 10 a.d.test\n"
		      "d.test MX 20 a.d.test\n"
		      "a.d.test CNAME c.d.test\n"
		      "c.d.test A 192.0.2.1\nc.d.test AAAA 2001:db8::1\n"
		      "b.d.test A 192.0.2.2\n"
		      "_25._tcp.c.d.test TLSA " GOOD "\n"
		      "_25._tcp.c.d.test TLSA 0 0 1 00ff\n"),
		 "d.test", NULL);

	assert_int_equal(it.state, DESTINATION_HOSTS);
	assert_int_equal(it.dane, DANE_SOME);
	assert_int_equal(it.mx_security, DNS_SECURE);
	assert_false(it.is_implicit);
	assert_int_equal(it.count, 2);
	assert_text(it.hosts[0].name.name, "a.d.test");
	assert_int_equal(it.hosts[0].preference, 10);
	assert_text(it.hosts[0].alias_of.name, "c.d.test");
	assert_text(it.hosts[0].tlsa_base.name, "c.d.test");
	assert_int_equal(it.hosts[0].tlsa_count, 2);
	assert_int_equal(it.hosts[0].usable_count, 1);
	assert_int_equal(it.hosts[0].address_count, 2);
	assert_text(it.hosts[1].name.name, "b.d.test");
	assert_string_equal(it.hosts[1].reason, "it has no TLSA record");
}

static void
insecure_mx_asks_nothing_more(void **state)
{
	struct dns_zone *zone;
	struct destination it =
	    look(*state,
		 TEXT("d.test MX 10 a.d.test\n$DNSSEC secure\n"
		      "a.d.test A 192.0.2.1\n_25._tcp.a.d.test TLSA " GOOD),
		 "d.test", &zone);

	assert_int_equal(it.dane, DANE_NONE);
	assert_int_equal(dns_zone_questions(zone), 1);
	assert_string_equal(it.hosts[0].reason,
			    "the MX records are not signed");
}

static void
insecure_host_is_not_asked_for_tlsa(void **state)
{
	struct dns_zone *zone;

	look(*state,
	     TEXT("$DNSSEC secure\nd.test MX 10 a.e.test\n"
		  "$DNSSEC insecure\na.e.test A 192.0.2.1\n"),
	     "d.test", &zone);
	/* MX, A, AAAA, CNAME */
	assert_int_equal(dns_zone_questions(zone), 4);
}

/* Hosts beyond the bound count as such that could not be asked. */
static void
many_hosts(void **state)
{
	char *zone = arena_printf(*state, "$DNSSEC secure\n");
	struct destination it;
	int i;

	for (i = 0; i < LIMIT_TLS_HOSTS + 3; i++)
		zone = arena_printf(*state,
				    "%sd.test MX %d h%02d.test\n"
				    "h%02d.test A 192.0.2.1\n"
				    "_25._tcp.h%02d.test TLSA " GOOD "\n",
				    zone, i, i, i, i);
	it = look(*state, text_from(zone), "d.test", NULL);
	assert_int_equal(it.count, LIMIT_TLS_HOSTS + 3);
	assert_int_equal(it.dane, DANE_ALL);
	assert_int_equal(it.hosts[LIMIT_TLS_HOSTS - 1].state, HOST_USABLE);
	assert_int_equal(it.hosts[LIMIT_TLS_HOSTS].state, HOST_UNKNOWN);
	assert_string_equal(it.hosts[LIMIT_TLS_HOSTS].reason,
			    "more hosts than are asked about");
}

static void
many_aliases(void **state)
{
	char *zone =
	    arena_printf(*state, "$DNSSEC secure\nd.test MX 10 a0.test\n"
				 "a0.test A 192.0.2.1\n");
	struct destination it;
	int i;

	for (i = 0; i <= LIMIT_TLS_ALIASES; i++)
		zone = arena_printf(*state, "%sa%d.test CNAME a%d.test\n", zone,
				    i, i + 1);
	it = look(*state, text_from(zone), "d.test", NULL);
	assert_int_equal(it.dane, DANE_UNKNOWN);
	assert_int_equal(it.ttl_s, 0);
	assert_string_equal(it.hosts[0].reason,
			    "more aliases than are followed");
}

/* --- a resolver that tells its times, and one that never answers --- */

static void
answer_some(struct resolver *resolver, struct dns_question *question)
{
	static const struct dns_record mx[] = {{.name = TEXT_INIT("a.test")},
					       {.name = TEXT_INIT("b.test")}};
	static const struct dns_record address = {
	    .address = {.family = 4, .bytes = {192, 0, 2, 1}}};

	question->answered = true;
	question->answer = (struct dns_answer){
	    .status = DNS_NODATA, .security = DNS_SECURE, .ttl_s = 500};
	if (question->type == DNS_MX) {
		question->answer.status = DNS_FOUND;
		question->answer.ttl_s = 900;
		question->answer.records = mx;
		question->answer.count = resolver->wait == NULL ? 1 : 2;
	} else if (question->type == DNS_A) {
		question->answer.status = DNS_FOUND;
		question->answer.ttl_s = 400;
		question->answer.records = &address;
		question->answer.count = 1;
	} else if (question->type == DNS_TLSA &&
		   text_equal(question->name, TEXT("_25._tcp.b.test"))) {
		question->answered = false;
	}
}

static void
never(struct resolver *resolver, struct dns_question *question,
      struct deadline deadline)
{
}

static struct destination
ask_some(struct arena *arena, struct resolver *resolver)
{
	struct destination it;
	struct domain domain;

	assert_true(domain_parse(arena, TEXT("d.test"), &domain, NULL));
	destination_finish(destination_begin(arena, resolver, domain, 25),
			   any_time, &it);
	return it;
}

static void
least_time_counts(void **state)
{
	struct resolver resolver = {.ask = answer_some};
	struct destination it = ask_some(*state, &resolver);

	assert_int_equal(it.count, 1);
	assert_int_equal(it.dane, DANE_NONE);
	assert_int_equal(it.ttl_s, 400);
}

static void
no_answer_in_time(void **state)
{
	struct resolver resolver = {.ask = answer_some, .wait = never};
	struct destination it = ask_some(*state, &resolver);

	assert_int_equal(it.count, 2);
	assert_int_equal(it.dane, DANE_SOME);
	assert_int_equal(it.ttl_s, 60);
	assert_int_equal(it.hosts[1].state, HOST_UNKNOWN);
	assert_int_equal(it.hosts[1].failed_type, DNS_TLSA);
	assert_int_equal(it.hosts[1].failed_status, DNS_TEMPFAIL);
	assert_string_equal(it.hosts[1].reason, "no answer in time");
}

/* A host that nobody answers for leaves the others time for TLSA. */
struct watch {
	struct resolver resolver;
	int64_t address_ms, tlsa_ms; /* deadlines that were seen */
};

static void
answer_by_waiting(struct resolver *resolver, struct dns_question *question,
		  struct deadline deadline)
{
	struct watch *watch = (struct watch *)resolver;

	if (question->type == DNS_A)
		watch->address_ms = deadline.at_ms;
	if (question->type == DNS_TLSA)
		watch->tlsa_ms = deadline.at_ms;
	if (!text_equal(question->name, TEXT("b.test")))
		answer_some(resolver, question);
}

static void
ask_nothing(struct resolver *resolver, struct dns_question *question)
{
}

static void
time_is_left_for_tlsa(void **state)
{
	struct watch watch = {
	    .resolver = {.ask = ask_nothing, .wait = answer_by_waiting}};
	struct destination it = ask_some(*state, &watch.resolver);

	assert_int_equal(watch.address_ms, INT64_MAX - DESTINATION_LAST_MS);
	assert_true(watch.tlsa_ms == INT64_MAX);
	assert_int_equal(it.hosts[0].state, HOST_NO_DANE);
	assert_int_equal(it.hosts[1].state, HOST_UNKNOWN);
	assert_int_equal(it.hosts[1].failed_type, DNS_A);
}

static void
words(void **state)
{
	assert_string_equal(destination_state_name(DESTINATION_NOT_EVALUATED),
			    "not evaluated");
	assert_string_equal(destination_state_name(DESTINATION_NULL_MX),
			    "null-mx");
	assert_string_equal(host_state_name(HOST_UNUSABLE), "unusable");
	assert_string_equal(dane_state_name(DANE_NOT_EVALUATED),
			    "not evaluated");
	assert_string_equal(dane_state_name(DANE_ALL), "all");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(everything_that_is_told),
	    arena_unit_test(insecure_mx_asks_nothing_more),
	    arena_unit_test(insecure_host_is_not_asked_for_tlsa),
	    arena_unit_test(many_hosts),
	    arena_unit_test(many_aliases),
	    arena_unit_test(least_time_counts),
	    arena_unit_test(no_answer_in_time),
	    arena_unit_test(time_is_left_for_tlsa),
	    arena_unit_test(words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
