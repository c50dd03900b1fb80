#include "unit.h"

#include <pthread.h>
#include <unistd.h>

#include "base/why.h"
#include "io/clock.h"
#include "io/resolver_unbound.h"
#include "responder.h"

#define PATIENCE_MS 30000

#define DATA(literal) .data = literal, .bytes = sizeof(literal) - 1

static const struct responder_row rows[] = {
    {"txt.test", RESPOND_DATA, DNS_TXT, 300, DATA("\6v=spf1\5 -all")},
    {"a.test", RESPOND_DATA, DNS_A, 300, DATA("\300\0\2\1")},
    {"a.test", RESPOND_DATA, DNS_A, 300, DATA("\300\0\2\2")},
    {"a.test", RESPOND_DATA, DNS_AAAA, 300,
     DATA("\40\1\15\270\0\0\0\0\0\0\0\0\0\0\0\1")},
    {"mx.test", RESPOND_DATA, DNS_MX, 300, DATA("\0\12\4mail\7example\0")},
    {"mx.test", RESPOND_DATA, DNS_MX, 300, DATA("\0\24\3a.b\4test\0")},
    {"nullmx.test", RESPOND_DATA, DNS_MX, 300, DATA("\0\0\0")},
    {"1.2.0.192.in-addr.arpa", RESPOND_DATA, DNS_PTR, 300,
     DATA("\4mail\4test\0")},
    {"tlsa.test", RESPOND_DATA, DNS_TLSA, 300, DATA("\3\1\1abcd")},
    {"servfail.test", RESPOND_SERVFAIL, 0, 0, NULL, 0},
    {"silent.test", RESPOND_SILENCE, 0, 0, NULL, 0},
    {"large.test", RESPOND_BY_TCP, DNS_TXT, 300, DATA("\5large")},
    {"alias.test", RESPOND_DATA, DNS_CNAME, 300, DATA("\6alias2\4test\0")},
    {"alias2.test", RESPOND_DATA, DNS_CNAME, 300, DATA("\3txt\4test\0")},
    {"loop.test", RESPOND_DATA, DNS_CNAME, 300, DATA("\5loop2\4test\0")},
    {"loop2.test", RESPOND_DATA, DNS_CNAME, 300, DATA("\4loop\4test\0")},
    {"many.test", RESPOND_DATA, DNS_TXT, 300, DATA("\4many")},
    {"odd \\\"\xff(.test", RESPOND_DATA, DNS_TXT, 300, DATA("\3odd")},
    {"late.test", RESPOND_LATE, DNS_TXT, 300, DATA("\4late")},
    {"brief.test", RESPOND_DATA, DNS_TXT, 0, DATA("\5brief")},
    {"127.in-addr.arpa", RESPOND_DATA, DNS_TXT, 300, DATA("\3own")},
    {NULL, RESPOND_DATA, 0, 0, NULL, 0},
};

struct site {
	struct responder *responder;
	struct resolver_unbound *unbound;
	struct arena *arena;
};

static struct resolver_unbound *
open_for(const struct responder *responder, const char *root_key,
	 struct why *why)
{
	const char *forward[] = {responder_address(responder)};
	struct resolver_options options = {
	    .forward = forward, .forward_count = 1, .root_key = root_key};

	return resolver_unbound_open(&options, why);
}

static int
open_site(void **state)
{
	static struct site site;
	struct why why;

	site.arena = arena_new();
	site.responder = responder_start(rows);
	site.unbound = open_for(site.responder, NULL, &why);
	*state = &site;
	return site.unbound == NULL ? -1 : 0;
}

static int
close_site(void **state)
{
	struct site *site = *state;

	resolver_unbound_close(site->unbound);
	arena_free(site->arena);
	responder_stop(site->responder);
	return 0;
}

static const struct dns_answer *
ask(struct site *site, const char *name, enum dns_type type)
{
	const struct dns_answer *answer;
	struct dns_question *question =
	    dns_ask(site->arena, resolver_unbound_resolver(site->unbound),
		    text_from(name), type);

	dns_wait(question, clock_deadline_in(PATIENCE_MS), &answer);
	return answer;
}

