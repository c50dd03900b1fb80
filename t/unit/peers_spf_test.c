/* peers_spf_test.c - defects that other SPF implementations have had
 *
 * The items are numbered as in our list of them; the end-to-end half of item
 * 6 is in the tests with Postfix.
 */
#include "unit.h"

#include "base/buf.h"
#include "base/dns_memo.h"
#include "base/dns_zone.h"
#include "base/limits.h"
#include "mailauth/spf.h"
#include "mailauth/spf_macro.h"
#include "mailauth/spf_record.h"

static const struct deadline any_time = {INT64_MAX};

/* Numbers without a pattern, the same in every run. */
static uint32_t
next_random(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 8;
}

static struct spf_macro_values
values_of(struct text local_part)
{
	return (struct spf_macro_values){
	    .sender = local_part,
	    .local_part = local_part,
	    .sender_domain = TEXT("example.com"),
	    .domain = TEXT("example.com"),
	    .address = TEXT("192.0.2.1"),
	    .validated_name = TEXT("unknown"),
	    .version = TEXT("in-addr"),
	    .helo = TEXT("mx.example.com"),
	    .readable_address = TEXT("192.0.2.1"),
	    .receiver = TEXT("mx.test"),
	    .time = TEXT("0"),
	};
}

static struct text
random_string(struct arena *arena, uint32_t *seed)
{
	static const char *const pieces[] = {
	    "%{",  "}",	 "%",	 "%%", "%_", "%-", "l",	   "s", "d",	"R",
	    "r",   "1",	 "9999", "0",  "-",  "+",  "/",	   "_", "=",	",",
	    ".",   "a.", "com",	 " ",  "i",  "p",  "v",	   "h", "\x80", "t",
	    "%{d", "2r", "%{l",	 "L}", "}.", ":",  "%{S}", "c", "\xff", "\n",
	};
	unsigned count = 1 + next_random(seed) % 12;
	struct buf buf;

	buf_init(&buf, arena, 1000);
	while (count-- > 0)
		buf_string(&buf, pieces[next_random(seed) %
					(sizeof(pieces) / sizeof(*pieces))]);
	return buf_view(&buf);
}

/* CVE-2021-20314: macros in explanations; a million generated strings go
 * through check and expansion. */
static void
item_01_explanation_macros(void **state)
{
	struct spf_macro_values values = values_of(TEXT("a-b.c+d"));
	struct arena *arena = arena_new();
	unsigned good = 0, i;
	struct text string;
	uint32_t seed = 1;
	struct buf buf;

	for (i = 0; i < 1000000; i++) {
		string = random_string(arena, &seed);
		if (spf_macro_check(string, SPF_MACRO_IN_EXPLANATION, NULL)) {
			buf_init(&buf, arena, 2000);
			spf_macro_expand(string, &values, &buf);
			assert_true(buf_view(&buf).len <= 2000);
			good++;
		}
		if (i % 1000 == 0)
			arena_reset(arena);
	}
	assert_true(good > 100000);
	arena_free(arena);
}

/* CVE-2021-33912, CVE-2021-33913: long digits, all delimiters, bytes that
 * are negative as a char. */
static void
item_02_macro_sizes(void **state)
{
	char digits[129], local[65];
	struct spf_macro_values values;
	struct buf buf;
	char *string;

	memset(digits, '9', 128);
	digits[128] = '\0';
	memset(local, 0xff, 64);
	memcpy(local, "a+b-c/d=e_f.", 12);
	local[64] = '\0';
	values = values_of(text_of(local, 64));
	string = arena_printf(*state, "%%{l%sr+-/=_}", digits);
	assert_true(
	    spf_macro_check(text_from(string), SPF_MACRO_IN_DOMAIN, NULL));
	buf_init(&buf, *state, 1000);
	spf_macro_expand(text_from(string), &values, &buf);
	assert_int_equal(buf_view(&buf).len, 64);
	assert_true(text_ends_nocase(buf_view(&buf), TEXT(".e.d.c.b.a")));
	buf_clear(&buf);
	spf_macro_expand(TEXT("%{l1r+-/=_}"), &values, &buf);
	assert_text(buf_view(&buf), "a");
	buf_clear(&buf);
	spf_macro_expand(TEXT("%{L1+-/=_}"), &values, &buf);
	assert_int_equal(buf_view(&buf).len, 2 + 52 * 3);
	assert_true(text_starts(buf_view(&buf), TEXT("f.%FF%FF")));
}

/* CVE-2023-42118: macros that end where the buffer ends.  Each text has a
 * block of its own, so that a sanitizer sees one byte too many. */
