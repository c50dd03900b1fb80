/* peers_headers_test.c - defects that other programs have had with From and
 * Authentication-Results, each as a test
 *
 * The items are numbered as in our list of them; the end-to-end halves are in
 * the tests with Postfix.
 */
#include "unit.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/dns_zone.h"
#include "base/limits.h"
#include "mailauth/auth_results.h"
#include "mailauth/author.h"
#include "milter/forged.h"
#include "milter/results.h"

#define OUR_ID "mx.example.net"

static const struct deadline any_time = {INT64_MAX};

/* --- forged fields --- */

static struct text own_ids[] = {TEXT_INIT(OUR_ID)};
static struct milter_options options;
static struct engine engine = {
    .options = &options,
    .authserv_id = TEXT_INIT(OUR_ID),
    .own_ids = own_ids,
    .own_id_count = 1,
};

/* Whether field `number` of the header section is a forged one. */
static bool
is_forged_at(unsigned number, unsigned pattern)
{
	switch (pattern) {
	case 0:
		return true;
	case 1:
		return number % 2 == 0;
	case 2:
		return number % 3 != 0;
	default:
		return number % 7 < 3;
	}
}

/* As an MTA removes: by number among the fields of that name, which are
 * counted anew after each removal. */
static void
remove_fields(bool *there, unsigned fields, const struct forged_list *list)
{
	size_t i;

	for (i = list->count; i > 0; i--) {
		unsigned number = list->numbers[i - 1], at;

		for (at = 0; at < fields; at++)
			if (there[at] && --number == 0)
				break;
		assert_true(at < fields);
		there[at] = false;
	}
}

static void
check_removal(struct arena *arena, unsigned fields, unsigned pattern)
{
	struct forged forged = {.results = {.count = 0}};
	bool there[200];
	unsigned i;

	for (i = 0; i < fields; i++) {
		there[i] = true;
		forged_note(&forged, arena, &engine, TEXT("X-Other"),
			    TEXT(" " OUR_ID "; none"));
		forged_note(&forged, arena, &engine,
			    TEXT("Authentication-Results"),
			    is_forged_at(i, pattern)
				? TEXT(" " OUR_ID "; dkim=pass")
				: TEXT(" mx.example.org; dkim=pass"));
	}
	remove_fields(there, fields, &forged.results);
	for (i = 0; i < fields; i++)
		assert_int_equal(there[i], !is_forged_at(i, pattern));
}

static void
item_11_forged_fields_1_to_50(void **state)
{
	unsigned fields, pattern;

	for (fields = 1; fields <= 50; fields++)
		for (pattern = 0; pattern < 4; pattern++)
			check_removal(*state, fields, pattern);
}

static void
item_12_spellings_of_our_id(void **state)
{
	static const struct text spellings[] = {
	    TEXT_INIT(" mx.example.net."),
	    TEXT_INIT(" MX.EXAMPLE.NET"),
	    TEXT_INIT(" \"mx.example.net\""),
	    TEXT_INIT(" \"m\\x.example.net\""),
	    TEXT_INIT(" (c) mx.example.net (c)"),
	    TEXT_INIT("\r\n\tmx.example.net"),
	    TEXT_INIT("\tmx.example.net\t"),
	    TEXT_INIT(" mx.example.net 1"),
	    TEXT_INIT(" mx.example.net. (v) 1"),
	    TEXT_INIT(" mx.example.net\0.org"),
	    TEXT_INIT(" "),
	    TEXT_INIT(" \"\""),
	    TEXT_INIT(" mx\xef\xbc\x8e"
		      "example.net"),
	};
	struct forged forged = {.results = {.count = 0}};
	size_t i;

	for (i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++) {
		struct buf value;

		buf_init(&value, *state, 1000);
		buf_text(&value, spellings[i]);
		buf_string(&value, "; dkim=pass header.d=bank.example");
		forged_note(&forged, *state, &engine,
			    TEXT("authentication-RESULTS "), buf_view(&value));
		if (forged.results.count != i + 1)
			fail_msg("[" TEXT_FMT "]", TEXT_ARG(spellings[i]));
	}
}