static void
strings_are_joined(void **state)
{
	const struct dns_answer *answer = ask(*state, "TXT.test.", DNS_TXT);

	assert_int_equal(answer->status, DNS_FOUND);
	assert_int_equal(answer->security, DNS_INSECURE);
	assert_int_equal(answer->count, 1);
	assert_text(answer->records[0].text, "v=spf1 -all");
	assert_in_range(answer->ttl_s, 1, 300);
	assert_null(answer->reason);
}

static void
addresses(void **state)
{
	const struct dns_answer *answer = ask(*state, "a.test", DNS_A);
	char shown[IPADDR_STRING_BYTES];

	assert_int_equal(answer->count, 2);
	assert_int_equal(answer->records[0].address.family, 4);
	answer = ask(*state, "a.test", DNS_AAAA);
	assert_int_equal(answer->count, 1);
	assert_string_equal(ipaddr_write(&answer->records[0].address, shown),
			    "2001:db8::1");
}

/* "a.b" as one label would read like two. */
static void
names_and_one_that_misleads(void **state)
{
	const struct dns_answer *answer = ask(*state, "mx.test", DNS_MX);

	assert_int_equal(answer->status, DNS_FOUND);
	assert_int_equal(answer->count, 1);
	assert_int_equal(answer->records[0].preference, 10);
	assert_text(answer->records[0].name, "mail.example");
	answer = ask(*state, "nullmx.test", DNS_MX);
	assert_int_equal(answer->count, 1);
	assert_text(answer->records[0].name, "");
	answer = ask(*state, "1.2.0.192.in-addr.arpa", DNS_PTR);
	assert_text(answer->records[0].name, "mail.test");
	answer = ask(*state, "tlsa.test", DNS_TLSA);
	assert_text(answer->records[0].text, "\3\1\1abcd");
}

static void
what_is_not_there(void **state)
{
	const struct dns_answer *answer = ask(*state, "none.test", DNS_TXT);

	assert_int_equal(answer->status, DNS_NXDOMAIN);
	assert_int_equal(answer->count, 0);
	answer = ask(*state, "txt.test", DNS_MX);
	assert_int_equal(answer->status, DNS_NODATA);
}

static void
failure_is_no_answer(void **state)
{
	const struct dns_answer *answer = ask(*state, "servfail.test", DNS_TXT);

	assert_int_equal(answer->status, DNS_TEMPFAIL);
	assert_string_equal(answer->reason, "SERVFAIL");
}

static void
silence_ends_at_the_deadline_and_blocks_nobody(void **state)
{
	struct site *site = *state;
	const struct dns_answer *answer;
	int64_t start = clock_monotonic_ms();
	struct dns_question *question =
	    dns_ask(site->arena, resolver_unbound_resolver(site->unbound),
		    TEXT("silent.test"), DNS_TXT);

	assert_int_equal(ask(site, "txt.test", DNS_A)->status, DNS_NODATA);
	dns_wait(question, clock_deadline_in(300), &answer);
	assert_int_equal(answer->status, DNS_TEMPFAIL);
	assert_string_equal(answer->reason, "no answer in time");
	assert_true(clock_monotonic_ms() - start >= 300);
	assert_true(clock_monotonic_ms() - start < PATIENCE_MS);
}

/* The server is quick as a rule, which must not be taken for a promise. */
static void
server_that_works_for_a_while_is_waited_for(void **state)
{
	const struct dns_answer *answer;
	char name[32];

	for (int i = 0; i < 10; i++) {
		snprintf(name, sizeof(name), "quick%d.test", i);
		assert_int_equal(ask(*state, name, DNS_TXT)->status,
				 DNS_NXDOMAIN);
	}
	answer = ask(*state, "late.test", DNS_TXT);
	assert_int_equal(answer->status, DNS_FOUND);
	assert_text(answer->records[0].text, "late");
}

static void
truncated_answer_comes_by_tcp(void **state)
{
	struct site *site = *state;
	const struct dns_answer *answer = ask(site, "large.test", DNS_TXT);

	assert_int_equal(answer->status, DNS_FOUND);
	assert_text(answer->records[0].text, "large");
	assert_true(responder_asked(site->responder, "large.test") >= 2);
}

static void
aliases(void **state)
{
	const struct dns_answer *answer = ask(*state, "alias.test", DNS_TXT);

	assert_int_equal(answer->status, DNS_FOUND);
	assert_text(answer->records[0].text, "v=spf1 -all");
	answer = ask(*state, "alias.test", DNS_MX);
	assert_int_equal(answer->status, DNS_NODATA);
	answer = ask(*state, "loop.test", DNS_TXT);
	assert_int_equal(answer->status, DNS_TEMPFAIL);
	assert_non_null(answer->reason);
}

