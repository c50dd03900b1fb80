#include "unit.h"

#include <pthread.h>

#include "io/clock.h"
#include "io/dns_flight.h"
#include "io/dns_packed.h"

#define PATIENCE_MS 20000

static void
first_sends_and_others_join(void **state)
{
	struct dns_flights *flights = dns_flights_new(state);
	struct dns_answer answer = {.status = DNS_NXDOMAIN};
	struct dns_flight *first, *second, *other;
	bool is_first;

	first = dns_flight_join(flights, TEXT("a.test"), DNS_TXT, &is_first);
	assert_true(is_first);
	assert_ptr_equal(dns_flight_owner(first), state);
	second = dns_flight_join(flights, TEXT("a.test"), DNS_TXT, &is_first);
	assert_false(is_first);
	assert_ptr_equal(first, second);
	other = dns_flight_join(flights, TEXT("a.test"), DNS_MX, &is_first);
	assert_true(is_first);
	assert_int_equal(dns_flights_count(flights), 2);
	dns_flight_land(flights, first, &answer);
	assert_int_equal(dns_flights_count(flights), 1);
	assert_int_equal(dns_flight_wait(second, clock_deadline_in(PATIENCE_MS))
			     ->answer.status,
			 DNS_NXDOMAIN);
	dns_flight_release(first);
	dns_flight_release(second);
	/* landed: the next one starts anew */
	first = dns_flight_join(flights, TEXT("a.test"), DNS_TXT, &is_first);
	assert_true(is_first);
	dns_flight_release(first);
	dns_flight_release(other);
	dns_flights_free(flights, "closed");
}

static void
wait_ends_at_the_deadline(void **state)
{
	struct dns_flights *flights = dns_flights_new(NULL);
	bool is_first;
	struct dns_flight *flight =
	    dns_flight_join(flights, TEXT("a.test"), DNS_TXT, &is_first);
	int64_t start = clock_monotonic_ms();

	assert_null(dns_flight_wait(flight, clock_deadline_in(50)));
	assert_true(clock_monotonic_ms() - start >= 50);
	assert_null(dns_flight_wait(flight, clock_deadline_in(-5)));
	dns_flights_free(flights, "closed");
	assert_string_equal(
	    dns_flight_wait(flight, clock_deadline_in(0))->answer.reason,
	    "closed");
	dns_flight_release(flight);
}

static void
lands_when_all_have_gone(void **state)
{
	struct dns_flights *flights = dns_flights_new(NULL);
	struct dns_answer answer = {.status = DNS_NODATA};
	bool is_first;
	struct dns_flight *flight =
	    dns_flight_join(flights, TEXT("a.test"), DNS_TXT, &is_first);

	dns_flight_release(flight);
	dns_flight_land(flights, flight, &answer);
	assert_int_equal(dns_flights_count(flights), 0);
	dns_flights_free(flights, "closed");
}

static void *
wait_for_it(void *handle)
{
	const struct dns_packed *packed =
	    dns_flight_wait(handle, clock_deadline_in(PATIENCE_MS));
	bool is_right = packed != NULL && packed->answer.count == 1 &&
			text_equal(packed->records[0].text, TEXT("yes"));

	dns_flight_release(handle);
	return is_right ? handle : NULL;
}

static void
all_waiters_wake(void **state)
{
	struct dns_flights *flights = dns_flights_new(NULL);
	struct dns_record record = {.text = TEXT_INIT("yes")};
	struct dns_answer answer = {
	    .status = DNS_FOUND, .records = &record, .count = 1};
	struct dns_flight *flight = NULL;
	pthread_t threads[16];
	bool is_first;
	void *result;

	for (int i = 0; i < 16; i++) {
		flight = dns_flight_join(flights, TEXT("a.test"), DNS_TXT,
					 &is_first);
		pthread_create(&threads[i], NULL, wait_for_it, flight);
	}
	dns_flight_land(flights, flight, &answer);
	for (int i = 0; i < 16; i++) {
		pthread_join(threads[i], &result);
		assert_non_null(result);
	}
	dns_flights_free(flights, "closed");
}

static void
copy_leads_into_itself(void **state)
{
	struct dns_record records[2] = {{.text = TEXT_INIT("text")},
					{.name = TEXT_INIT("name.test")}};
	struct dns_answer answer = {.status = DNS_BOGUS,
				    .records = records,
				    .count = 2,
				    .reason = "because"},
			  copy;
	struct dns_packed *packed = dns_packed_new(&answer);

	dns_packed_copy(packed, *state, &copy);
	free(packed);
	assert_text(copy.records[0].text, "text");
	assert_text(copy.records[1].name, "name.test");
	assert_string_equal(copy.reason, "because");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(first_sends_and_others_join),
	    cmocka_unit_test(wait_ends_at_the_deadline),
	    cmocka_unit_test(lands_when_all_have_gone),
	    cmocka_unit_test(all_waiters_wake),
	    arena_unit_test(copy_leads_into_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
