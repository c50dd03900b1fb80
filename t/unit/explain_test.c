#include "unit.h"

#include "base/buf.h"
#include "base/dns_zone.h"
#include "base/json.h"
#include "postfix-policy/explain.h"

#define GOOD                                                                   \
	"3 1 1 "                                                               \
	"2291173f1d0cfe66f43d32f44888c25d64371c91b7ce4482b82364b8332e075f"

static const struct deadline any_time = {INT64_MAX};

/* d.test has an enforced policy, all others have none. */
static void
known_sts(void *context, struct arena *arena, struct resolver *resolver,
	  struct domain domain, struct deadline deadline,
	  struct sts_state *state)
{
	const char *const *file = context;

	*state = (struct sts_state){.result = STS_ABSENT, .detail = ""};
	if (!text_equal(domain.name, TEXT("d.test")))
		return;
	state->file = text_from(*file);
	assert_true(sts_policy_parse(arena, state->file, &state->policy, NULL));
	state->result = STS_PRESENT;
	state->id = TEXT("20261122");
	state->fetched_s = 1795000000;
	state->expires_s = 1795600000;
}

static const char *const policy_file =
    "version: STSv1\nmode: enforce\nmx: *.d.test\nmax_age: 600000\n";

static struct explained
look(struct arena *arena, const char *key, bool with_sts)
{
	static const char zone_text[] =
	    "$TTL 300\nd.test MX 10 mx.d.test\nmx.d.test A 192.0.2.1\n"
	    "$DNSSEC secure\ne.test MX 10 mx.e.test\nmx.e.test A 192.0.2.2\n"
	    "e.test MX 20 b.e.test\nb.e.test A 192.0.2.3\n"
	    "_25._tcp.mx.e.test TLSA " GOOD "\n"
	    "_25._tcp.mx.e.test TLSA 1 0 1 00ff\n"
	    "_25._tcp.b.e.test TLSA !SERVFAIL\n";
	struct dns_zone *zone =
	    dns_zone_parse(arena, text_from(zone_text), NULL);
	struct tls_override override = {.level = TLS_LEVEL_MAY,
					.is_parent = true,
					.reason = TEXT_INIT("bad\x1b[1m cert"),
					.until_s = 2000000000};
	struct explain_sources sources = {
	    .resolver = dns_zone_resolver(zone),
	    .sts = with_sts ? known_sts : NULL,
	    .context = (void *)(uintptr_t)&policy_file,
	    .overrides = arena_copy(arena, &override, sizeof(override)),
	    .override_count = 1,
	    .override_trouble = with_sts ? NULL : "nobody answers",
	    .now_s = 1795100000,
	    .deadline = any_time};
	struct tls_override *only =
	    (struct tls_override *)(uintptr_t)sources.overrides;
	struct explained explained;

	assert_true(domain_parse(arena, TEXT("odd.test"), &only->domain, NULL));
	explain_look(arena, &sources, text_from(key), &explained);
	return explained;
}

static const char *
page_of(struct arena *arena, const struct explained *explained)
{
	struct buf to;

	buf_init(&to, arena, 1u << 20);
	explain_write(arena, explained, &to);
	assert_true(buf_ok(&to));
	return buf_cstring(&to);
}

static void
page_of_mta_sts(void **state)
{
	struct explained explained = look(*state, "D.Test", true);

	assert_string_equal(
	    page_of(*state, &explained),
	    "D.Test: mail goes to servers with a verified certificate only\n"
	    "          the MTA-STS policy is enforced\n"
	    "MX        not signed\n"
	    "DANE      none\n"
	    "       10 mx.d.test  none: the MX records are not signed\n"
	    "MTA-STS   enforce, id 20261122, fetched 2026-11-18 11:06 UTC, "
	    "good until 2026-11-25 09:46 UTC\n"
	    "          mx: *.d.test\n"
	    "replies\n"
	    "    policy         OK secure match=.d.test servername=hostname\n"
	    "    policy-tlsrpt  OK secure match=.d.test servername=hostname "
	    "policy_type=sts policy_domain=d.test "
	    "{ policy_string = version: STSv1 } "
	    "{ policy_string = mode: enforce } "
	    "{ policy_string = mx: *.d.test } "
	    "{ policy_string = max_age: 600000 } mx_host_pattern=*.d.test\n"
	    "    requiretls     OK secure match=.d.test servername=hostname\n"
	    "    sts            OK secure match=.d.test servername=hostname\n"
	    "DNS\n"
	    "    MX    d.test  found, insecure\n");
}