static void
item_12_u_label_and_a_label(void **state)
{
	struct text u_labels = TEXT(" mx.b\xc3\xbc"
				    "cher.example; none");
	struct text a_labels = TEXT(" mx.xn--bcher-kva.example; none");

	assert_true(auth_results_claims(*state, u_labels,
					TEXT("mx.xn--bcher-kva.example")));
	assert_true(auth_results_claims(*state, a_labels,
					TEXT("mx.b\xc3\xbc"
					     "cher.example")));
}

/* A field is compared as a whole or not at all. */
static void
item_14_long_values_are_not_cut_to_match(void **state)
{
	struct buf value;
	size_t i;

	for (i = 1; i < 5000; i += 13) {
		buf_init(&value, *state, 6000);
		buf_string(&value, OUR_ID);
		while (value.len < i + strlen(OUR_ID))
			buf_char(&value, 'x');
		buf_string(&value, ".example; none");
		assert_false(auth_results_claims(*state, buf_view(&value),
						 TEXT(OUR_ID)));
	}
	/* and a comment that pushes the id away does not hide it */
	buf_init(&value, *state, 100000);
	buf_char(&value, '(');
	while (value.len < 90000)
		buf_char(&value, 'x');
	buf_string(&value, ") " OUR_ID "; none");
	assert_true(
	    auth_results_claims(*state, buf_view(&value), TEXT(OUR_ID)));
}

/* --- what we write --- */

static const struct text hostile[] = {
    TEXT_INIT("example.net(.example.com"),
    TEXT_INIT("example.net\".example.com"),
    TEXT_INIT("bank.example; dmarc=pass header.from=bank.example"),
    TEXT_INIT("a\r\nAuthentication-Results: " OUR_ID "; dmarc=pass"),
    TEXT_INIT("a\r\n\r\nbody"),
    TEXT_INIT("a\nb"),
    TEXT_INIT("a\rb"),
    TEXT_INIT("a\0b"),
    TEXT_INIT("\\"),
    TEXT_INIT("\""),
    TEXT_INIT("("),
    TEXT_INIT(")"),
    TEXT_INIT("((\\"),
    TEXT_INIT(";"),
    TEXT_INIT(" = ; \" ("),
    TEXT_INIT("\xc3\xa4\xff\x80"),
    TEXT_INIT("=?utf-8?q?a=0Ab?="),
    TEXT_INIT("\x1b[2J"),
};

#define HOSTILE (sizeof(hostile) / sizeof(hostile[0]))

/* A session in which every word that comes from outside is `value`. */
static void
fill_session(struct session *session, struct arena *arena,
	     struct dkim_signature_result *dkim, size_t dkim_count,
	     struct text value)
{
	struct verdict *verdict = &session->verdict;
	const char *reason = text_string(arena, value);
	size_t i;

	memset(session, 0, sizeof(*session));
	session->engine = &engine;
	session->arena = arena;
	session->login = session->sender = session->client_helo = value;
	ipaddr_parse(TEXT("192.0.2.1"), &verdict->client);
	verdict->iprev = (struct iprev_verdict){
	    .result = IPREV_PASS, .name = value, .reason = reason};
	verdict->mail_from = verdict->helo = (struct spf_verdict){
	    .result = SPF_FAIL, .domain = value, .reason = reason};
	for (i = 0; i < dkim_count; i++)
		dkim[i] = (struct dkim_signature_result){.result = DKIM_FAIL,
							 .domain = {value},
							 .selector = value,
							 .identity = value,
							 .algorithm = value,
							 .header_b = value,
							 .bits = 2048,
							 .reason = reason};
	verdict->dkim = dkim;
	verdict->dkim_count = dkim_count;
	verdict->arc.result = ARC_FAIL;
	verdict->arc.reason = reason;
	verdict->dmarc.result = DMARC_FAIL;
	verdict->dmarc.reason = reason;
	verdict->dmarc.author.name = value;
	verdict_add_override(verdict, OVERRIDE_LOCAL_POLICY, reason);
}

