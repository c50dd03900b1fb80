/* What signet dns records prints reads back, through a zone file and our own
 * parsers, to the values it was made from: for settings of any shape. */
#include "unit.h"

#include "admin/dns_plan.h"
#include "admin/dns_plan_texts.h"
#include "base/buf.h"
#include "base/dns_zone.h"
#include "base/why.h"
#include "certificates.h"
#include "mailauth/dkim_key.h"
#include "mailauth/dmarc_record.h"
#include "mailauth/report_uri.h"
#include "mailauth/spf_record.h"
#include "mailtls/sts_policy.h"
#include "mailtls/sts_record.h"
#include "mailtls/tlsa.h"
#include "mailtls/tlsrpt_record.h"

#define ROUNDS 400
#define LIST_MOST 6

/* The plan asks this of a domain of a report address. */
bool
dns_settings_is_ours(const struct dns_settings *settings, struct domain domain)
{
	return domain_equal(settings->domain, domain);
}

/* The same numbers in every run. */
static unsigned
dice(uint64_t *state, unsigned sides)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(*state >> 33) % sides;
}

static struct config_strings
random_addresses(struct arena *arena, uint64_t *state, unsigned least)
{
	static const char atext[] = "abz09!#$%&'*+-/=?^_`{|}~";
	struct config_strings list = {
	    .values = arena_new_array(arena, const char *, LIST_MOST),
	    .count = least + dice(state, LIST_MOST - least + 1)};
	size_t i;

	for (i = 0; i < list.count; i++)
		list.values[i] =
		    arena_printf(arena, "%c%c%u@d%u.example",
				 atext[dice(state, sizeof(atext) - 1)],
				 atext[dice(state, sizeof(atext) - 1)],
				 (unsigned)i, dice(state, 9));
	return list;
}

static struct domain
domain_of(struct arena *arena, const char *name)
{
	struct domain domain;

	assert_true(domain_parse(arena, text_from(name), &domain, NULL));
	return domain;
}

static void
fill_hosts(struct arena *arena, uint64_t *state, struct dns_settings *settings)
{
	struct ipaddr *addresses =
	    arena_new_array(arena, struct ipaddr, LIST_MOST);
	struct domain *mx = arena_new_array(arena, struct domain, LIST_MOST);
	size_t i;

	settings->mx_count = 1 + dice(state, LIST_MOST);
	for (i = 0; i < settings->mx_count; i++)
		mx[i] =
		    domain_of(arena, arena_printf(arena, "mx%zu.d%u.example", i,
						  dice(state, 9)));
	settings->mx = mx;
	settings->address_count = dice(state, LIST_MOST);
	for (i = 0; i < settings->address_count; i++)
		assert_true(ipaddr_parse(
		    text_from(dice(state, 2) != 0
				  ? arena_printf(arena, "9.9.%u.%u",
						 dice(state, 256),
						 dice(state, 256))
				  : arena_printf(arena, "2620:fe:%x::%x",
						 dice(state, 65536),
						 dice(state, 65536))),
		    &addresses[i]));
	settings->addresses = addresses;
	settings->addresses_are_told = dice(state, 4) != 0;
}

static void
fill_options(struct arena *arena, uint64_t *state,
	     struct config_domain *options)
{
	static const char *include[] = {"_spf.example.net", "x.example"};

	options->spf_include.values = include;
	options->spf_include.count = dice(state, 3);
	options->spf_fail = dice(state, 2) != 0;
	options->dmarc_policy = (int)dice(state, 3);
	options->dmarc_rua = random_addresses(arena, state, 0);
	options->dmarc_ruf = random_addresses(arena, state, 0);
	options->tlsrpt_rua = random_addresses(arena, state, 1);
	options->host_tlsrpt_rua = random_addresses(arena, state, 1);
	options->mta_sts = (int)dice(state, 4);
	options->mta_sts_max_age_s = 300 + dice(state, 31557301);
}

