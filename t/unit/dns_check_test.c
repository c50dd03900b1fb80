/* signet dns check with each question failing in turn: what could not be
 * asked is told as that, and nothing becomes wrong or missing by it. */
#include "unit.h"

#include "admin/dns_check.h"
#include "base/buf.h"
#include "base/dns_zone.h"
#include "base/why.h"

#define QUESTIONS_LEAST 25

/* The plan asks this of a domain of a report address. */
bool
dns_settings_is_ours(const struct dns_settings *settings, struct domain domain)
{
	return domain_equal(settings->domain, domain);
}

struct bench {
	struct dns_settings settings;
	struct dns_check_options options;
	struct domain names[2]; /* the domain, its host */
	struct ipaddr addresses[2];
	struct dns_key key;
	struct plan plan;
	struct dns_zone *zone;
};

static void
fill_settings(struct arena *arena, struct bench *bench)
{
	static const char *addresses[] = {"a@example.org", "b@other.example"};
	struct dns_settings *settings = &bench->settings;

	assert_true(
	    domain_parse(arena, TEXT("example.org"), &bench->names[0], NULL));
	assert_true(domain_parse(arena, TEXT("mx.example.org"),
				 &bench->names[1], NULL));
	assert_true(ipaddr_parse(TEXT("9.9.9.10"), &bench->addresses[0]));
	assert_true(ipaddr_parse(TEXT("2620:fe::10"), &bench->addresses[1]));
	settings->domain = bench->names[0];
	settings->hostname = bench->names[1];
	settings->common.hostname = "mx.example.org";
	settings->common.dns_timeout_s = 1;
	settings->mx = &bench->names[1];
	settings->mx_count = 1;
	settings->addresses = bench->addresses;
	settings->address_count = 2;
	settings->addresses_are_told = true;
	settings->options.dmarc_rua.values = addresses;
	settings->options.dmarc_rua.count = 2;
	settings->options.tlsrpt_rua.values = addresses;
	settings->options.tlsrpt_rua.count = 1;
	settings->options.host_tlsrpt_rua = settings->options.tlsrpt_rua;
	settings->options.mta_sts = DOMAIN_STS_ENFORCE;
	settings->options.mta_sts_max_age_s = 604800;
	bench->key = (struct dns_key){
	    .selector = TEXT("s1"),
	    .type = CRYPTO_ED25519,
	    .state = KEY_ACTIVE,
	    .public_bytes = TEXT("0123456789abcdef0123456789abcdef")};
	settings->signing_keys = &bench->key;
	settings->key_count = 1;
	bench->options.offline = true;
}

/* All that the plan has, and what is looked at beside it. */
static void
make_zone(struct arena *arena, struct bench *bench)
{
	const struct plan_record *record;
	struct buf to;
	struct why why;

	plan_make(arena, &bench->settings, &bench->plan);
	buf_init(&to, arena, 1u << 20);
	buf_string(&to, "$DNSSEC secure\n"
			"mta-sts.example.org. A 9.9.9.10\n"
			"_25._tcp.mx.example.org. TLSA 3 1 1 "
			"84729762e1969d0842947cfac4dc41d5"
			"03c4329ba83a08b69fc2dae4d1bdc7d7\n");
	for (record = bench->plan.first; record != NULL;
	     record = record->next) {
		plan_write_line(&to, record);
		buf_char(&to, '\n');
	}
	bench->zone = dns_zone_parse(arena, buf_view(&to), &why);
	if (bench->zone == NULL)
		fail_msg("%s", why.text);
}

static void
run(struct arena *arena, struct bench *bench, struct dns_findings *findings)
{
	struct dns_check *check = arena_new_value(arena, struct dns_check);

	dns_findings_init(findings, arena, bench->settings.domain);
	check->arena = arena;
	check->resolver = dns_zone_resolver(bench->zone);
	check->settings = &bench->settings;
	check->options = &bench->options;
	check->plan = &bench->plan;
	check->findings = findings;
	dns_check_all(check);
}

static void
fail_with(const struct dns_findings *findings, const char *what)
{
	dns_findings_print(findings);
	fail_msg("%s", what);
}

static void
each_question_fails_in_turn(void **state)
{
	struct arena *arena = *state;
	struct bench *bench = arena_new_value(arena, struct bench);
	struct dns_findings findings;
	int questions, i;

	fill_settings(arena, bench);
	make_zone(arena, bench);
	run(arena, bench, &findings);
	if (dns_findings_status(&findings) != 0 ||
	    dns_findings_having(&findings, DNS_CHECK_WARN) > 0)
		fail_with(&findings, "not all is well to begin with");
	questions = (int)dns_zone_questions(bench->zone);
	assert_true(questions >= QUESTIONS_LEAST);
	for (i = 0; i < questions; i++) {
		dns_zone_fail_question(bench->zone, i);
		run(arena, bench, &findings);
		if (dns_findings_having(&findings, DNS_CHECK_ERROR) > 0 ||
		    dns_findings_having(&findings, DNS_CHECK_WARN) > 0)
			fail_with(&findings, "a failure became a fault");
		if (dns_findings_status(&findings) != 2)
			fail_with(&findings, "a failure was not told");
	}
}

static void
foreign_text_is_safe(void **state)
{
	struct domain none = {{NULL, 0}};
	struct dns_findings findings;

	dns_findings_init(&findings, *state, none);
	dns_findings_add(&findings, "mx", DNS_CHECK_ERROR, "%s",
			 "a\x1b[2J\nb\xff");
	dns_findings_remedy(&findings, "publish:\n%s", "a.\t1\tTXT\t\x1b\"");
	assert_string_equal(findings.last->detail, "a?[2J?b?");
	assert_string_equal(findings.last->remedy, "publish:\na.\t1\tTXT\t?\"");
	assert_int_equal(dns_findings_status(&findings), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(each_question_fails_in_turn),
	    arena_unit_test(foreign_text_is_safe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
