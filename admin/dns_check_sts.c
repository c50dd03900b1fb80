#include "admin/dns_check.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/why.h"
#include "io/clock.h"
#include "io/file.h"
#include "mailtls/sts_record.h"
#include "postfix-policy/sts_fetch.h"

/* what senders wait for */
#define FETCH_MS 60000

static const char item[] = "mta-sts";

static const char *
file_url(const struct dns_check *check)
{
	return arena_printf(check->arena,
			    "https://mta-sts." TEXT_FMT
			    "/.well-known/mta-sts.txt",
			    TEXT_ARG(check->settings->domain.name));
}

static void
remedy_file(struct dns_check *check, const char *what)
{
	if (check->plan->sts_policy.len > 0)
		dns_findings_remedy(check->findings,
				    "%s: signet dns records "
				    "--sts-policy " TEXT_FMT,
				    what,
				    TEXT_ARG(check->settings->domain.name));
}

/* --- the policy against the MX --- */

static bool
pattern_is_used(const struct dns_check *check, const struct sts_mx *mx)
{
	struct sts_policy one = {.mx = mx, .count = 1};
	size_t i;

	for (i = 0; i < check->host_count; i++)
		if (sts_policy_match(&one, check->hosts[i].name))
			return true;
	return false;
}

static void
compare_hosts(struct dns_check *check)
{
	const struct sts_policy *policy = &check->sts_policy;
	size_t i, wrong = 0;

	for (i = 0; i < check->host_count; i++) {
		if (sts_policy_match(policy, check->hosts[i].name))
			continue;
		wrong++;
		dns_findings_add(
		    check->findings, item, DNS_CHECK_ERROR,
		    "the policy does not name " TEXT_FMT ", an MX: senders %s",
		    TEXT_ARG(check->hosts[i].name.name),
		    policy->mode == STS_MODE_ENFORCE ? "do not deliver there"
						     : "report it");
		dns_findings_remedy(check->findings,
				    "add to the policy: mx: " TEXT_FMT,
				    TEXT_ARG(check->hosts[i].name.name));
		dns_findings_remedy(check->findings,
				    "and publish a new id at "
				    "_mta-sts." TEXT_FMT,
				    TEXT_ARG(check->settings->domain.name));
	}
	for (i = 0; i < policy->count; i++)
		if (!pattern_is_used(check, &policy->mx[i]))
			dns_findings_add(check->findings, item, DNS_CHECK_WARN,
					 "the policy names %s" TEXT_FMT
					 ", which is no MX",
					 policy->mx[i].wildcard ? "*." : "",
					 TEXT_ARG(policy->mx[i].domain.name));
	if (wrong == 0)
		dns_findings_add(check->findings, item, DNS_CHECK_OK,
				 "the policy (%s) names every MX",
				 sts_mode_name(policy->mode));
}

/* The id changes with the file, if it is ours. */
static void
compare_id(struct dns_check *check, const struct sts_record *record)
{
	const struct plan_record *plan =
	    plan_find(check->plan, PLAN_STS, text_of(NULL, 0));
	struct sts_record ours;
	struct buf to;

	buf_init(&to, check->arena, LIMIT_STS_POLICY_BYTES);
	sts_policy_write(&to, &check->sts_policy);
	if (plan == NULL ||
	    !text_equal(buf_view(&to), check->plan->sts_policy) ||
	    !sts_record_parse(plan->value, &ours, NULL) ||
	    text_equal(ours.id, record->id))
		return;
	dns_findings_add(check->findings, item, DNS_CHECK_WARN,
			 "the id is " TEXT_FMT
			 ", not that of the policy of signet.conf",
			 TEXT_ARG(record->id));
	dns_check_publish(check, PLAN_STS, text_of(NULL, 0));
}

/* The policy that was fetched before, as --policy gives it. */
static bool
read_policy(struct dns_check *check, const char *path)
{
	struct text file;
	struct why why;

	if (!file_read(check->arena, path, LIMIT_STS_POLICY_BYTES, &file,
		       &why)) {
		dns_findings_add(check->findings, item, DNS_CHECK_UNKNOWN,
				 "the policy: %s", why.text);
		return false;
	}
	if (sts_policy_parse(check->arena, file, &check->sts_policy, &why))
		return true;
	dns_findings_add(check->findings, item, DNS_CHECK_ERROR,
			 "the policy is broken: %s", why.text);
	remedy_file(check, "serve the file that this prints");
	return false;
}

