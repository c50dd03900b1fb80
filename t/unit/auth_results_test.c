#include "unit.h"

#include "base/buf.h"
#include "base/limits.h"
#include "base/why.h"
#include "mailauth/auth_results.h"

static void
describe_method(struct buf *to, const struct auth_method *method)
{
	const struct auth_property *property;

	buf_printf(to, "|" TEXT_FMT, TEXT_ARG(method->method));
	if (method->version.len > 0)
		buf_printf(to, "/" TEXT_FMT, TEXT_ARG(method->version));
	buf_printf(to, "=" TEXT_FMT, TEXT_ARG(method->result));
	if (method->reason.len > 0)
		buf_printf(to, " [" TEXT_FMT "]", TEXT_ARG(method->reason));
	for (property = method->properties; property != NULL;
	     property = property->next)
		buf_printf(to, " " TEXT_FMT "." TEXT_FMT "=" TEXT_FMT,
			   TEXT_ARG(property->type), TEXT_ARG(property->name),
			   TEXT_ARG(property->value));
}

/* "id version|method=result [reason] type.name=value"; "~" before it if an
 * exception was needed, "!" and the reason if it does not parse. */
static struct text
describe(struct arena *arena, struct text value)
{
	struct auth_results results;
	const struct auth_method *method;
	struct why why;
	struct buf to;

	buf_init(&to, arena, LIMIT_AUTH_RESULTS_BYTES);
	if (!auth_results_parse(arena, value, &results, &why)) {
		buf_printf(&to, "!%s", why.text);
		return buf_view(&to);
	}
	if (results.lax)
		buf_char(&to, '~');
	buf_text(&to, results.id);
	if (results.version.len > 0)
		buf_printf(&to, " " TEXT_FMT, TEXT_ARG(results.version));
	for (method = results.methods; method != NULL; method = method->next)
		describe_method(&to, method);
	return buf_view(&to);
}

struct read_case {
	const char *value, *want;
};

static void
reads(void **state)
{
	static const struct read_case cases[] = {
	    {"example.net; none", "example.net"},
	    {" (x) \"example.net\" (y) 1 ; NONE (z)", "example.net 1"},
	    {"e.net; spf=pass smtp.mailfrom=a@b.example",
	     "e.net|spf=pass smtp.mailfrom=a@b.example"},
	    {"e.net;\r\n\tdkim=fail reason=\"bad; \\\"key\\\"\"\r\n\t"
	     "header.d=b.example header.b=\"a/b+=\"; spf=none",
	     "e.net|dkim=fail [bad; \"key\"] header.d=b.example "
	     "header.b=a/b+=|spf=none"},
	    {"e.net; dkim (a) / (b) 1 (c) = (d) pass (e) header (f) . (g) d "
	     "(h) = (i) b.example (j)",
	     "e.net|dkim/1=pass header.d=b.example"},
	    {"e.net; spf=pass reason=ok smtp.mailfrom=@b.example",
	     "e.net|spf=pass [ok] smtp.mailfrom=@b.example"},
	    {"e.net; auth=pass smtp.auth=\"a b\"@c.example",
	     "e.net|auth=pass smtp.auth=\"a b\"@c.example"},
	    {"e.net; x=y p.reason=z", "e.net|x=y p.reason=z"},
	    {"e.net; spf=pass smtp.mailfrom=prvs=1=a@b.example",
	     "e.net|spf=pass smtp.mailfrom=prvs=1=a@b.example"},
	    {"e.net; spf=pass smtp.mailfrom=\"x\r\n y\"",
	     "e.net|spf=pass smtp.mailfrom=x y"},
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_text(describe(*state, text_from(cases[i].value)),
			    cases[i].want);
}

static void
reads_what_is_common_and_harmless(void **state)
{
	static const struct read_case cases[] = {
	    {"e.net; spf=pass;", "~e.net|spf=pass"},
	    {"e.net; none;", "~e.net"},
	    {"e/net; none", "~e/net"},
	    {"e.net; dkim=pass header.b=/d5r+=",
	     "~e.net|dkim=pass header.b=/d5r+="},
	    {"e.net; iprev=pass policy.iprev=2001:db8::1",
	     "~e.net|iprev=pass policy.iprev=2001:db8::1"},
	    {"e.net; spf=fail smtp.helo=x reason=y",
	     "~e.net|spf=fail [y] smtp.helo=x"},
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_text(describe(*state, text_from(cases[i].value)),
			    cases[i].want);
}

static void
refuses(void **state)
{
	static const struct read_case cases[] = {
	    {"", "!no authserv-id"},
	    {"; spf=pass", "!no authserv-id"},
	    {"\"\"; spf=pass", "!no authserv-id"},
	    {"e.net", "!neither a result nor \"none\""},
	    {"e.net;", "!no method"},
	    {"e.net;;spf=pass", "!no method"},
	    {"spf=pass", "!neither a result nor \"none\""},
	    {"e.net x; spf=pass", "!neither a result nor \"none\""},
	    {"e.net; none; spf=pass", "!no '=' where one belongs"},
	    {"e.net; spf=pass; none", "!no '=' where one belongs"},
	    {"e.net; spf", "!no '=' where one belongs"},
	    {"e.net; spf=", "!no result"},
	    {"e.net; spf=pass x", "!no '.' where one belongs"},
	    {"e.net; spf=pass x.y", "!no '=' where one belongs"},
	    {"e.net; spf=pass x.y=", "!property without a value"},
	    {"e.net; spf=pass x.y=(c)", "!property without a value"},
	    {"e.net; spf=pass reason=", "!no value"},
	    {"e.net; spf=pass reason=a reason=b",
	     "!two reasons for one result"},
	    {"e.net; spf=pass \"x\"", "!no property type"},
	    {"e.net; spf=pass (x", "!comment without an end"},
	    {"e.net; spf=pass x.y=\"z", "!quoted string without an end"},
	    {"e.net; spf=pass\r\nX: y", "!byte 0x0d in a header field"},
	    {"e.net; spf/x=pass", "!no method version"},
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_text(describe(*state, text_from(cases[i].value)),
			    cases[i].want);
}

static void
methods_are_bounded(void **state)
{
	struct auth_results results;
	struct buf value;
	unsigned i;

	buf_init(&value, *state, LIMIT_AUTH_RESULTS_BYTES + 10);
	buf_string(&value, "e.net");
	for (i = 0; i < LIMIT_AUTH_RESULTS_METHODS; i++)
		buf_string(&value, ";a=b");
	assert_true(
	    auth_results_parse(*state, buf_view(&value), &results, NULL));
	buf_string(&value, ";a=b");
	assert_false(
	    auth_results_parse(*state, buf_view(&value), &results, NULL));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(reads),
	    arena_unit_test(reads_what_is_common_and_harmless),
	    arena_unit_test(refuses),
	    arena_unit_test(methods_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