/* No line that is no folding, nothing but printable ASCII. */
static void
assert_harmless(struct text field)
{
	size_t i, line = 0;

	for (i = 0; i < field.len; i++) {
		char c = field.at[i];

		line = c == '\n' ? 0 : line + 1;
		assert_true(line < 998 - strlen("Authentication-Results: "));
		if (c == '\r') {
			assert_true(i + 2 < field.len);
			assert_true(field.at[i + 1] == '\n');
			assert_true(field.at[i + 2] == ' ' ||
				    field.at[i + 2] == '\t');
		} else if (c != '\n' && c != '\t') {
			assert_in_range(c, ' ', '~');
		}
	}
}

static void
check_field(struct arena *arena, struct text value, size_t dkim_count)
{
	static const char *const wanted[] = {"auth", "iprev", "spf",
					     "spf",  "dmarc", "arc"};
	struct dkim_signature_result dkim[LIMIT_DKIM_SIGNATURES * 2];
	const struct auth_method *method;
	struct auth_results results;
	struct session session;
	struct text field;
	size_t i;

	fill_session(&session, arena, dkim, dkim_count, value);
	field = results_write(&session);
	assert_harmless(field);
	assert_true(auth_results_parse(arena, field, &results, NULL));
	assert_text(results.id, OUR_ID);
	method = results.methods;
	for (i = 0; i < 6; i++, method = method->next)
		assert_text(method->method, wanted[i]);
	for (i = 0; method != NULL; i++, method = method->next) {
		assert_text(method->method, "dkim");
		assert_text(method->result, "fail");
	}
	assert_true(i == dkim_count || (value.len > 1000 && i > 10));
}

