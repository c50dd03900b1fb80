#include "admin/dns_plan.h"

#include "admin/dns_plan_texts.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/publicsuffix.h"
#include "base/zone_text.h"
#include "mailauth/dkim_record.h"

#define LINE_MOST (ZONE_TEXT_BYTES_MAX + 2048u)

struct planner {
	struct arena *arena;
	const struct dns_settings *settings;
	struct plan *plan;
	const struct plan_record **end;
};

static struct plan_record *
add(struct planner *planner, enum plan_kind kind, struct text name,
    const char *type, struct text value, const char *comment)
{
	struct plan_record *record =
	    arena_new_value(planner->arena, struct plan_record);

	*record = (struct plan_record){.kind = kind,
				       .name = name,
				       .type = type,
				       .value = value,
				       .comment = comment};
	*planner->end = record;
	planner->end = &record->next;
	return record;
}

static struct text
below(struct planner *planner, const char *prefix, struct text name)
{
	return text_from(arena_printf(planner->arena, "%s" TEXT_FMT, prefix,
				      TEXT_ARG(name)));
}

/* --- hosts --- */

static void
add_mx(struct planner *planner)
{
	const struct dns_settings *settings = planner->settings;
	size_t i;

	for (i = 0; i < settings->mx_count; i++)
		add(planner, PLAN_MX, settings->domain.name, "MX",
		    text_from(arena_printf(planner->arena, "10 " TEXT_FMT ".",
					   TEXT_ARG(settings->mx[i].name))),
		    "its mail comes to this host");
}

/* Only what somebody has told: an interface may have a private address. */
static void
add_addresses(struct planner *planner)
{
	const struct dns_settings *settings = planner->settings;
	char address[IPADDR_STRING_BYTES];
	size_t i;

	if (!settings->addresses_are_told)
		return;
	for (i = 0; i < settings->address_count; i++) {
		ipaddr_write(&settings->addresses[i], address);
		add(planner, PLAN_ADDRESS, settings->hostname.name,
		    settings->addresses[i].family == 4 ? "A" : "AAAA",
		    text_copy(planner->arena, text_from(address)),
		    "this host, as it names itself in HELO");
	}
	for (i = 0; i < settings->address_count; i++)
		add(planner, PLAN_PTR,
		    ipaddr_reverse_name(planner->arena,
					&settings->addresses[i]),
		    "PTR",
		    text_from(arena_printf(planner->arena, TEXT_FMT ".",
					   TEXT_ARG(settings->hostname.name))),
		    "from whoever gave you the address")
		    ->elsewhere = true;
}

/* --- who may send --- */

static void
add_spf(struct planner *planner)
{
	const struct dns_settings *settings = planner->settings;

	add(planner, PLAN_SPF, settings->domain.name, "TXT",
	    plan_spf_text(planner->arena, settings),
	    "SPF: hosts that send for the domain");
	if (!domain_equal(settings->hostname, settings->domain))
		add(planner, PLAN_HELO_SPF, settings->hostname.name, "TXT",
		    TEXT("v=spf1 a -all"),
		    "SPF: this host's name in HELO, for bounces");
}

static const char *
dkim_comment(const struct dns_key *key)
{
	if (key->state == KEY_REVOKED)
		return "DKIM: revoked keys, for a while";
	return key->type == CRYPTO_RSA ? "DKIM: RSA keys of the domain"
				       : "DKIM: Ed25519 keys of the domain";
}

static void
add_dkim(struct planner *planner)
{
	const struct dns_settings *settings = planner->settings;
	const struct dns_key *key;
	struct dkim_record record;
	size_t i;

	for (i = 0; i < settings->key_count; i++) {
		key = &settings->signing_keys[i];
		record = (struct dkim_record){.type = key->type,
					      .data = key->public_bytes};
		if (key->state == KEY_REVOKED)
			record.data = text_of(NULL, 0);
		add(planner, PLAN_DKIM,
		    text_from(arena_printf(planner->arena,
					   TEXT_FMT "._domainkey." TEXT_FMT,
					   TEXT_ARG(key->selector),
					   TEXT_ARG(settings->domain.name))),
		    "TXT", dkim_record_write(planner->arena, &record),
		    dkim_comment(key));
	}
}

/* --- reports --- */

/* True if the hosts of the two need no consent of each other (RFC 9990
 * section 4); by the Public Suffix List, since this asks nobody. */
static bool
is_same_organization(const struct public_suffix_list *list, struct domain a,
		     struct domain b)
{
	if (domain_is_within(a, b) || domain_is_within(b, a))
		return true;
	return list != NULL &&
	       domain_equal(public_suffix_organizational(list, a),
			    public_suffix_organizational(list, b));
}

static void
add_consent_of(struct planner *planner, const struct public_suffix_list *list,
	       const struct config_strings *addresses)
{
	const struct dns_settings *settings = planner->settings;
	struct text address, name;
	struct domain host;
	bool ours;
	size_t i;

	for (i = 0; i < addresses->count; i++) {
		address = text_from(addresses->values[i]);
		if (!domain_parse(
			planner->arena,
			text_skip(address, text_find_last(address, '@') + 1),
			&host, NULL) ||
		    is_same_organization(list, host, settings->domain))
			continue;
		name = text_from(arena_printf(
		    planner->arena, TEXT_FMT "._report._dmarc." TEXT_FMT,
		    TEXT_ARG(settings->domain.name), TEXT_ARG(host.name)));
		if (plan_find(planner->plan, PLAN_CONSENT, name) != NULL)
			continue;
		ours = dns_settings_is_ours(settings, host);
		add(planner, PLAN_CONSENT, name, "TXT", TEXT("v=DMARC1"),
		    ours ? "DMARC: in the other zone, which takes the reports "
			   "about this domain"
			 : "DMARC: ask the owner of that zone, who takes the "
			   "reports about this domain")
		    ->elsewhere = !ours;
	}
}

