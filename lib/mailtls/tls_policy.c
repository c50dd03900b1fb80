#include "mailtls/tls_policy.h"

#include "base/arena.h"
#include "mailtls/tls_problem.h"

struct choice {
	struct arena *arena;
	const struct tls_facts *facts;
	const struct tls_policy_options *options;
	struct tls_policy *policy;
};

bool
tls_policy_needs(const struct nexthop *nexthop,
		 const struct tls_override *override)
{
	return nexthop->kind == NEXTHOP_DOMAIN &&
	       (override == NULL || override->is_published);
}

/* --- what a row of the table says --- */

static bool
decide(struct choice *choice, enum tls_verdict verdict, enum tls_ground ground,
       const char *why)
{
	choice->policy->verdict = verdict;
	choice->policy->ground = ground;
	choice->policy->why = why;
	if (verdict == TLS_VERDICT_TEMP)
		choice->policy->ttl_s = 0;
	return true;
}

static bool
decide_level(struct choice *choice, enum tls_level level,
	     enum tls_ground ground, const char *why)
{
	choice->policy->level = level;
	return decide(choice, TLS_VERDICT_LEVEL, ground, why);
}

/* The one level of these that says who the server is. */
static enum tls_level
verified(enum tls_level level)
{
	switch (level) {
	case TLS_LEVEL_UNSET:
	case TLS_LEVEL_NONE:
	case TLS_LEVEL_MAY:
	case TLS_LEVEL_ENCRYPT:
		return TLS_LEVEL_UNSET;
	case TLS_LEVEL_DANE:
	case TLS_LEVEL_DANE_ONLY:
		return TLS_LEVEL_DANE_ONLY;
	case TLS_LEVEL_SECURE:
		return TLS_LEVEL_SECURE;
	}
	return TLS_LEVEL_UNSET;
}

/* --- rows --- */

static bool
by_key(struct choice *choice)
{
	switch (choice->facts->nexthop.kind) {
	case NEXTHOP_DOMAIN:
	case NEXTHOP_HOST:
		return false;
	case NEXTHOP_PARENT:
		return decide(
		    choice, TLS_VERDICT_NONE, TLS_GROUND_KEY,
		    "parents are not asked about: the name itself was "
		    "answered");
	case NEXTHOP_ADDRESS:
		return decide(choice, TLS_VERDICT_NONE, TLS_GROUND_KEY,
			      "an address has no policy");
	case NEXTHOP_OTHER:
		return decide(choice, TLS_VERDICT_NONE, TLS_GROUND_KEY,
			      "this is no name of the DNS");
	case NEXTHOP_UNSET:
	case NEXTHOP_UNKNOWN:
		break;
	}
	return decide(choice, TLS_VERDICT_TEMP, TLS_GROUND_BAD_KEY,
		      "the next hop has a name or a port that cannot be read, "
		      "so nobody knows what protects it");
}

static bool
by_override(struct choice *choice)
{
	const struct tls_override *override = choice->facts->override;
	struct tls_policy *policy = choice->policy;

	if (override == NULL || override->is_published)
		return false;
	if (override->level == TLS_LEVEL_UNSET)
		return decide(choice, TLS_VERDICT_TEMP, TLS_GROUND_OVERRIDE,
			      "there is an override that cannot be read");
	policy->match = override->match;
	policy->match_count = override->match_count;
	policy->verified_level = verified(override->level);
	return decide_level(
	    choice, override->level, TLS_GROUND_OVERRIDE,
	    arena_printf(choice->arena, "an operator override for %s" TEXT_FMT,
			 override->is_parent ? "all below " : "",
			 TEXT_ARG(override->domain.name)));
}

static bool
by_brackets(struct choice *choice)
{
	return choice->facts->nexthop.kind == NEXTHOP_HOST &&
	       decide(choice, TLS_VERDICT_NONE, TLS_GROUND_BRACKETS,
		      "a host in brackets was chosen by the operator, and so "
		      "is what protects it");
}

static const char *
told(const char *reason)
{
	return reason != NULL ? reason : "no reason is known";
}

