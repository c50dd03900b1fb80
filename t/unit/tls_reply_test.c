#include "unit.h"

#include "base/buf.h"
#include "base/limits.h"
#include "mailtls/tls_policy.h"
#include "mailtls/tls_reply.h"

/* The words of each dialect have case files: t/cases/tls.  Here: bounds. */

static struct text
written(struct arena *arena, const struct tls_policy *policy,
	enum tls_dialect dialect)
{
	struct buf to;

	buf_init(&to, arena, LIMIT_SOCKETMAP_REPLY_BYTES);
	tls_reply_write(&to, policy, dialect);
	assert_true(buf_view(&to).len <= LIMIT_SOCKETMAP_REPLY_BYTES);
	return buf_view(&to);
}

static bool
has(struct arena *arena, struct text text, const char *part)
{
	return strstr(text_string(arena, text), part) != NULL;
}

/* A policy file may be 64 KiB of one-byte lines. */
static void
reply_stays_below_the_ceiling(void **state)
{
	struct sts_mx mx = {.domain = {TEXT_INIT("mx.d.test")}};
	struct sts_policy sts = {
	    .mode = STS_MODE_ENFORCE, .mx = &mx, .count = 1};
	char *lines = arena_bytes(*state, LIMIT_STS_POLICY_BYTES);
	struct tls_policy policy = {.verdict = TLS_VERDICT_LEVEL,
				    .ground = TLS_GROUND_STS,
				    .level = TLS_LEVEL_SECURE,
				    .verified_level = TLS_LEVEL_SECURE,
				    .domain = {TEXT_INIT("d.test")},
				    .sts = &sts};
	struct text reply;
	size_t i;

	for (i = 0; i < LIMIT_STS_POLICY_BYTES; i++)
		lines[i] = i % 2 ? '\n' : 'a';
	policy.sts_file = text_of(lines, 100);
	reply = written(*state, &policy, TLS_DIALECT_POLICY_TLSRPT);
	assert_true(has(*state, reply, "{ policy_string = a }"));
	policy.sts_file = text_of(lines, LIMIT_STS_POLICY_BYTES);
	reply = written(*state, &policy, TLS_DIALECT_POLICY_TLSRPT);
	assert_text(reply, "OK secure match=mx.d.test servername=hostname "
			   "policy_type=sts policy_domain=d.test "
			   "mx_host_pattern=mx.d.test");
}

/* As many names, as long as they can be, still go into one reply. */
static void
longest_names(void **state)
{
	struct sts_mx mx[LIMIT_STS_MX];
	char name[LIMIT_DOMAIN_BYTES];
	struct sts_policy sts = {
	    .mode = STS_MODE_ENFORCE, .mx = mx, .count = LIMIT_STS_MX};
	struct tls_policy policy = {.verdict = TLS_VERDICT_LEVEL,
				    .ground = TLS_GROUND_STS,
				    .level = TLS_LEVEL_SECURE,
				    .domain = {TEXT_INIT("d.test")},
				    .sts = &sts};
	size_t i;

	for (i = 0; i < sizeof(name); i++)
		name[i] = i % 50 == 49 ? '.' : 'a';
	for (i = 0; i < LIMIT_STS_MX; i++)
		mx[i] = (struct sts_mx){.domain = {text_of(name, sizeof(name))},
					.wildcard = true};
	assert_true(
	    text_starts(written(*state, &policy, TLS_DIALECT_POLICY_TLSRPT),
			TEXT("OK secure match=.aaa")));
}

static void
refusals_are_one_printable_line(void **state)
{
	char why[1000];
	struct tls_policy policy = {.verdict = TLS_VERDICT_TEMP, .why = why};
	struct text reply;

	memset(why, 'x', sizeof(why));
	memcpy(why, "\n\xff{ }", 5);
	why[sizeof(why) - 1] = '\0';
	reply = written(*state, &policy, TLS_DIALECT_POLICY);
	assert_true(text_starts(reply, TEXT("TEMP ??{ }xx")));
	assert_int_equal(reply.len, 305);
}

static void
cleared_memory_is_no_answer(void **state)
{
	struct tls_policy policy = {0};
	unsigned i;

	for (i = 0; i < TLS_DIALECTS; i++)
		assert_true(
		    text_starts(written(*state, &policy, tls_dialect_at(i)),
				TEXT("TEMP ")));
	assert_true(text_starts(written(*state, &policy, TLS_DIALECT_UNKNOWN),
				TEXT("PERM ")));
}

static void
dialects_by_name(void **state)
{
	unsigned i;

	for (i = 0; i < TLS_DIALECTS; i++)
		assert_int_equal(tls_dialect_of(text_from(
				     tls_dialect_name(tls_dialect_at(i)))),
				 tls_dialect_at(i));
	assert_int_equal(tls_dialect_at(TLS_DIALECTS), TLS_DIALECT_UNKNOWN);
	assert_int_equal(tls_dialect_of(TEXT("Policy")), TLS_DIALECT_UNKNOWN);
	assert_null(tls_dialect_name(TLS_DIALECT_UNKNOWN));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(reply_stays_below_the_ceiling),
	    arena_unit_test(longest_names),
	    arena_unit_test(refusals_are_one_printable_line),
	    arena_unit_test(cleared_memory_is_no_answer),
	    arena_unit_test(dialects_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