static void
fill(struct arena *arena, uint64_t *state, struct dns_settings *settings)
{
	static const char *const names[] = {"example.org", "d1.example",
					    "b\xc3\xbc\x63her.example"};
	struct dns_certificate *certificate =
	    arena_new_value(arena, struct dns_certificate);
	struct dns_key *key = arena_new_value(arena, struct dns_key);
	const struct certificate *chain;
	size_t count;

	*settings = (struct dns_settings){0};
	settings->domain = domain_of(arena, names[dice(state, 3)]);
	settings->hostname = domain_of(arena, "mx0.d1.example");
	fill_hosts(arena, state, settings);
	fill_options(arena, state, &settings->options);
	assert_true(certificate_parse_pem(arena, TEXT(CERTIFICATE_OF_MX),
					  &chain, &count, NULL));
	certificate->path = "mx.pem";
	certificate->certificate = *chain;
	settings->certificates = certificate;
	settings->certificate_count = 1;
	key->selector = TEXT("s1");
	key->type = CRYPTO_ED25519;
	key->state = dice(state, 5) == 0 ? KEY_REVOKED : KEY_ACTIVE;
	key->public_bytes = TEXT("0123456789abcdef0123456789abcdef");
	settings->signing_keys = key;
	settings->key_count = 1;
}

/* --- each text against what it was made from --- */

static void
check_spf(struct arena *arena, const struct dns_settings *settings,
	  struct text txt)
{
	size_t told =
	    settings->addresses_are_told ? settings->address_count : 0;
	struct spf_record record;
	size_t i;

	assert_true(spf_record_is(txt));
	assert_true(spf_record_parse(arena, txt, &record, NULL));
	assert_int_equal(record.count,
			 told + settings->options.spf_include.count + 2);
	for (i = 0; i < told; i++)
		assert_true(ipaddr_equal(&record.directives[i].net.address,
					 &settings->addresses[i]));
	assert_int_equal(record.directives[told].mechanism, SPF_MECHANISM_MX);
	for (i = 0; i < settings->options.spf_include.count; i++)
		assert_text(record.directives[told + 1 + i].domain_spec,
			    settings->options.spf_include.values[i]);
	assert_int_equal(record.directives[record.count - 1].result,
			 settings->options.spf_fail ? SPF_FAIL : SPF_SOFTFAIL);
}

static void
check_uri(struct arena *arena, struct text text, const char *address)
{
	struct report_uri uri;

	report_uri_parse(arena, text, &uri);
	assert_int_equal(uri.kind, REPORT_URI_MAILTO);
	assert_text(uri.address, address);
}

static void
check_uris(struct arena *arena, const struct dmarc_uri *uri,
	   const struct config_strings *told)
{
	size_t i;

	for (i = 0; i < told->count; i++, uri = uri->next) {
		assert_non_null(uri);
		check_uri(arena, uri->uri, told->values[i]);
	}
	assert_null(uri);
}

static void
check_dmarc(struct arena *arena, const struct dns_settings *settings,
	    struct text txt)
{
	static const enum dmarc_policy policies[] = {
	    DMARC_POLICY_NONE, DMARC_POLICY_QUARANTINE, DMARC_POLICY_REJECT};
	struct dmarc_record record;

	assert_true(dmarc_record_parse(arena, txt, &record, NULL));
	assert_true(record.applies && !record.acts_as_none);
	assert_null(record.defect);
	assert_int_equal(record.p, policies[settings->options.dmarc_policy]);
	check_uris(arena, record.rua, &settings->options.dmarc_rua);
	check_uris(arena, record.ruf, &settings->options.dmarc_ruf);
}

static void
check_tlsrpt(struct arena *arena, const struct config_strings *told,
	     struct text txt)
{
	const struct tlsrpt_uri *uri;
	struct tlsrpt_record record;
	size_t i = 0;

	assert_true(tlsrpt_record_parse(arena, txt, &record, NULL));
	assert_int_equal(record.count, told->count);
	for (uri = record.rua; uri != NULL; uri = uri->next)
		check_uri(arena, uri->uri, told->values[i++]);
}

static void
check_policy(struct arena *arena, const struct dns_settings *settings,
	     struct text file)
{
	struct sts_policy policy;
	size_t i;

	if (settings->options.mta_sts == DOMAIN_STS_OFF) {
		assert_int_equal(file.len, 0);
		return;
	}
	assert_true(sts_policy_parse(arena, file, &policy, NULL));
	assert_int_equal(policy.mode, settings->options.mta_sts);
	assert_int_equal(policy.max_age_s, settings->options.mta_sts_max_age_s);
	for (i = 0; policy.mode != STS_MODE_NONE && i < settings->mx_count; i++)
		assert_true(sts_policy_match(&policy, settings->mx[i]));
}

static void
check_key(struct arena *arena, const struct dns_key *key, struct text txt)
{
	struct dkim_key record;

	assert_true(dkim_key_parse(arena, txt, &record, NULL));
	if (key->state == KEY_REVOKED)
		assert_int_equal(record.data.len, 0);
	else
		assert_true(text_equal(record.data, key->public_bytes));
}