static void
page_of_dane(void **state)
{
	struct explained explained = look(*state, "e.test", true);
	const char *page = page_of(*state, &explained);

	assert_non_null(strstr(page, "servers verified by DANE only\n"));
	assert_non_null(strstr(page,
			       "MX        signed (DNSSEC)\n"
			       "DANE      every host\n"
			       "       10 mx.e.test  usable\n"
			       "          TLSA at _25._tcp.mx.e.test\n"
			       "            3 1 1 2291173f1d0cfe66...\n"));
	assert_non_null(strstr(page, "1 0 1 00ff  of no use: usage 1"));
	assert_non_null(strstr(page, "       20 b.e.test  unknown: TLSA could "
				     "not be asked: SERVFAIL\n"));
	assert_non_null(strstr(page, "problems  tlsa-invalid b.e.test"));
}

static void
page_of_an_override(void **state)
{
	struct explained explained = look(*state, "x.odd.test", true);
	const char *page = page_of(*state, &explained);

	assert_non_null(
	    strstr(page, "mail goes with TLS if the server has it"));
	assert_non_null(
	    strstr(page, "override  .odd.test: may, until 2033-05-18 03:33 "
			 "UTC\n"));
	assert_null(strchr(page, '\x1b'));
	assert_null(strstr(page, "MX  "));
}

static void
what_was_not_asked_makes_mail_wait(void **state)
{
	struct explained explained = look(*state, "d.test", false);

	assert_int_equal(explained.policy.ground, TLS_GROUND_STS_UNKNOWN);
	assert_non_null(strstr(page_of(*state, &explained), "mail waits\n"));
	assert_non_null(strstr(page_of(*state, &explained),
			       "override  not known, this is without: nobody "
			       "answers\n"));
}

static struct text
member(const struct json *json, const char *one, const char *two)
{
	struct text text = text_of(NULL, 0);

	json = json_member(json, one);
	if (json != NULL && two != NULL)
		json = json_member(json, two);
	if (json != NULL)
		json_text(json, &text);
	return text;
}

static void
object_for_programs(void **state)
{
	static const char *const keys[] = {"d.test", "e.test", "x.odd.test",
					   "[d.test]:587", "\xff.test"};
	struct json_doubts doubts;
	struct explained explained;
	struct json *json;
	struct buf to;
	size_t i;

	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		explained = look(*state, keys[i], true);
		buf_init(&to, *state, 1u << 20);
		json_write(explain_json(*state, &explained), 1, &to);
		json = json_parse(*state, buf_view(&to), &doubts, NULL);
		assert_non_null(json);
		assert_text(member(json, "policy", "why"),
			    explained.policy.why);
		assert_true(member(json, "replies", "sts").len > 0);
	}
	explained = look(*state, "e.test", true);
	buf_init(&to, *state, 1u << 20);
	json_write(explain_json(*state, &explained), 0, &to);
	json = json_parse(*state, buf_view(&to), &doubts, NULL);
	assert_text(member(json, "destination", "dane"), "all");
	assert_text(member(json, "mta_sts", "result"), "absent");
	assert_text(member(json, "policy", "level"), "dane-only");
	assert_text(member(json, "replies", "policy-tlsrpt"), "OK dane-only");
	assert_int_equal(
	    json_count(json_member(json_member(json, "destination"), "hosts")),
	    2);
	assert_true(json_count(json_member(json, "dns")) >= 9);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(page_of_mta_sts),
	    arena_unit_test(page_of_dane),
	    arena_unit_test(page_of_an_override),
	    arena_unit_test(what_was_not_asked_makes_mail_wait),
	    arena_unit_test(object_for_programs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
