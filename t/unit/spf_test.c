#include "unit.h"

#include "base/dns_memo.h"
#include "base/dns_zone.h"
#include "base/limits.h"
#include "mailauth/spf.h"

/* The rules of RFC 7208 are in t/cases/spf; here is what they cannot say. */

static const struct deadline any_time = {INT64_MAX};

static struct spf_query
query_of(const char *ip, const char *helo, const char *sender)
{
	struct spf_query query = {.helo = text_from(helo),
				  .sender = text_from(sender),
				  .receiver = TEXT("mx.test"),
				  .now_s = 1700000000};

	assert_true(ipaddr_parse(text_from(ip), &query.client));
	return query;
}

static struct resolver *
zone_of(struct arena *arena, const char *text)
{
	struct dns_zone *zone = dns_zone_parse(arena, text_from(text), NULL);

	assert_non_null(zone);
	return dns_zone_resolver(zone);
}

/* --- a resolver that answers nothing before it is waited for --- */

struct late {
	struct resolver resolver;
	struct resolver *inner;
	struct arena *arena;
	unsigned open, most_open;
	bool silent;
};

static void
late_ask(struct resolver *resolver, struct dns_question *question)
{
	struct late *late = (struct late *)resolver;

	if (++late->open > late->most_open)
		late->most_open = late->open;
}

static void
late_wait(struct resolver *resolver, struct dns_question *question,
	  struct deadline deadline)
{
	struct late *late = (struct late *)resolver;
	struct dns_question *inner;

	if (late->silent)
		return;
	inner =
	    dns_ask(late->arena, late->inner, question->name, question->type);
	dns_wait(inner, deadline, NULL);
	question->answer = inner->answer;
	question->answered = true;
	late->open--;
}

static struct late
late_of(struct arena *arena, const char *zone)
{
	return (struct late){.resolver = {late_ask, late_wait},
			     .inner = zone_of(arena, zone),
			     .arena = arena};
}

static void
begin_asks_and_does_not_wait(void **state)
{
	struct late late = late_of(*state, "example.com TXT \"v=spf1 +all\"\n");
	struct spf_query query =
	    query_of("192.0.2.1", "mx.test", "a@example.com");
	struct spf_verdict verdict;
	struct spf_check *check;

	check = spf_begin(*state, &late.resolver, &query);
	assert_int_equal(late.open, 1);
	spf_finish(check, any_time, &verdict);
	assert_int_equal(verdict.result, SPF_PASS);
	assert_int_equal(late.open, 0);
}

static void
questions_of_a_record_travel_together(void **state)
{
	struct late late = late_of(
	    *state, "example.com TXT \"v=spf1 include:a.test a:b.test "
		    "mx:c.test exists:d.test redirect=e.test\"\n"
		    "a.test TXT \"v=spf1 ?all\"\nb.test A 198.51.100.1\n"
		    "c.test MX 1 m1.test\nc.test MX 2 m2.test\n"
		    "m1.test A 198.51.100.1\nm2.test A 198.51.100.1\n"
		    "d.test A 127.0.0.2\n");
	struct spf_query query =
	    query_of("192.0.2.1", "mx.test", "a@example.com");
	struct spf_verdict verdict;

	spf_finish(spf_begin(*state, &late.resolver, &query), any_time,
		   &verdict);
	assert_int_equal(verdict.result, SPF_PASS);
	assert_int_equal(late.most_open, 5);
	/* the redirect was asked ahead, and is not counted */
	assert_int_equal(verdict.lookups, 4);
}

static void
silence_is_temperror(void **state)
{
	struct late late = late_of(*state, "");
	struct spf_query query =
	    query_of("192.0.2.1", "mx.test", "a@example.com");
	struct spf_verdict verdict;

	late.silent = true;
	spf_finish(spf_begin(*state, &late.resolver, &query), any_time,
		   &verdict);
	assert_int_equal(verdict.result, SPF_TEMPERROR);
	assert_string_equal(verdict.reason,
			    "TXT example.com: no answer in time");
}

