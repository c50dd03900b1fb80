/* peers_headers_test.c - defects that other programs have had with
 * Authentication-Results, each as a test
 *
 * The items are numbered as in our list of them; the end-to-end halves are in
 * the tests with Postfix.
 */
#include "unit.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/limits.h"
#include "mailauth/auth_results.h"
#include "milter/forged.h"
#include "milter/results.h"

#define OUR_ID "mx.example.net"

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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
