/* peers_author_test.c - defects that other programs have had with From, each
 * as a test
 *
 * The items are numbered as in our list of them; the end-to-end halves are in
 * the tests with Postfix.
 */
#include "unit.h"

#include "base/dns_zone.h"
#include "mailauth/author.h"
#include "mailauth/dmarc.h"

static const struct deadline any_time = {INT64_MAX};

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
	    ("From: =?utf-8?b?PGJAbGVnaXRpbWF0ZS5leGFtcGxlPg==?=,"
	     "<a@attack.example>\r\n"),
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
	    ("From: =?utf-8?b?SsO2cmc=?=\r\n\t=?utf-8?q?_M=C3=BCller?="
	     " <a@b.example>\r\n"),
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