static void
odd_bytes_of_a_name_travel(void **state)
{
	const struct dns_answer *answer =
	    ask(*state, "odd \\\"\xff(.test", DNS_TXT);

	assert_int_equal(answer->status, DNS_FOUND);
	assert_text(answer->records[0].text, "odd");
}

/* RFC 6761 names are the forwarder's business. */
static void
special_names_are_asked(void **state)
{
	const struct dns_answer *answer =
	    ask(*state, "127.in-addr.arpa", DNS_TXT);

	assert_int_equal(answer->status, DNS_FOUND);
	assert_text(answer->records[0].text, "own");
}

static void
cache_answers_the_second_time(void **state)
{
	struct site *site = *state;
	struct resolver_counts before, after;

	ask(site, "txt.test", DNS_TXT);
	before = resolver_unbound_counts(site->unbound);
	assert_int_equal(ask(site, "txt.test", DNS_TXT)->status, DNS_FOUND);
	after = resolver_unbound_counts(site->unbound);
	assert_int_equal(after.asked, before.asked + 1);
	assert_int_equal(after.from_cache, before.from_cache + 1);
}

static void
ttl_of_zero_is_asked_again(void **state)
{
	struct site *site = *state;
	struct resolver_counts before;

	ask(site, "brief.test", DNS_TXT);
	before = resolver_unbound_counts(site->unbound);
	assert_int_equal(ask(site, "brief.test", DNS_TXT)->status, DNS_FOUND);
	assert_int_equal(resolver_unbound_counts(site->unbound).from_cache,
			 before.from_cache);
}

static void
arena_that_ends_first(void **state)
{
	struct site *site = *state;
	struct resolver *resolver = resolver_unbound_resolver(site->unbound);

	for (int i = 0; i < 200; i++) {
		struct arena *arena = arena_new();
		char name[64];

		snprintf(name, sizeof(name), "gone%d.test", i);
		dns_ask(arena, resolver, text_from(name), DNS_TXT);
		dns_ask(arena, resolver, TEXT("silent.test"), DNS_MX);
		arena_free(arena);
	}
	assert_int_equal(ask(site, "gone199.test", DNS_TXT)->status,
			 DNS_NXDOMAIN);
}

struct crowd {
	struct site *site;
	pthread_t thread;
	unsigned found;
};

static void *
ask_many(void *handle)
{
	struct crowd *crowd = handle;
	struct resolver *resolver =
	    resolver_unbound_resolver(crowd->site->unbound);
	struct deadline deadline = clock_deadline_in(PATIENCE_MS);
	struct arena *arena = arena_new();
	struct dns_question *questions[500];
	const struct dns_answer *answer;

	for (int i = 0; i < 500; i++)
		questions[i] =
		    dns_ask(arena, resolver, TEXT("many.test"), DNS_TXT);
	for (int i = 0; i < 500; i++)
		if (dns_wait(questions[i], deadline, &answer) == DNS_FOUND &&
		    text_equal(answer->records[0].text, TEXT("many")))
			crowd->found++;
	arena_free(arena);
	return NULL;
}

static void
thousand_askers_make_one_question(void **state)
{
	struct site *site = *state;
	struct crowd crowds[2] = {{.site = site}, {.site = site}};

	for (int i = 0; i < 2; i++)
		pthread_create(&crowds[i].thread, NULL, ask_many, &crowds[i]);
	for (int i = 0; i < 2; i++) {
		pthread_join(crowds[i].thread, NULL);
		assert_int_equal(crowds[i].found, 500);
	}
	assert_int_equal(responder_asked(site->responder, "many.test"), 1);
}

static void *
ask_each_once(void *handle)
{
	struct crowd *crowd = handle;
	struct resolver *resolver =
	    resolver_unbound_resolver(crowd->site->unbound);
	struct arena *arena = arena_new();
	char name[64];

	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "each%d.test", i);
		if (dns_wait(dns_ask(arena, resolver, text_from(name), DNS_TXT),
			     clock_deadline_in(PATIENCE_MS),
			     NULL) == DNS_NXDOMAIN)
			crowd->found++;
		arena_reset(arena);
	}
	arena_free(arena);
	return NULL;
}