static void
item_03_macro_at_end_of_buffer(void **state)
{
	static const char *const ends[] = {
	    "%",    "%{",    "%{}",    "%{d",	"%{d1",	  "%{dr",
	    "%{d-", "%{d1r", "%{d1r-", "a.%{d", "%{d}%{", "%{d}%",
	};
	struct spf_record record;
	char *block, *whole;
	size_t i, len;

	for (i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		len = strlen(ends[i]);
		block = test_malloc(len);
		memcpy(block, ends[i], len);
		assert_false(spf_macro_check(text_of(block, len),
					     SPF_MACRO_IN_DOMAIN, NULL));
		spf_macro_uses(text_of(block, len), 'p');
		test_free(block);
		whole = arena_printf(*state, "v=spf1 exists:%s", ends[i]);
		len = strlen(whole);
		block = test_malloc(len);
		memcpy(block, whole, len);
		assert_false(spf_record_parse(*state, text_of(block, len),
					      &record, NULL));
		test_free(block);
	}
}

/* What one check cost with this zone. */
static unsigned
questions_of(struct arena *arena, struct text zone_text,
	     struct spf_verdict *verdict)
{
	struct spf_query query = {.helo = TEXT("mx.example.com"),
				  .sender = TEXT("user@example.com"),
				  .receiver = TEXT("mx.test")};
	struct dns_zone *zone = dns_zone_parse(arena, zone_text, NULL);

	assert_non_null(zone);
	assert_true(ipaddr_parse(TEXT("192.0.2.1"), &query.client));
	spf_finish(spf_begin(arena, dns_zone_resolver(zone), &query), any_time,
		   verdict);
	return dns_zone_questions(zone);
}

/* the policy; ten terms; ten hosts for each mx; PTR and ten names; sent
 * ahead; exp= */
#define QUESTIONS_MAX (1 + 10 + 100 + 11 + LIMIT_SPF_AHEAD + 1)

/* Ten mx terms with ten hosts each, ptr with a hundred names, and more. */
static void
mx_and_ptr_flood(struct arena *arena)
{
	struct spf_verdict verdict;
	struct buf zone;
	int i, j;

	buf_init(&zone, arena, 1000000);
	buf_string(&zone, "example.com TXT \"v=spf1 ptr");
	for (i = 0; i < 30; i++)
		buf_printf(&zone, "%s mx:m%d.test", i % 10 ? "" : "\" \"", i);
	buf_string(&zone, " -all exp=%{p}.test\"\n");
	for (i = 0; i < 30; i++)
		for (j = 0; j < 10; j++)
			buf_printf(&zone,
				   "m%d.test MX 1 h%d-%d.test\n"
				   "h%d-%d.test A 198.51.100.1\n",
				   i, i, j, i, j);
	for (i = 0; i < 100; i++)
		buf_printf(&zone,
			   "1.2.0.192.in-addr.arpa PTR "
			   "n%d.example.com\n",
			   i);
	assert_in_range(questions_of(arena, buf_view(&zone), &verdict), 90,
			QUESTIONS_MAX);
	assert_int_equal(verdict.result, SPF_PERMERROR);
	assert_int_equal(verdict.lookups, LIMIT_SPF_TERMS);
}

/* A tree in which every policy includes thirty others. */
static void
include_tree(struct arena *arena)
{
	struct spf_verdict verdict;
	struct buf zone;
	int i, j;

	buf_init(&zone, arena, 1000000);
	for (i = 0; i < 30; i++) {
		if (i == 0)
			buf_string(&zone, "example.com");
		else
			buf_printf(&zone, "i%d.test", i);
		buf_string(&zone, " TXT \"v=spf1\"");
		for (j = 0; j < 30; j++)
			buf_printf(&zone, " \" include:i%d.test\"",
				   1 + (i * 7 + j) % 29);
		buf_string(&zone, " \" -all\"\n");
	}
	assert_in_range(questions_of(arena, buf_view(&zone), &verdict), 10,
			QUESTIONS_MAX);
	assert_int_equal(verdict.result, SPF_PERMERROR);
	assert_int_equal(verdict.lookups, LIMIT_SPF_TERMS);
}

/* A hundred names that do not exist. */
static void
void_flood(struct arena *arena)
{
	struct spf_verdict verdict;
	struct buf zone;
	int i;

	buf_init(&zone, arena, 100000);
	buf_string(&zone, "example.com TXT \"v=spf1\"");
	for (i = 0; i < 100; i++)
		buf_printf(&zone, " \" a:n%d.test\"", i);
	buf_string(&zone, "\n");
	assert_in_range(questions_of(arena, buf_view(&zone), &verdict), 4,
			1 + LIMIT_SPF_TERMS);
	assert_int_equal(verdict.result, SPF_PERMERROR);
	assert_int_equal(verdict.void_lookups, LIMIT_SPF_VOID + 1);
}

/* rspamd before 4.1.3 and others: expansion without a cap. */
static void
item_04_spf_amplification(void **state)
{
	mx_and_ptr_flood(*state);
	include_tree(*state);
	void_flood(*state);
}

