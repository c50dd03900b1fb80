#include "unit.h"

#include "base/dns_zone.h"
#include "base/limits.h"
#include "mailauth/spf_terms.h"

/* Mechanisms are in t/cases/spf; here is how terms are counted and asked. */

static struct dns_zone *
zone_of(struct arena *arena, const char *text)
{
	struct dns_zone *zone = dns_zone_parse(arena, text_from(text), NULL);

	assert_non_null(zone);
	return zone;
}

static struct spf_check
check_of(struct arena *arena, struct dns_zone *zone)
{
	struct spf_check check = {.arena = arena,
				  .resolver = dns_zone_resolver(zone),
				  .deadline = {INT64_MAX},
				  .security = DNS_SECURE};

	assert_true(ipaddr_parse(TEXT("192.0.2.1"), &check.client));
	return check;
}

static struct spf_level
level_of(struct arena *arena, const char *record)
{
	struct spf_level level = {.domain = TEXT("example.com")};

	assert_true(
	    spf_record_parse(arena, text_from(record), &level.record, NULL));
	level.terms =
	    arena_new_array(arena, struct spf_term, level.record.count + 1);
	return level;
}

static void
ten_are_counted(void **state)
{
	struct spf_check check = check_of(*state, zone_of(*state, ""));
	int i;

	for (i = 0; i < LIMIT_SPF_TERMS; i++)
		assert_true(spf_count_lookup(&check, TEXT("a.test")));
	assert_false(spf_count_lookup(&check, TEXT("a.test")));
	assert_int_equal(check.lookups, LIMIT_SPF_TERMS);
	assert_int_equal(spf_too_many_lookups(&check), SPF_MATCH_PERMERROR);
}

static void
validated_name_is_counted_once(void **state)
{
	struct spf_check check = check_of(*state, zone_of(*state, ""));

	assert_true(spf_count_lookup(&check, TEXT("%{p}.test")));
	assert_int_equal(check.lookups, 2);
	assert_true(spf_count_lookup(&check, TEXT("%{P}.test")));
	assert_int_equal(check.lookups, 3);
}

/* How many questions go out before any answer is looked at. */
static unsigned
sent_ahead(struct arena *arena, const char *record, unsigned lookups)
{
	struct dns_zone *zone = zone_of(arena, "");
	struct spf_check check = check_of(arena, zone);
	struct spf_level level = level_of(arena, record);

	check.lookups = lookups;
	spf_ask_ahead(&check, &level);
	assert_int_equal(check.lookups, lookups);
	return dns_zone_questions(zone);
}

static void
ahead_up_to_a_sure_end(void **state)
{
	assert_int_equal(
	    sent_ahead(*state, "v=spf1 a mx include:b.test ptr ?all", 0), 4);
	assert_int_equal(
	    sent_ahead(*state, "v=spf1 a ip4:192.0.2.1 mx -all", 0), 1);
	assert_int_equal(
	    sent_ahead(*state, "v=spf1 a ip4:192.0.2.2 mx -all", 0), 2);
	assert_int_equal(sent_ahead(*state, "v=spf1 redirect=b.test", 0), 1);
	assert_int_equal(sent_ahead(*state, "v=spf1 ?all redirect=b.test", 0),
			 0);
}

static void
ahead_within_the_limits(void **state)
{
	struct dns_zone *zone = zone_of(*state, "");
	struct spf_check check = check_of(*state, zone);
	struct spf_level level;
	int i;

	assert_int_equal(
	    sent_ahead(*state,
		       "v=spf1 a:1.t.x a:2.t.x a:3.t.x a:4.t.x a:5.t.x "
		       "a:6.t.x a:7.t.x a:8.t.x a:9.t.x a:10.t.x a:11.t.x",
		       0),
	    LIMIT_SPF_TERMS);
	assert_int_equal(sent_ahead(*state, "v=spf1 a mx", 9), 1);
	assert_int_equal(sent_ahead(*state, "v=spf1 a mx", 10), 0);
	for (i = 0; i < LIMIT_SPF_AHEAD + 10; i++) {
		level = level_of(*state, "v=spf1 mx");
		spf_ask_ahead(&check, &level);
	}
	assert_int_equal(dns_zone_questions(zone), LIMIT_SPF_AHEAD);
}

/* A name that needs an answer first is asked when its turn comes. */
static void
validated_name_is_not_asked_ahead(void **state)
{
	assert_int_equal(
	    sent_ahead(*state, "v=spf1 exists:%{p}.test a ?all", 0), 1);
	assert_int_equal(
	    sent_ahead(*state, "v=spf1 exists:%{d}.test a ?all", 0), 2);
}

static void
questions_are_asked_once(void **state)
{
	struct dns_zone *zone = zone_of(*state, "");
	struct spf_check check = check_of(*state, zone);
	struct spf_level level = level_of(*state, "v=spf1 a");

	spf_ask_ahead(&check, &level);
	spf_ask_directive(&check, &level, &level.record.directives[0],
			  &level.terms[0]);
	assert_int_equal(dns_zone_questions(zone), 1);
	assert_int_equal(spf_match_directive(&check,
					     &level.record.directives[0],
					     &level.terms[0]),
			 SPF_MATCH_NO);
	assert_int_equal(check.void_lookups, 1);
}

static void
readable_is_visible_and_short(void **state)
{
	struct spf_check check = check_of(*state, zone_of(*state, ""));
	char many[300];

	memset(many, 'a', sizeof(many));
	assert_string_equal(spf_readable(&check, TEXT("a\r\n\xc3\xb6 b")),
			    "a?????b");
	assert_int_equal(strlen(spf_readable(&check, text_of(many, 300))), 100);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(ten_are_counted),
	    arena_unit_test(validated_name_is_counted_once),
	    arena_unit_test(ahead_up_to_a_sure_end),
	    arena_unit_test(ahead_within_the_limits),
	    arena_unit_test(validated_name_is_not_asked_ahead),
	    arena_unit_test(questions_are_asked_once),
	    arena_unit_test(readable_is_visible_and_short),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