static bool
by_mx_failure(struct choice *choice)
{
	const struct destination *destination = choice->facts->destination;

	if (destination == NULL)
		return decide(choice, TLS_VERDICT_TEMP, TLS_GROUND_DNS,
			      "the DNS was not asked");
	if (destination->state != DESTINATION_NOT_EVALUATED &&
	    destination->state != DESTINATION_UNKNOWN)
		return false;
	return decide(choice, TLS_VERDICT_TEMP, TLS_GROUND_DNS,
		      arena_printf(choice->arena, "the MX records %s: %s",
				   destination->mx_status == DNS_BOGUS
				       ? "are bogus"
				       : "could not be asked",
				   told(destination->reason)));
}

static bool
by_host_failure(struct choice *choice)
{
	const struct destination_host *host;

	if (choice->facts->destination->dane != DANE_UNKNOWN)
		return false;
	host = tls_facts_unknown_host(choice->facts);
	return decide(choice, TLS_VERDICT_TEMP, TLS_GROUND_DNS,
		      arena_printf(choice->arena, "%s of " TEXT_FMT " %s: %s",
				   host->failed_type != 0
				       ? dns_type_name(host->failed_type)
				       : "all",
				   TEXT_ARG(host->name.name),
				   host->failed_status == DNS_BOGUS
				       ? "is bogus"
				       : "could not be asked",
				   told(host->reason)));
}

static bool
by_dane(struct choice *choice)
{
	bool rather_sts = choice->options != NULL &&
			  choice->options->dane_and_sts == TLS_LEVEL_SECURE;

	if (choice->facts->destination->dane != DANE_ALL ||
	    (rather_sts && tls_facts_is_enforced(choice->facts)))
		return false;
	choice->policy->verified_level = TLS_LEVEL_DANE_ONLY;
	if (tls_facts_unknown_host(choice->facts) != NULL)
		return decide_level(choice, TLS_LEVEL_DANE_ONLY,
				    TLS_GROUND_DANE,
				    "every MX host has usable TLSA records, or "
				    "could not be asked and must prove it");
	return decide_level(choice, TLS_LEVEL_DANE_ONLY, TLS_GROUND_DANE,
			    tls_facts_is_enforced(choice->facts)
				? "every MX host has usable TLSA records, and "
				  "DANE goes before MTA-STS"
				: "every MX host has usable TLSA records");
}

static bool
has_no_mx_of(const struct destination *destination,
	     const struct sts_policy *sts)
{
	size_t i, present = 0;

	for (i = 0; i < destination->count; i++) {
		if (destination->hosts[i].state == HOST_ABSENT)
			continue;
		present++;
		if (sts_policy_match(sts, destination->hosts[i].name))
			return false;
	}
	return present > 0;
}

static bool
by_sts(struct choice *choice)
{
	const struct sts_state *sts = choice->facts->sts;
	struct tls_policy *policy = choice->policy;

	if (sts == NULL || sts->result == STS_NOT_EVALUATED ||
	    sts->result == STS_TEMPERROR)
		return decide(
		    choice, TLS_VERDICT_TEMP, TLS_GROUND_STS_UNKNOWN,
		    arena_printf(
			choice->arena, "MTA-STS could not be asked%s%s",
			sts != NULL && sts->detail != NULL &&
				sts->detail[0] != '\0'
			    ? ": "
			    : "",
			sts != NULL && sts->detail != NULL ? sts->detail : ""));
	if (!tls_facts_is_enforced(choice->facts))
		return false;
	policy->verified_level = TLS_LEVEL_SECURE;
	policy->mx_mismatch =
	    has_no_mx_of(choice->facts->destination, policy->sts);
	if (policy->mx_mismatch)
		return decide_level(choice, TLS_LEVEL_SECURE, TLS_GROUND_STS_MX,
				    "the MTA-STS policy is enforced and names "
				    "no MX host that there is");
	return decide_level(choice, TLS_LEVEL_SECURE, TLS_GROUND_STS,
			    sts->fallback
				? "an MTA-STS policy from before is enforced, "
				  "the newer one could not be had"
				: "the MTA-STS policy is enforced");
}