static void
check_value(struct arena *arena, const struct dns_settings *settings,
	    const struct plan_record *record, const struct dns_record *found)
{
	const struct config_domain *options = &settings->options;
	struct sts_record sts;
	struct tlsa tlsa;

	switch (record->kind) {
	case PLAN_MX:
	case PLAN_ADDRESS:
	case PLAN_PTR:
		return;
	case PLAN_SPF:
		check_spf(arena, settings, found->text);
		return;
	case PLAN_HELO_SPF:
		assert_true(spf_record_is(found->text));
		return;
	case PLAN_DKIM:
		check_key(arena, settings->signing_keys, found->text);
		return;
	case PLAN_DMARC:
		check_dmarc(arena, settings, found->text);
		return;
	case PLAN_CONSENT:
		assert_true(dmarc_record_is(found->text));
		return;
	case PLAN_TLSRPT:
		check_tlsrpt(arena, &options->tlsrpt_rua, found->text);
		return;
	case PLAN_HOST_TLSRPT:
		check_tlsrpt(arena, &options->host_tlsrpt_rua, found->text);
		return;
	case PLAN_STS:
		assert_true(sts_record_parse(found->text, &sts, NULL));
		return;
	case PLAN_TLSA:
		assert_true(tlsa_parse(found->text, &tlsa, NULL));
		assert_true(tlsa_match(
		    &tlsa, &settings->certificates[0].certificate, 1));
		return;
	}
}

/* --- the lines, as a server would take them --- */

static enum dns_type
type_of(const char *name)
{
	static const enum dns_type types[] = {DNS_A,   DNS_AAAA, DNS_MX,
					      DNS_TXT, DNS_PTR,	 DNS_TLSA};
	size_t i;

	for (i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (strcmp(dns_type_name(types[i]), name) == 0)
			return types[i];
	fail_msg("type %s", name);
	return DNS_A;
}

static void
check_plan(struct arena *arena, const struct dns_settings *settings)
{
	const struct plan_record *record;
	const struct dns_answer *answer;
	struct deadline now = {0};
	struct dns_zone *zone;
	struct plan plan;
	struct why why;
	struct buf to;

	plan_make(arena, settings, &plan);
	buf_init(&to, arena, 1u << 20);
	for (record = plan.first; record != NULL; record = record->next) {
		plan_write_line(&to, record);
		buf_char(&to, '\n');
	}
	zone = dns_zone_parse(arena, buf_view(&to), &why);
	if (zone == NULL)
		fail_msg("%s", why.text);
	for (record = plan.first; record != NULL; record = record->next) {
		assert_int_equal(
		    dns_wait(dns_ask(arena, dns_zone_resolver(zone),
				     record->name, type_of(record->type)),
			     now, &answer),
		    DNS_FOUND);
		check_value(arena, settings, record, &answer->records[0]);
	}
	check_policy(arena, settings, plan.sts_policy);
}

static void
any_settings_read_back(void **state)
{
	struct arena *arena = *state;
	struct dns_settings settings;
	uint64_t dices = 1;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		fill(arena, &dices, &settings);
		check_plan(arena, &settings);
		arena_reset(arena);
	}
}

static void
the_id_follows_the_policy(void **state)
{
	struct sts_record a, b, c;
	struct text one = TEXT("version: STSv1\r\n"), other = TEXT("mode: x");

	assert_true(sts_record_parse(plan_sts_text(*state, one), &a, NULL));
	assert_true(sts_record_parse(plan_sts_text(*state, one), &b, NULL));
	assert_true(sts_record_parse(plan_sts_text(*state, other), &c, NULL));
	assert_true(text_equal(a.id, b.id));
	assert_false(text_equal(a.id, c.id));
}

static void
reports_only(void **state)
{
	struct dns_settings settings;
	const struct plan_record *record;
	struct plan plan;
	uint64_t dices = 7;

	fill(*state, &dices, &settings);
	settings.options.reports_only = true;
	plan_make(*state, &settings, &plan);
	assert_non_null(plan.first);
	for (record = plan.first; record != NULL; record = record->next)
		assert_true(record->kind == PLAN_DMARC ||
			    record->kind == PLAN_CONSENT ||
			    record->kind == PLAN_TLSRPT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(any_settings_read_back),
	    arena_unit_test(the_id_follows_the_policy),
	    arena_unit_test(reports_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
