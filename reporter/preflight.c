#include "reporter/preflight.h"

#include <dirent.h>

#include "base/arena.h"
#include "base/why.h"
#include "reporter/kind.h"
#include "reporter/reporter.h"
#include "io/clock.h"
#include "io/pg.h"
#include "mailauth/dkim_key.h"
#include "mailauth/dmarc.h"
#include "mailauth/spf.h"

struct check {
	struct arena *arena;
	struct reporter *reporter;
	struct dmarc_discovery *discovery;
	struct dmarc_policy_found policy;
	struct domain author;
	struct deadline deadline;
	bool temperror;
	struct why spf, dkim; /* why not */
};

static bool
aligns(struct check *check, struct domain identifier, bool strict)
{
	return dmarc_is_aligned(check->discovery, check->author, identifier,
				strict, check->deadline, &check->temperror);
}

/* --- SPF --- */

static bool
spf_passes_from(struct check *check, const char *address)
{
	const struct reporter *reporter = check->reporter;
	struct spf_query query = {
	    .helo = text_from(reporter->common->hostname),
	    .receiver = text_from(reporter->common->hostname),
	    .sender = text_from(arena_printf(
		check->arena, "report@%s", reporter->reports->envelope_domain)),
	    .now_s = clock_unix_ms() / 1000};
	struct spf_verdict verdict;

	if (!ipaddr_parse(text_from(address), &query.client))
		return why_set(&check->spf, "%.60s is no address", address);
	spf_finish(spf_begin(check->arena, check->reporter->resolver, &query),
		   check->deadline, &verdict);
	if (verdict.result == SPF_TEMPERROR)
		check->temperror = true;
	return verdict.result == SPF_PASS ||
	       why_set(&check->spf, "SPF of %s says %s for %.60s",
		       reporter->reports->envelope_domain,
		       spf_result_name(verdict.result), address);
}

static bool
spf_covers_us(struct check *check)
{
	const struct reporter *reporter = check->reporter;
	const struct config_strings *addresses =
	    &reporter->common->public_addresses;
	struct domain envelope = {
	    text_from(reporter->reports->envelope_domain)};
	size_t i;

	if (!aligns(check, envelope, check->policy.record.strict_spf))
		return why_set(&check->spf,
			       "the envelope sender's domain %s does not align "
			       "with From",
			       reporter->reports->envelope_domain);
	if (addresses->count == 0)
		return why_set(&check->spf,
			       "[common] public_addresses does not say from "
			       "where we send, so SPF cannot be judged");
	for (i = 0; i < addresses->count; i++)
		if (!spf_passes_from(check, addresses->values[i]))
			return false;
	return true;
}

/* --- DKIM --- */

/* A key for TLS reports alone (s=tlsrpt) is none for DMARC reports. */
static bool
fits(const struct check *check, const struct dkim_key *key)
{
	return check->reporter->kind->must_sign ? key->tls_reports : key->email;
}

static bool
is_published(struct check *check, struct domain domain, struct text selector)
{
	const struct dns_answer *answer;
	struct dkim_key key;
	struct dns_question *question =
	    dns_ask(check->arena, check->reporter->resolver,
		    text_from(arena_printf(
			check->arena, TEXT_FMT "._domainkey." TEXT_FMT,
			TEXT_ARG(selector), TEXT_ARG(domain.name))),
		    DNS_TXT);
	size_t i;

	switch (dns_wait(question, check->deadline, &answer)) {
	case DNS_FOUND:
		for (i = 0; i < answer->count; i++)
			if (dkim_key_parse(check->arena,
					   answer->records[i].text, &key,
					   NULL) &&
			    key.data.len > 0 && fits(check, &key))
				return true;
		return false;
	case DNS_NODATA:
	case DNS_NXDOMAIN:
		return false;
	case DNS_TEMPFAIL:
	case DNS_BOGUS:
		break;
	}
	check->temperror = true;
	return false;
}