/* espoofer A4 to A7: d= and MAIL FROM that end the value, CVE-2020-12272. */
static void
item_25_values_that_end_the_value(void **state)
{
	static const char *const values[] = {
	    "legitimate.example(.attack.example",
	    "legitimate.example\".attack.example",
	    "legitimate.example'@a.attack.example",
	    "legitimate.example(.attack.example)",
	    "\"<any@legitimate.example>\"@attack.example",
	    "x@legitimate.example),(.attack.example",
	};
	size_t i;

	for (i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		check_field(*state, text_from(values[i]), 1);
}

static void
item_26_hostile_bytes_in_every_value(void **state)
{
	char one[1];
	size_t i;

	for (i = 0; i < HOSTILE; i++)
		check_field(*state, hostile[i], 2);
	for (i = 0; i < 256; i++) {
		one[0] = (char)i;
		check_field(*state, text_of(one, 1), 1);
	}
}

static void
item_26_as_many_and_as_long_as_can_be(void **state)
{
	char *value = test_malloc(5000);

	memset(value, '"', 5000);
	check_field(*state, text_of(value, 5000), LIMIT_DKIM_SIGNATURES * 2);
	memset(value, 'x', 5000);
	check_field(*state, text_of(value, 5000), LIMIT_DKIM_SIGNATURES * 2);
	test_free(value);
}

/* --- who the author is --- */

static void
find_author(struct arena *arena, struct text raw, struct author *author)
{
	struct message message;

	message_init(&message, arena);
	message_parse(&message, raw);
	author_find(arena, &message, author);
}

/* `legitimate` must not come out alone, which is what would let it pass. */
static void
assert_not_one(struct arena *arena, const char *raw)
{
	struct author author;

	find_author(arena, text_from(raw), &author);
	if (author.status == AUTHOR_ONE || author.status == AUTHOR_NONE)
		fail_msg("[%s] has the author " TEXT_FMT, raw,
			 TEXT_ARG(author.domains[0].name));
}

static void
assert_ambiguous(struct arena *arena, const char *raw)
{
	struct author author;

	find_author(arena, text_from(raw), &author);
	if (author.status != AUTHOR_AMBIGUOUS)
		fail_msg("[%s] is %s: " TEXT_FMT, raw,
			 author_status_name(author.status),
			 TEXT_ARG(author.domains[0].name));
	assert_non_null(author.reason);
}

/* espoofer A8 to A14 */
static void
item_27_several_authors(void **state)
{
	static const char *const raws[] = {
	    "From: <a@attack.example>\r\nFrom: <b@legitimate.example>\r\n",
	    "From : <a@attack.example>\r\nFrom: <b@legitimate.example>\r\n",
	    "From: <a@attack.example>\r\nfrom : <b@legitimate.example>\r\n",
	    "From\t: <a@attack.example>\r\nFrom: <b@legitimate.example>\r\n",
	    "From: <a@attack.example>, <b@legitimate.example>\r\n",
	    "From: a@attack.example, b@legitimate.example\r\n",
	    "From: <b@legitimate.example>,<a@attack.example>\r\n",
	    "From: =?utf-8?b?PGJAbGVnaXRpbWF0ZS5leGFtcGxlPg==?=,"
	    "<a@attack.example>\r\n",
	    "From: g:a@attack.example,b@legitimate.example;\r\n",
	    "From: g:a@attack.example;,b@legitimate.example\r\n",
	};
	struct author author;
	size_t i;

	for (i = 0; i < sizeof(raws) / sizeof(raws[0]); i++)
		assert_not_one(*state, raws[i]);
	find_author(*state, text_from(raws[4]), &author);
	assert_int_equal(author.status, AUTHOR_SEVERAL_DOMAINS);
	assert_int_equal(author.domain_count, 2);
}

/* CVE-2021-34555 */
static void
item_28_no_domain(void **state)
{
	static const char *const raws[] = {
	    "From: a\r\n",    "From: a@\r\n",	   "From: <a>\r\n",
	    "From: <a@>\r\n", "From: @\r\n",	   "From: <@>\r\n",
	    "From: <>\r\n",   "From:\r\n",	   "From: \"\"\r\n",
	    "From: ()\r\n",   "From: ,\r\n",	   "From: :;\r\n",
	    "From: a:;\r\n",  "From: \"a@b\"\r\n", "From: a@.\r\n",
	    "From: a@[]\r\n", "From: a@[\r\n",	   "From: <<>>\r\n",
	};
	struct author author;
	size_t i;

	for (i = 0; i < sizeof(raws) / sizeof(raws[0]); i++) {
		find_author(*state, text_from(raws[i]), &author);
		assert_int_equal(author.domain_count, 0);
		assert_true(author.status == AUTHOR_NONE ||
			    author.status == AUTHOR_AMBIGUOUS);
		assert_non_null(author.reason);
	}
}

/* espoofer A15 to A19, CVE-2026-63435, CVE-2023-27043, and further ways to
 * show one author to a verifier and another one to people */
static void
item_29_readers_that_differ(void **state)
{
	static const char *const raws[] = {
	    "From: <@attack.example,@any.example:b@legitimate.example>\r\n",
	    "From: <@attack.example:b@legitimate.example>\r\n",
	    "From: <b@legitimate.example>\\,<a@attack.example>\r\n",
	    "From: b@legitimate.example\\,a@attack.example\r\n",
	    "From: <b@legitimate.example>(<a@attack.example>)\r\n",
	    "From: <a@attack.example> b@legitimate.example\r\n",
	    "From: <a@attack.example> <b@legitimate.example>\r\n",
	    "From: b@legitimate.example <a@attack.example>\r\n",
	    "From: <b@legitimate.example> <a@attack.example\r\n",
	    "From: b@legitimate.example;a@attack.example\r\n",
	    "From: <a@attack.example>;<b@legitimate.example>\r\n",
	    "From: b@legitimate.example(a@attack.example)\r\n",
	    "From: \"a\"<b@legitimate.example>b@attack.example\r\n",
	    "From: <<a@attack.example>b@legitimate.example>\r\n",
	    "From: b@legitimate.example>a@attack.example\r\n",
	    "From: (a@attack.example b@legitimate.example\r\n",
	    "From: \"a <a@attack.example> b@legitimate.example\r\n",
	    "From: b@legitimate.example\r a@attack.example\r\n",
	    "From: b@legitimate.example\r\n <a@attack.example>\r\n",
	    "From: b@legitimate.example (c).attack.example\r\n",
	    "From: b@legitimate.example(c).attack.example\r\n",
	    "From: b@legitimate.example@attack.example\r\n",
	    "From: \"b@legitimate.example\"@attack.example\r\n",
	    "From: \"b <b@legitimate.example>\"@attack.example\r\n",
	    "From: b@legitimate.example\\@attack.example\r\n",
	    "From: =?utf-8?b?YkBsZWdpdGltYXRlLmV4YW1wbGU=?="
	    "=?utf-8?q?=00?=@attack.example\r\n",
	    "From: =?utf-8?q?b=40legitimate.example=0A?="
	    " <a@attack.example>\r\n",
	    "From: =?utf-8?q?=3Cb=40legitimate.example=3E?="
	    " <a@attack.example>\r\n",
	    "From: =?utf-8?q?=3Cb=40legitimate.example=3E, ?="
	    " <a@attack.example>\r\n",
	    "From: =?utf-7?q?b+AEA-legitimate.example?="
	    " <a@attack.example>\r\n",
	    "From: <=?utf-8?q?b=40legitimate.example?=@attack.example>\r\n",
	    "From: \"b\\\" <b@legitimate.example> \" <a@attack.example>\r\n",
	    "From: b@legitimate.example,\r\n",
	};
	size_t i, count = sizeof(raws) / sizeof(raws[0]);
	struct author author;

	for (i = 0; i + 1 < count; i++)
		assert_ambiguous(*state, raws[i]);
	/* the last one is read the same by all */
	find_author(*state, text_from(raws[count - 1]), &author);
	assert_int_equal(author.status, AUTHOR_ONE);
}

static void
item_29_nul_in_from(void **state)
{
	static const struct text raws[] = {
	    TEXT_INIT("From: b@legitimate.example\0.attack.example\r\n"),
	    TEXT_INIT("From: <b@legitimate.example\0@attack.example>\r\n"),
	    TEXT_INIT("From: \"b\0\" <b@legitimate.example>\r\n"),
	};
	struct author author;
	size_t i;

	for (i = 0; i < sizeof(raws) / sizeof(raws[0]); i++) {
		find_author(*state, raws[i], &author);
		assert_int_equal(author.status, AUTHOR_AMBIGUOUS);
	}
}

/* What a lax parser lets through must not cost ordinary mail its author. */
static void
item_30_ordinary_names_keep_their_author(void **state)
{
	static const char *const raws[] = {
	    "From: \"Doe, Joe\" <a@b.example>\r\n",
	    "From: Doe, Joe via List <a@b.example>\r\n",
	    "From: \"a@b.example\" <a@b.example>\r\n",
	    "From: a@b.example <a@b.example>\r\n",
	    "From: \"x@other.example\" <a@b.example>\r\n",
	    "From: 'x@other.example' via Group <a@b.example>\r\n",
	    "From: =?utf-8?q?J=C3=B6rg?= <a@b.example>\r\n",
	    "From: =?utf-8?b?SsO2cmc=?=\r\n\t=?utf-8?q?_M=C3=BCller?="
	    " <a@b.example>\r\n",
	    "From: J\xf6rg <a@b.example>\r\n",
	    "From: Joe (work) Doe <a@b.example>\r\n",
	    "From: a@b.example (Joe Doe)\r\n",
	    "From: Joe Q. Doe <a@b.example>\r\n",
	    "From: [Ticket #1] Joe <a@b.example>\r\n",
	    "From: \"Joe \\\"J\\\" Doe\" <a@b.example>\r\n",
	    "From: <A@B.EXAMPLE>\r\n",
	};
	struct author author;
	size_t i;

	for (i = 0; i < sizeof(raws) / sizeof(raws[0]); i++) {
		find_author(*state, text_from(raws[i]), &author);
		if (i == 5) {
			/* unquoted: parsers take either address */
			assert_int_equal(author.status, AUTHOR_AMBIGUOUS);
			continue;
		}
		if (author.status != AUTHOR_ONE)
			fail_msg("[%s] %s", raws[i], author.reason);
		assert_text(author.domains[0].name, "b.example");
	}
}

/* --- alignment --- */

struct alignment_case {
	const char *author, *identifier;
	bool relaxed, strict;
};

static void
item_31_strict_and_relaxed_alignment(void **state)
{
	static const struct alignment_case cases[] = {
	    {"a.example", "a.example", true, true},
	    {"a.example", "b.a.example", true, false},
	    {"b.a.example", "a.example", true, false},
	    {"b.a.example", "c.a.example", true, false},
	    {"a.example", "other.example", false, false},
	    {"a.example", "aa.example", false, false},
	    {"one.psd.example", "two.psd.example", false, false},
	    {"one.psd.example", "psd.example", false, false},
	    {"one.psd.example", "x.one.psd.example", true, false},
	};
	static const char records[] =
	    "_dmarc.a.example. TXT \"v=DMARC1; p=reject\"\n"
	    "_dmarc.other.example. TXT \"v=DMARC1; p=reject\"\n"
	    "_dmarc.aa.example. TXT \"v=DMARC1; p=reject\"\n"
	    "_dmarc.one.psd.example. TXT \"v=DMARC1; p=reject\"\n"
	    "_dmarc.two.psd.example. TXT \"v=DMARC1; p=reject\"\n"
	    "_dmarc.psd.example. TXT \"v=DMARC1; p=reject; psd=y\"\n";
	struct dmarc_discovery *discovery;
	struct dns_zone *zone;
	size_t i;
	int strict;

	zone = dns_zone_parse(*state, text_from(records), NULL);
	assert_non_null(zone);
	for (i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]); i++) {
		const struct alignment_case *one = &cases[i / 2];
		struct domain author = {text_from(one->author)};
		struct domain identifier = {text_from(one->identifier)};
		bool temperror = false;

		strict = i % 2;
		discovery = dmarc_discovery_new(*state, dns_zone_resolver(zone),
						DMARC_TREEWALK, NULL);
		if (dmarc_is_aligned(discovery, author, identifier, strict,
				     any_time, &temperror) !=
		    (strict ? one->strict : one->relaxed))
			fail_msg("%s and %s, %s", one->author, one->identifier,
				 strict ? "strict" : "relaxed");
		assert_false(temperror);
	}
}