/* The memo bounds what all checks of a message cause together. */
static void
item_04_questions_of_a_message(void **state)
{
	struct spf_query query = {.helo = TEXT("mx.example.com"),
				  .receiver = TEXT("mx.test")};
	struct dns_zone *zone = dns_zone_parse(
	    *state,
	    TEXT("*.example.com TXT \"v=spf1 a:1.%{l}.test a:2.%{l}.test"
		 " ?all\"\n"),
	    NULL);
	struct dns_memo *memo = dns_memo_new(*state, dns_zone_resolver(zone));
	struct spf_verdict verdict = {.result = SPF_PASS};
	int i;

	assert_true(ipaddr_parse(TEXT("192.0.2.1"), &query.client));
	for (i = 0; i < 200; i++) {
		query.sender = text_from(
		    arena_printf(*state, "l%d@d%d.example.com", i, i));
		spf_finish(spf_begin(*state, dns_memo_resolver(memo), &query),
			   any_time, &verdict);
	}
	assert_int_equal(verdict.result, SPF_TEMPERROR);
	assert_int_equal(dns_zone_questions(zone), LIMIT_DNS_QUESTIONS);
}

static void
try_record(struct arena *arena, const char *bytes, size_t len)
{
	char *block = test_malloc(len > 0 ? len : 1);
	struct text text = text_of(block, len);
	struct spf_record record;

	if (len > 0)
		memcpy(block, bytes, len);
	assert_false(spf_record_is(text));
	test_free(block);
	block = arena_printf(arena, "v=spf1 %.*s", (int)len, bytes);
	if (spf_record_is(text_from(block)))
		spf_record_parse(arena, text_from(block), &record, NULL);
}

/* rspamd 4.1.0 read past a bare "spf2."; KumoMTA stopped at U+200B. */
static void
item_05_short_records(void **state)
{
	static const char alphabet[] = "vsp=f12. a:%{}/-m\x80\xe2\xff";
	static const char *const odd[] = {
	    "spf2.",
	    "spf2",
	    "v=spf",
	    "\xe2\x80\x8b",
	    "\xe2\x80\x8bv=spf1 -all",
	    "v=spf1\xe2\x80\x8b",
	    "\xc3",
	    "\xff\xfe",
	    "spf2.0/pra -all",
	};
	struct arena *arena = arena_new();
	size_t count = sizeof(alphabet) - 1, all, i, len, rest;
	char bytes[4];

	for (i = 0; i < sizeof(odd) / sizeof(*odd); i++)
		try_record(arena, odd[i], strlen(odd[i]));
	for (len = 0, all = 1; len <= 4; len++, all *= count)
		for (i = 0; i < all; i++) {
			for (size_t at = 0; at < len; at++) {
				rest = i;
				for (size_t k = 0; k < at; k++)
					rest /= count;
				bytes[at] = alphabet[rest % count];
			}
			try_record(arena, bytes, len);
			if (i % 1000 == 0)
				arena_reset(arena);
		}
	arena_free(arena);
}

/* CVE-2019-20790: a HELO that passes says nothing of MAIL FROM. */
static void
item_06_helo_is_not_mail_from(void **state)
{
	static const struct {
		const char *sender;
		enum spf_result result;
		const char *domain;
	} cases[] = {
	    {"user@nonexistent.victim.example", SPF_NONE,
	     "nonexistent.victim.example"},
	    {"user@victim.example", SPF_FAIL, "victim.example"},
	    {"user@victim.example(comment", SPF_NONE, ""},
	    {"(user@attacker.example", SPF_PASS, "attacker.example"},
	    {"user", SPF_NONE, ""},
	    {"@", SPF_NONE, ""},
	    {"user@victim.example\n.attacker.example", SPF_NONE, ""},
	    {"user@victim.example,@attacker.example", SPF_PASS,
	     "attacker.example"},
	    /* the null sender is checked as postmaster@helo, and says so */
	    {"", SPF_PASS, "attacker.example"},
	};
	struct dns_zone *zone =
	    dns_zone_parse(*state,
			   TEXT("attacker.example TXT \"v=spf1 +all\"\n"
				"victim.example TXT \"v=spf1 -all\"\n"),
			   NULL);
	struct spf_query query = {.helo = TEXT("attacker.example")};
	struct spf_verdict verdict;
	size_t i;

	assert_true(ipaddr_parse(TEXT("192.0.2.1"), &query.client));
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		query.sender = text_from(cases[i].sender);
		spf_finish(spf_begin(*state, dns_zone_resolver(zone), &query),
			   any_time, &verdict);
		assert_int_equal(verdict.result, cases[i].result);
		assert_text(verdict.domain, cases[i].domain);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(item_01_explanation_macros),
	    arena_unit_test(item_02_macro_sizes),
	    arena_unit_test(item_03_macro_at_end_of_buffer),
	    arena_unit_test(item_04_spf_amplification),
	    arena_unit_test(item_04_questions_of_a_message),
	    arena_unit_test(item_05_short_records),
	    arena_unit_test(item_06_helo_is_not_mail_from),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