/* As a sender gets it. */
static bool
fetch_policy(struct dns_check *check)
{
	struct sts_fetched fetched;
	enum sts_failure failure;
	struct why why;
	bool aborted;

	failure = sts_fetch_policy(check->arena, check->https, check->resolver,
				   check->settings->domain,
				   clock_deadline_in(FETCH_MS), &fetched,
				   &aborted, &why);
	if (failure == STS_FAILURE_NONE) {
		check->sts_policy = fetched.policy;
		return true;
	}
	dns_findings_add(check->findings, item, DNS_CHECK_ERROR,
			 failure == STS_FAILURE_INVALID
			     ? "what %s serves is no policy: %s"
			     : "senders do not get %s: %s",
			 file_url(check), why.text);
	if (failure == STS_FAILURE_WEBPKI)
		dns_findings_remedy(check->findings,
				    "give the web server a certificate for "
				    "mta-sts." TEXT_FMT " that browsers trust",
				    TEXT_ARG(check->settings->domain.name));
	else
		remedy_file(check, "serve, with status 200 and as text/plain, "
				   "the file that this prints");
	return false;
}

static void
check_policy(struct dns_check *check, const struct sts_record *record)
{
	const char *path = check->options->policy_file;

	if (path == NULL && check->https == NULL) {
		dns_findings_add(check->findings, item, DNS_CHECK_SKIP,
				 "the policy was not looked at: fetch %s and "
				 "give --policy FILE",
				 file_url(check));
		return;
	}
	if (path != NULL ? !read_policy(check, path) : !fetch_policy(check))
		return;
	check->has_sts_policy = true;
	compare_id(check, record);
	if (check->mx_known && check->sts_policy.mode != STS_MODE_NONE)
		compare_hosts(check);
}

/* --- the record --- */

/* The host that serves the file: false if nobody can reach it. */
static bool
check_file_host(struct dns_check *check)
{
	struct text name =
	    text_from(arena_printf(check->arena, "mta-sts." TEXT_FMT,
				   TEXT_ARG(check->settings->domain.name)));
	const struct dns_answer *ip4, *ip6;

	dns_check_ask(check, name, DNS_A, &ip4);
	dns_check_ask(check, name, DNS_AAAA, &ip6);
	if (dns_check_is_unknown(check, item, name, DNS_A, ip4) ||
	    dns_check_is_unknown(check, item, name, DNS_AAAA, ip6) ||
	    ip4->status == DNS_FOUND || ip6->status == DNS_FOUND)
		return true;
	dns_findings_add(check->findings, item, DNS_CHECK_ERROR,
			 TEXT_FMT " has no address: nobody can fetch the "
				  "policy",
			 TEXT_ARG(name));
	dns_findings_remedy(check->findings,
			    "publish A, AAAA or CNAME of a web server that "
			    "has a certificate for " TEXT_FMT " and serves %s",
			    TEXT_ARG(name), file_url(check));
	return false;
}

static void
check_record(struct dns_check *check, struct text txt,
	     enum dns_security security)
{
	struct sts_record record;
	struct why why;

	if (!sts_record_parse(txt, &record, &why)) {
		dns_findings_add(check->findings, item, DNS_CHECK_ERROR,
				 "the record is broken: %s", why.text);
		dns_check_publish(check, PLAN_STS, text_of(NULL, 0));
		return;
	}
	dns_findings_add(check->findings, item, DNS_CHECK_OK,
			 "announced, id " TEXT_FMT "%s", TEXT_ARG(record.id),
			 dns_check_signed(security));
	if (check_file_host(check) || check->options->policy_file != NULL)
		check_policy(check, &record);
}

static void
check_none(struct dns_check *check, struct text name)
{
	if (check->settings->options.mta_sts == DOMAIN_STS_OFF) {
		dns_findings_add(check->findings, item, DNS_CHECK_OK,
				 "not used, as signet.conf has it");
		return;
	}
	dns_findings_add(check->findings, item, DNS_CHECK_ERROR,
			 "there is no record at " TEXT_FMT, TEXT_ARG(name));
	dns_check_publish(check, PLAN_STS, name);
	remedy_file(check, "and serve the file that this prints");
}

void
dns_check_sts(struct dns_check *check)
{
	struct text name =
	    text_from(arena_printf(check->arena, "_mta-sts." TEXT_FMT,
				   TEXT_ARG(check->settings->domain.name)));
	enum dns_security security;
	struct text txt;

	switch (dns_check_one_txt(check, item, name, sts_record_is, &txt,
				  &security)) {
	case CHECK_TXT_UNKNOWN:
	case CHECK_TXT_SEVERAL:
		return;
	case CHECK_TXT_NONE:
		check_none(check, name);
		return;
	case CHECK_TXT_ONE:
		check_record(check, txt, security);
		return;
	}
}