static void
add_dmarc(struct planner *planner)
{
	const struct dns_settings *settings = planner->settings;
	struct public_suffix_list *list = public_suffix_list_open(NULL, NULL);

	add(planner, PLAN_DMARC,
	    below(planner, "_dmarc.", settings->domain.name), "TXT",
	    plan_dmarc_text(planner->arena, settings),
	    "DMARC: what to do with mail that is not ours, and whom to tell");
	add_consent_of(planner, list, &settings->options.dmarc_rua);
	add_consent_of(planner, list, &settings->options.dmarc_ruf);
	public_suffix_list_close(list);
}

static void
add_tlsrpt(struct planner *planner)
{
	const struct dns_settings *settings = planner->settings;
	const struct config_domain *options = &settings->options;
	size_t i;

	if (options->tlsrpt_rua.count > 0)
		add(planner, PLAN_TLSRPT,
		    below(planner, "_smtp._tls.", settings->domain.name), "TXT",
		    plan_tlsrpt_text(planner->arena, &options->tlsrpt_rua),
		    "TLS reports about the way to the domain: MTA-STS");
	if (options->reports_only || options->host_tlsrpt_rua.count == 0)
		return;
	for (i = 0; i < settings->mx_count; i++)
		if (!domain_equal(settings->mx[i], settings->domain))
			add(planner, PLAN_HOST_TLSRPT,
			    below(planner, "_smtp._tls.", settings->mx[i].name),
			    "TXT",
			    plan_tlsrpt_text(planner->arena,
					     &options->host_tlsrpt_rua),
			    "TLS reports about this host: DANE");
}

/* --- TLS --- */

static void
add_sts(struct planner *planner)
{
	const struct dns_settings *settings = planner->settings;

	planner->plan->sts_policy =
	    plan_sts_policy_text(planner->arena, settings);
	if (planner->plan->sts_policy.len == 0)
		return;
	add(planner, PLAN_STS,
	    below(planner, "_mta-sts.", settings->domain.name), "TXT",
	    plan_sts_text(planner->arena, planner->plan->sts_policy),
	    "MTA-STS: the id changes with the policy");
}

static void
add_tlsa(struct planner *planner)
{
	const struct dns_settings *settings = planner->settings;
	const struct dns_certificate *one;
	struct text name, value;
	size_t i, n;

	for (n = 0; n < settings->mx_count; n++) {
		name = below(planner, "_25._tcp.", settings->mx[n].name);
		for (i = 0; i < settings->certificate_count; i++) {
			one = &settings->certificates[i];
			if (!domain_equal(settings->mx[n],
					  settings->hostname) &&
			    !certificate_covers(&one->certificate,
						settings->mx[n]))
				continue;
			value =
			    plan_tlsa_text(planner->arena, &one->certificate);
			add(planner, PLAN_TLSA, name, "TLSA", value,
			    arena_printf(planner->arena, "DANE: the key of %s",
					 one->path));
		}
	}
}

/* --- all --- */

void
plan_make(struct arena *arena, const struct dns_settings *settings,
	  struct plan *plan)
{
	struct planner planner = {.arena = arena,
				  .settings = settings,
				  .plan = plan,
				  .end = &plan->first};

	*plan = (struct plan){0};
	if (!settings->options.reports_only) {
		add_mx(&planner);
		add_addresses(&planner);
		add_spf(&planner);
		add_dkim(&planner);
	}
	add_dmarc(&planner);
	add_tlsrpt(&planner);
	if (!settings->options.reports_only) {
		add_sts(&planner);
		add_tlsa(&planner);
	}
}

const struct plan_record *
plan_find(const struct plan *plan, enum plan_kind kind, struct text name)
{
	const struct plan_record *record;

	for (record = plan->first; record != NULL; record = record->next)
		if (record->kind == kind &&
		    (name.len == 0 || text_equal(record->name, name)))
			return record;
	return NULL;
}

void
plan_write_line(struct buf *to, const struct plan_record *record)
{
	buf_printf(to, TEXT_FMT ".\t%d\t%s\t", TEXT_ARG(record->name),
		   PLAN_TTL_S, record->type);
	if (strcmp(record->type, "TXT") == 0)
		zone_text_write(to, record->value);
	else
		buf_text(to, record->value);
}

const char *
plan_line(struct arena *arena, const struct plan_record *record)
{
	struct buf line;

	buf_init(&line, arena, LINE_MOST);
	plan_write_line(&line, record);
	return buf_cstring(&line);
}

const char *
plan_txt_line(struct arena *arena, struct text name, struct text value)
{
	struct plan_record record = {
	    .name = name, .type = "TXT", .value = value};

	return plan_line(arena, &record);
}

const char *
plan_kind_name(enum plan_kind kind)
{
	switch (kind) {
	case PLAN_MX:
		return "mx";
	case PLAN_ADDRESS:
		return "address";
	case PLAN_PTR:
		return "ptr";
	case PLAN_SPF:
		return "spf";
	case PLAN_HELO_SPF:
		return "helo-spf";
	case PLAN_DKIM:
		return "dkim";
	case PLAN_DMARC:
		return "dmarc";
	case PLAN_CONSENT:
		return "dmarc-consent";
	case PLAN_TLSRPT:
		return "tlsrpt";
	case PLAN_HOST_TLSRPT:
		return "host-tlsrpt";
	case PLAN_STS:
		return "mta-sts";
	case PLAN_TLSA:
		return "tlsa";
	}
	return "?";
}