/* What signet keys has noted as active, on any host. */
static bool
has_noted_key(struct check *check, struct domain domain, bool *any)
{
	struct pg_param params[1] = {pg_text(domain.name)};
	struct pg_rows *rows;
	struct why ignored;
	size_t i;

	if (pg_call(check->reporter->pg, check->arena,
		    "select selector from signet.dmarc_report_selectors($1)",
		    params, 1, &rows, &ignored) != PG_DONE)
		return false;
	for (i = 0; i < pg_rows_count(rows); i++) {
		*any = true;
		if (is_published(check, domain, pg_rows_text(rows, i, 0)))
			return true;
	}
	return false;
}

/* Names of the files DIRECTORY/DOMAIN/SELECTOR.pem: they are enough, their
 * contents are not for us. */
static bool
has_published_key(struct check *check, struct domain domain, bool *any)
{
	const char *path = arena_printf(check->arena, "%s/" TEXT_FMT,
					check->reporter->keys->directory,
					TEXT_ARG(domain.name));
	DIR *directory = opendir(path);
	struct dirent *entry;
	bool found = false;
	struct text name;

	if (directory == NULL)
		return false;
	while (!found && (entry = readdir(directory)) != NULL) {
		name = text_copy(check->arena, text_from(entry->d_name));
		if (!text_ends_nocase(name, TEXT(".pem")))
			continue;
		*any = true;
		found =
		    is_published(check, domain, text_first(name, name.len - 4));
	}
	closedir(directory);
	return found;
}

static bool
dkim_signs_for_us(struct check *check)
{
	struct domain domain = check->author;
	bool any = false;

	for (; domain_labels(domain) > 1; domain = domain_parent(domain)) {
		if (!aligns(check, domain, check->policy.record.strict_dkim))
			break;
		if (has_noted_key(check, domain, &any) ||
		    has_published_key(check, domain, &any))
			return true;
	}
	return why_set(&check->dkim,
		       any ? "no key of the domain in the database or %s is "
			     "in the DNS"
			   : "no key of the domain is noted in the database, "
			     "or seen in %s",
		       check->reporter->keys->directory);
}

static enum preflight_result
judge(struct check *check, struct why *why)
{
	const char *from = check->reporter->reports->from;
	bool must_sign = check->reporter->kind->must_sign;

	if (check->policy.found == DMARC_LOOKUP_TEMPERROR)
		check->temperror = true;
	else if ((!must_sign && spf_covers_us(check)) ||
		 dkim_signs_for_us(check)) {
		why_set(why, "reports from %s can pass DMARC", from);
		return PREFLIGHT_PASS;
	}
	if (check->temperror) {
		why_set(why,
			"DNS did not tell whether reports from %s can pass "
			"DMARC",
			from);
		return PREFLIGHT_TEMPERROR;
	}
	if (must_sign) {
		why_set(why,
			"reports from %s would not be signed, as RFC 8460 "
			"wants: %.200s ([reports] preflight_alignment = warn "
			"sends all the same)",
			from, check->dkim.text);
		return PREFLIGHT_FAIL;
	}
	why_set(why,
		"reports from %s would not pass DMARC: %.150s; and %.150s "
		"([reports] preflight_alignment = warn sends all the same)",
		from, check->spf.text, check->dkim.text);
	return PREFLIGHT_FAIL;
}

enum preflight_result
preflight_alignment(struct reporter *reporter, struct arena *arena,
		    struct why *why)
{
	struct check check = {.arena = arena,
			      .reporter = reporter,
			      .author = {text_from(reporter->reports->domain)},
			      .deadline = reporter_dns_deadline(reporter)};

	check.discovery = dmarc_discovery_new(arena, reporter->resolver,
					      DMARC_TREEWALK, NULL);
	dmarc_discover_policy(check.discovery, check.author, check.deadline,
			      &check.policy);
	return judge(&check, why);
}