static bool
by_some_dane(struct choice *choice)
{
	const struct destination *destination = choice->facts->destination;
	size_t i;

	if (destination->dane != DANE_SOME &&
	    destination->dane != DANE_UNUSABLE)
		return false;
	for (i = 0; i < destination->count; i++)
		if (destination->hosts[i].state == HOST_USABLE)
			choice->policy->verified_level = TLS_LEVEL_DANE_ONLY;
	return decide_level(
	    choice, TLS_LEVEL_DANE, TLS_GROUND_SOME_DANE,
	    destination->dane == DANE_UNUSABLE
		? "the TLSA records are of no use: TLS is required, whoever "
		  "the server is"
		: "some MX hosts have TLSA records");
}

static bool
by_nothing(struct choice *choice)
{
	const struct destination *destination = choice->facts->destination;
	const struct sts_state *sts = choice->facts->sts;

	if (destination->state != DESTINATION_HOSTS)
		return decide(choice, TLS_VERDICT_NONE, TLS_GROUND_NO_MAIL,
			      destination->reason);
	if (sts->result == STS_PRESENT)
		return decide(
		    choice, TLS_VERDICT_NONE, TLS_GROUND_NOTHING,
		    sts->policy.mode == STS_MODE_TESTING
			? "no DANE, and MTA-STS is only tested"
			: "no DANE, and the MTA-STS policy says none");
	return decide(choice, TLS_VERDICT_NONE, TLS_GROUND_NOTHING,
		      sts->failure != STS_FAILURE_NONE
			  ? "no DANE, and no MTA-STS policy that could be had"
			  : "neither DANE nor MTA-STS");
}

/* --- the table --- */

static void
note_ttl(const struct tls_facts *facts, struct tls_policy *policy)
{
	if (facts->destination != NULL &&
	    facts->destination->ttl_s < policy->ttl_s)
		policy->ttl_s = facts->destination->ttl_s;
	if (facts->sts != NULL && facts->sts->ttl_s < policy->ttl_s)
		policy->ttl_s = facts->sts->ttl_s;
}

void
tls_policy_choose(struct arena *arena, const struct tls_facts *facts,
		  const struct tls_policy_options *options,
		  struct tls_policy *policy)
{
	static bool (*const rows[])(struct choice *) = {
	    by_key,  by_override, by_brackets,	by_mx_failure, by_host_failure,
	    by_dane, by_sts,	  by_some_dane, by_nothing};
	struct choice choice = {arena, facts, options, policy};
	size_t i;

	*policy = (struct tls_policy){.domain = facts->nexthop.domain,
				      .ttl_s = UINT32_MAX};
	if (tls_policy_needs(&facts->nexthop, facts->override)) {
		note_ttl(facts, policy);
		policy->sts_unknown =
		    facts->sts == NULL || facts->sts->result == STS_TEMPERROR;
		policy->problems = tls_problem_list(arena, facts);
		if (tls_facts_is_enforced(facts)) {
			policy->sts = &facts->sts->policy;
			policy->sts_file = facts->sts->file;
		}
	}
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i](&choice))
			return;
}

/* --- words --- */

const char *
tls_verdict_name(enum tls_verdict verdict)
{
	switch (verdict) {
	case TLS_VERDICT_UNSET:
		return "not evaluated";
	case TLS_VERDICT_NONE:
		return "none";
	case TLS_VERDICT_LEVEL:
		return "level";
	case TLS_VERDICT_TEMP:
		return "temp";
	}
	return "not evaluated";
}

const char *
tls_ground_name(enum tls_ground ground)
{
	switch (ground) {
	case TLS_GROUND_UNSET:
		return "not evaluated";
	case TLS_GROUND_KEY:
		return "key";
	case TLS_GROUND_BAD_KEY:
		return "bad-key";
	case TLS_GROUND_OVERRIDE:
		return "override";
	case TLS_GROUND_BRACKETS:
		return "brackets";
	case TLS_GROUND_DNS:
		return "dns";
	case TLS_GROUND_DANE:
		return "dane";
	case TLS_GROUND_STS:
		return "sts";
	case TLS_GROUND_STS_MX:
		return "sts-mx";
	case TLS_GROUND_STS_UNKNOWN:
		return "sts-unknown";
	case TLS_GROUND_SOME_DANE:
		return "some-dane";
	case TLS_GROUND_NO_MAIL:
		return "no-mail";
	case TLS_GROUND_NOTHING:
		return "nothing";
	}
	return "not evaluated";
}