/* --- bytes as received --- */

/* The author comes from the bytes of From alone: no alias, no other field
 * that names people, and reading the message changes nothing. */
static void
item_32_wire_bytes_count(void **state)
{
	static const char raw[] =
	    "Resent-From: r@resent.example\r\n"
	    "Sender: s@sender.example\r\n"
	    "Reply-To: t@reply.example\r\n"
	    "X-Original-From: o@original.example\r\n"
	    "From: =?utf-8?q?A?=\r\n <\"a\"@B.example>\r\n"
	    "\r\n";
	struct message message;
	struct author author;
	struct text before;

	message_init(&message, *state);
	message_parse(&message, text_from(raw));
	before = text_copy(*state, message.bottom->value);
	field_unfolded(*state, message.bottom);
	author_find(*state, &message, &author);
	author_find(*state, &message, &author);
	assert_int_equal(author.status, AUTHOR_ONE);
	assert_text(author.domains[0].name, "b.example");
	assert_true(text_equal(message.bottom->value, before));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(item_11_forged_fields_1_to_50),
	    arena_unit_test(item_12_spellings_of_our_id),
	    arena_unit_test(item_12_u_label_and_a_label),
	    arena_unit_test(item_14_long_values_are_not_cut_to_match),
	    arena_unit_test(item_25_values_that_end_the_value),
	    arena_unit_test(item_26_hostile_bytes_in_every_value),
	    arena_unit_test(item_26_as_many_and_as_long_as_can_be),
	    arena_unit_test(item_27_several_authors),
	    arena_unit_test(item_28_no_domain),
	    arena_unit_test(item_29_readers_that_differ),
	    arena_unit_test(item_29_nul_in_from),
	    arena_unit_test(item_30_ordinary_names_keep_their_author),
	    arena_unit_test(item_31_strict_and_relaxed_alignment),
	    arena_unit_test(item_32_wire_bytes_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
