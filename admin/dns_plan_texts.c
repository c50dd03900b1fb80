#include "admin/dns_plan_texts.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/limits.h"
#include "base/mailto.h"
#include "mailauth/dmarc_record.h"
#include "mailauth/spf_record.h"
#include "mailtls/sts_policy.h"
#include "mailtls/sts_record.h"
#include "mailtls/tlsa.h"
#include "mailtls/tlsrpt_record.h"

#define TEXT_MOST (16u << 10)
#define ID_DIGITS 20

static void
address_directive(struct spf_directive *directive, const struct ipaddr *address)
{
	directive->mechanism =
	    address->family == 4 ? SPF_MECHANISM_IP4 : SPF_MECHANISM_IP6;
	directive->net.address = *address;
	directive->net.bits = address->family == 4 ? 32 : 128;
}

struct text
plan_spf_text(struct arena *arena, const struct dns_settings *settings)
{
	const struct config_strings *include = &settings->options.spf_include;
	size_t addresses =
	    settings->addresses_are_told ? settings->address_count : 0;
	struct spf_directive *list = arena_new_array(
	    arena, struct spf_directive, addresses + include->count + 2);
	struct spf_record record = {.directives = list};
	struct spf_directive *next = list;
	struct buf to;
	size_t i;

	for (i = 0; i < addresses; i++)
		address_directive(next++, &settings->addresses[i]);
	*next++ = (struct spf_directive){
	    .mechanism = SPF_MECHANISM_MX, .ip4_bits = 32, .ip6_bits = 128};
	for (i = 0; i < include->count; i++)
		*next++ = (struct spf_directive){
		    .mechanism = SPF_MECHANISM_INCLUDE,
		    .domain_spec = text_from(include->values[i])};
	*next++ = (struct spf_directive){
	    .mechanism = SPF_MECHANISM_ALL,
	    .result = settings->options.spf_fail ? SPF_FAIL : SPF_SOFTFAIL};
	record.count = (size_t)(next - list);
	buf_init(&to, arena, TEXT_MOST);
	spf_record_write(&to, &record);
	return buf_view(&to);
}

static struct dmarc_uri *
dmarc_uris(struct arena *arena, const struct config_strings *addresses)
{
	struct dmarc_uri *list =
	    arena_new_array(arena, struct dmarc_uri, addresses->count);
	size_t i;

	for (i = 0; i < addresses->count; i++) {
		list[i].uri =
		    mailto_write(arena, text_from(addresses->values[i]));
		list[i].next = i + 1 < addresses->count ? &list[i + 1] : NULL;
	}
	return addresses->count > 0 ? list : NULL;
}

struct text
plan_dmarc_text(struct arena *arena, const struct dns_settings *settings)
{
	static const enum dmarc_policy policies[] = {
	    DMARC_POLICY_NONE, DMARC_POLICY_QUARANTINE, DMARC_POLICY_REJECT};
	const struct config_domain *options = &settings->options;
	struct dmarc_record record = {
	    .p = policies[options->dmarc_policy],
	    .rua = dmarc_uris(arena, &options->dmarc_rua),
	    .ruf = dmarc_uris(arena, &options->dmarc_ruf),
	};
	struct buf to;

	buf_init(&to, arena, TEXT_MOST);
	dmarc_record_write(&to, &record);
	return buf_view(&to);
}

struct text
plan_tlsrpt_text(struct arena *arena, const struct config_strings *addresses)
{
	struct tlsrpt_uri *list =
	    arena_new_array(arena, struct tlsrpt_uri, addresses->count);
	struct tlsrpt_record record = {.rua = list, .count = addresses->count};
	struct buf to;
	size_t i;

	for (i = 0; i < addresses->count; i++) {
		list[i].scheme = TLSRPT_MAILTO;
		list[i].uri =
		    mailto_write(arena, text_from(addresses->values[i]));
		list[i].next = i + 1 < addresses->count ? &list[i + 1] : NULL;
	}
	buf_init(&to, arena, TEXT_MOST);
	tlsrpt_record_write(&to, &record);
	return buf_view(&to);
}

struct text
plan_sts_policy_text(struct arena *arena, const struct dns_settings *settings)
{
	static const enum sts_mode modes[] = {
	    STS_MODE_UNSET, STS_MODE_NONE, STS_MODE_TESTING, STS_MODE_ENFORCE};
	struct sts_policy policy = {
	    .mode = modes[settings->options.mta_sts],
	    .max_age_s = (uint32_t)settings->options.mta_sts_max_age_s};
	struct sts_mx *mx =
	    arena_new_array(arena, struct sts_mx, settings->mx_count);
	struct buf to;
	size_t i;

	if (policy.mode == STS_MODE_UNSET)
		return text_of(NULL, 0);
	for (i = 0; i < settings->mx_count && i < LIMIT_STS_MX; i++)
		mx[i].domain = settings->mx[i];
	policy.mx = mx;
	policy.count = policy.mode == STS_MODE_NONE ? 0 : i;
	buf_init(&to, arena, LIMIT_STS_POLICY_BYTES);
	sts_policy_write(&to, &policy);
	return buf_view(&to);
}

struct text
plan_sts_text(struct arena *arena, struct text policy)
{
	struct digest *digest = digest_new(arena, CRYPTO_SHA256);
	unsigned char hash[CRYPTO_HASH_BYTES_MAX];
	struct sts_record record;
	struct buf id, to;
	size_t i;

	digest_update(digest, policy);
	digest_finish(digest, hash);
	buf_init(&id, arena, ID_DIGITS + 1);
	for (i = 0; i < ID_DIGITS / 2; i++)
		buf_printf(&id, "%02x", hash[i]);
	record.id = buf_view(&id);
	buf_init(&to, arena, TEXT_MOST);
	sts_record_write(&to, &record);
	return buf_view(&to);
}

struct text
plan_tlsa_text(struct arena *arena, const struct certificate *certificate)
{
	struct tlsa tlsa = tlsa_of(certificate);
	struct buf to;

	buf_init(&to, arena, TEXT_MOST);
	tlsa_write(&to, &tlsa);
	return buf_view(&to);
}