static void
threads_ask_beside_each_other(void **state)
{
	struct crowd crowds[8];

	for (int i = 0; i < 8; i++) {
		crowds[i] = (struct crowd){.site = *state};
		pthread_create(&crowds[i].thread, NULL, ask_each_once,
			       &crowds[i]);
	}
	for (int i = 0; i < 8; i++) {
		pthread_join(crowds[i].thread, NULL);
		assert_int_equal(crowds[i].found, 100);
	}
}

static void
close_leaves_pending_questions_behind(void **state)
{
	struct site *site = *state;
	struct why why;
	struct resolver_unbound *other = open_for(site->responder, NULL, &why);
	struct arena *arena = arena_new();

	assert_non_null(other);
	dns_ask(arena, resolver_unbound_resolver(other), TEXT("silent.test"),
		DNS_TXT);
	resolver_unbound_close(other);
	arena_free(arena);
}

static char key_path[64];

static const char *
write_key(const char *contents)
{
	int fd;

	snprintf(key_path, sizeof(key_path), "/tmp/resolver_test.XXXXXX");
	fd = mkstemp(key_path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, contents, strlen(contents)),
			 strlen(contents));
	close(fd);
	return key_path;
}

/* An anchor says that the root is signed, and this server signs nothing. */
static void
unsigned_root_under_an_anchor_is_bogus(void **state)
{
	struct site *site = *state, other = *site;
	const char *path = write_key(
	    ". 3600 IN DS 20326 8 2 "
	    "E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D"
	    "\n");
	const struct dns_answer *answer;
	struct why why;

	other.unbound = open_for(site->responder, path, &why);
	if (other.unbound == NULL)
		fail_msg("%s", why.text);
	answer = ask(&other, "txt.test", DNS_TXT);
	assert_int_equal(answer->status, DNS_BOGUS);
	assert_int_equal(answer->security, DNS_SECURITY_BOGUS);
	assert_int_equal(answer->count, 0);
	assert_true(strlen(answer->reason) > 0);
	assert_int_equal(resolver_unbound_counts(other.unbound).bogus, 1);
	resolver_unbound_close(other.unbound);
	unlink(path);
}

static void
anchor_that_is_none(void **state)
{
	struct site *site = *state;
	const char *path = write_key("this is no key\n");
	struct why why;

	assert_null(open_for(site->responder, path, &why));
	assert_non_null(strstr(why.text, "trust anchor"));
	unlink(path);
	assert_null(open_for(site->responder, "/nonexistent/key", &why));
	assert_non_null(strstr(why.text, "install dns-root-data"));
}

static void
forwarder_that_is_no_address(void **state)
{
	const char *forward[] = {"dns.example"};
	struct resolver_options options = {.forward = forward,
					   .forward_count = 1};
	struct why why;

	assert_null(resolver_unbound_open(&options, &why));
	assert_non_null(strstr(why.text, "write ADDRESS or ADDRESS@PORT"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(strings_are_joined),
	    cmocka_unit_test(addresses),
	    cmocka_unit_test(names_and_one_that_misleads),
	    cmocka_unit_test(what_is_not_there),
	    cmocka_unit_test(failure_is_no_answer),
	    cmocka_unit_test(silence_ends_at_the_deadline_and_blocks_nobody),
	    cmocka_unit_test(server_that_works_for_a_while_is_waited_for),
	    cmocka_unit_test(truncated_answer_comes_by_tcp),
	    cmocka_unit_test(aliases),
	    cmocka_unit_test(odd_bytes_of_a_name_travel),
	    cmocka_unit_test(special_names_are_asked),
	    cmocka_unit_test(cache_answers_the_second_time),
	    cmocka_unit_test(ttl_of_zero_is_asked_again),
	    cmocka_unit_test(arena_that_ends_first),
	    cmocka_unit_test(thousand_askers_make_one_question),
	    cmocka_unit_test(threads_ask_beside_each_other),
	    cmocka_unit_test(close_leaves_pending_questions_behind),
	    cmocka_unit_test(unsigned_root_under_an_anchor_is_bogus),
	    cmocka_unit_test(anchor_that_is_none),
	    cmocka_unit_test(forwarder_that_is_no_address),
	};

	return cmocka_run_group_tests(tests, open_site, close_site);
}