static void
query_is_copied(void **state)
{
	char helo[] = "mx.test", sender[] = "jo@example.com";
	struct spf_query query = query_of("192.0.2.1", helo, sender);
	struct resolver *zone =
	    zone_of(*state, "example.com TXT \"v=spf1 -all exp=why.test\"\n"
			    "why.test TXT \"%{s} %{h} %{r}\"\n");
	struct spf_verdict verdict;
	struct spf_check *check = spf_begin(*state, zone, &query);

	memset(helo, 'x', sizeof(helo) - 1);
	memset(sender, 'x', sizeof(sender) - 1);
	memset(&query, 0, sizeof(query));
	spf_finish(check, any_time, &verdict);
	assert_text(verdict.explanation, "jo@example.com mx.test mx.test");
	assert_text(verdict.domain, "example.com");
}

static void
client_without_address(void **state)
{
	struct spf_query query = {.helo = TEXT("mx.test"),
				  .sender = TEXT("a@example.com")};
	struct spf_verdict verdict;

	spf_finish(
	    spf_begin(*state,
		      zone_of(*state, "example.com TXT \"v=spf1 +all\"\n"),
		      &query),
	    any_time, &verdict);
	assert_int_equal(verdict.result, SPF_NOT_EVALUATED);
	assert_non_null(verdict.reason);
}

static void
explanation_is_cut(void **state)
{
	struct spf_query query =
	    query_of("192.0.2.1", "mx.test", "abcdefgh@example.com");
	struct spf_verdict verdict;
	char macros[49 * 4 + 1] = "", *zone;
	int i;

	for (i = 0; i < 49; i++)
		memcpy(macros + 4 * i, "%{l}", 5);
	zone = arena_printf(*state,
			    "example.com TXT \"v=spf1 -all exp=why.test\"\n"
			    "why.test TXT \"%s\" \"%s\" \"%s\"\n",
			    macros, macros, macros);
	spf_finish(spf_begin(*state, zone_of(*state, zone), &query), any_time,
		   &verdict);
	assert_int_equal(verdict.result, SPF_FAIL);
	assert_int_equal(verdict.explanation.len, LIMIT_SPF_EXPLANATION_BYTES);
}

/* No explanation rather than a part of something huge. */
static void
huge_explanation_is_left_out(void **state)
{
	struct spf_query query =
	    query_of("192.0.2.1", "mx.test", "jo@example.com");
	struct spf_verdict verdict;
	char bytes[251];
	char *zone;
	int i;

	memset(bytes, 'a', 250);
	bytes[250] = '\0';
	zone = arena_printf(*state, "%s",
			    "example.com TXT \"v=spf1 -all exp=why.test\"\n"
			    "why.test TXT ");
	for (i = 0; i <= LIMIT_SPF_RECORD_BYTES / 250; i++)
		zone = arena_printf(*state, "%s \"%s\"", zone, bytes);
	spf_finish(spf_begin(*state, zone_of(*state, zone), &query), any_time,
		   &verdict);
	assert_int_equal(verdict.result, SPF_FAIL);
	assert_text(verdict.explanation, "");
}

static void
reasons_are_printable(void **state)
{
	struct spf_query query =
	    query_of("192.0.2.1", "mx.test", "a\r\nb@example.com");
	struct spf_verdict verdict;

	spf_finish(
	    spf_begin(*state,
		      zone_of(*state, "example.com TXT "
				      "\"v=spf1 include:%{l}.test -all\"\n"),
		      &query),
	    any_time, &verdict);
	assert_int_equal(verdict.result, SPF_PERMERROR);
	assert_string_equal(verdict.reason,
			    "include of a??b.test: no SPF record");
}

static void
names_of_results(void **state)
{
	static const char *const names[] = {"none",	 "none",     "neutral",
					    "pass",	 "fail",     "softfail",
					    "temperror", "permerror"};
	int i;

	for (i = SPF_NOT_EVALUATED; i <= SPF_PERMERROR; i++)
		assert_string_equal(spf_result_name((enum spf_result)i),
				    names[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(begin_asks_and_does_not_wait),
	    arena_unit_test(questions_of_a_record_travel_together),
	    arena_unit_test(silence_is_temperror),
	    arena_unit_test(query_is_copied),
	    arena_unit_test(client_without_address),
	    arena_unit_test(explanation_is_cut),
	    arena_unit_test(huge_explanation_is_left_out),
	    arena_unit_test(reasons_are_printable),
	    arena_unit_test(names_of_results),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
