#include "mailauth/dmarc.h"

#include "base/arena.h"

/* A domain's organizational domain is the end of its own name: without a
 * common top label there can be no common one. */
static bool
share_top_label(struct domain a, struct domain b)
{
	return domain_equal(domain_last_labels(a, 1), domain_last_labels(b, 1));
}

bool
dmarc_is_aligned(struct dmarc_discovery *discovery, struct domain author,
		 struct domain identifier, bool strict,
		 struct deadline deadline, bool *temperror)
{
	struct domain ours, theirs;

	if (!domain_is_set(identifier) || !domain_is_set(author))
		return false;
	if (domain_equal(author, identifier))
		return true;
	if (strict || !share_top_label(author, identifier))
		return false;
	if (!dmarc_discover_organizational(discovery, author, deadline, &ours))
		return !(*temperror = true);
	if (!domain_is_within(identifier, ours))
		return false;
	if (!dmarc_discover_organizational(discovery, identifier, deadline,
					   &theirs))
		return !(*temperror = true);
	return domain_equal(ours, theirs);
}

/* one evaluation under way */
struct evaluation {
	struct arena *arena;
	struct dmarc_discovery *discovery;
	struct resolver *resolver;
	const struct dmarc_input *input;
	struct deadline deadline;
	struct dmarc_verdict *verdict;
	const char *open; /* why a failure is not certain, or NULL */
};

static void
note_security(struct evaluation *e, enum dns_security security)
{
	enum dns_security *weakest = &e->verdict->policy.security;

	*weakest = dns_security_weaker(*weakest, security);
}

/* Whether a passing identifier aligns; one that could not be asked leaves the
 * result open. */
static bool
pass_aligns(struct evaluation *e, struct domain identifier, bool strict)
{
	bool temperror = false;
	bool aligned =
	    dmarc_is_aligned(e->discovery, e->input->author, identifier, strict,
			     e->deadline, &temperror);

	if (temperror)
		e->open = "the organizational domain could not be asked";
	if (aligned) {
		note_security(e, dmarc_discovery_security(e->discovery,
							  e->input->author));
		note_security(
		    e, dmarc_discovery_security(e->discovery, identifier));
	}
	return aligned;
}

/* Whether a check that could not be made could have been an aligned pass. */
static bool
could_align(struct evaluation *e, struct domain identifier, bool strict)
{
	bool temperror = false;

	return dmarc_is_aligned(e->discovery, e->input->author, identifier,
				strict, e->deadline, &temperror) ||
	       temperror;
}

/* Starts the walks that alignment may need, so that they run together. */
static void
begin_walks(struct evaluation *e)
{
	const struct dmarc_input *in = e->input;
	const struct dmarc_record *record = &e->verdict->policy.record;
	struct domain top = domain_last_labels(
	    in->author, domain_labels(in->author) > 1 ? 2 : 1);
	size_t i;

	if (in->spf == SPF_PASS && !record->strict_spf &&
	    domain_is_within(in->spf_domain, top))
		dmarc_discovery_begin(e->discovery, in->spf_domain);
	for (i = 0; i < in->dkim_count && !record->strict_dkim; i++)
		if (in->dkim[i].result == DKIM_PASS &&
		    domain_is_within(in->dkim[i].domain, top))
			dmarc_discovery_begin(e->discovery, in->dkim[i].domain);
}

static void
align(struct evaluation *e)
{
	const struct dmarc_input *in = e->input;
	const struct dmarc_record *record = &e->verdict->policy.record;
	struct dmarc_verdict *v = e->verdict;
	size_t i;

	if (in->spf == SPF_PASS)
		v->aligned_spf =
		    pass_aligns(e, in->spf_domain, record->strict_spf);
	for (i = 0; i < in->dkim_count && !v->aligned_dkim; i++)
		if (in->dkim[i].result == DKIM_PASS)
			v->aligned_dkim = pass_aligns(e, in->dkim[i].domain,
						      record->strict_dkim);
	if (v->aligned_spf || v->aligned_dkim)
		return;
	if (in->spf == SPF_TEMPERROR &&
	    could_align(e, in->spf_domain, record->strict_spf))
		e->open = "SPF could not be asked";
	for (i = 0; i < in->dkim_count && e->open == NULL; i++)
		if (in->dkim[i].result == DKIM_TEMPERROR &&
		    could_align(e, in->dkim[i].domain, record->strict_dkim))
			e->open = "a DKIM key could not be asked";
}

/* Section 3.2.13: only NXDOMAIN means that there is no such domain.  False if
 * it could not be asked. */
static bool
ask_existence(struct evaluation *e)
{
	struct dmarc_verdict *v = e->verdict;
	const struct dns_answer *answer;

	if (dmarc_discovery_shows_existence(e->discovery, v->author))
		return true;
	switch (dns_wait(dns_ask(e->arena, e->resolver, v->author.name, DNS_A),
			 e->deadline, &answer)) {
	case DNS_NXDOMAIN:
		v->author_exists = false;
		break;
	case DNS_FOUND:
	case DNS_NODATA:
		break;
	case DNS_TEMPFAIL:
	case DNS_BOGUS:
		return false;
	}
	note_security(e, answer->security);
	return true;
}

/* Section 4.10.1: p for the domain itself, else sp, or np if the author
 * domain does not exist.  False if that was needed and could not be asked. */
static bool
choose_policy(struct evaluation *e)
{
	struct dmarc_verdict *v = e->verdict;
	const struct dmarc_record *record = &v->policy.record;
	bool known;

	v->published = record->p;
	if (domain_equal(v->policy.policy_domain, v->author))
		return true;
	if (record->sp != DMARC_POLICY_UNSET)
		v->published = record->sp;
	if (record->np == DMARC_POLICY_UNSET || record->np == v->published)
		return true;
	known = ask_existence(e);
	if (!v->author_exists)
		v->published = record->np;
	return known;
}

/* Section 4.7, tag t: one level below. */
static enum dmarc_policy
apply_test_mode(enum dmarc_policy policy, bool testing)
{
	if (!testing)
		return policy;
	return policy == DMARC_POLICY_REJECT ? DMARC_POLICY_QUARANTINE
					     : DMARC_POLICY_NONE;
}

/* For the record and the reports; no result hangs on it here. */
static void
fill_organizational(struct evaluation *e)
{
	struct dmarc_verdict *v = e->verdict;
	struct domain *organizational = &v->policy.organizational;

	if (domain_is_set(*organizational))
		return;
	if (domain_equal(v->policy.policy_domain, v->author) &&
	    v->policy.record.psd == DMARC_PSD_NO) {
		*organizational = v->author;
		return;
	}
	if (!dmarc_discover_organizational(e->discovery, v->author, e->deadline,
					   organizational))
		organizational->name = text_of(NULL, 0);
}

static void
decide(struct evaluation *e)
{
	struct dmarc_verdict *v = e->verdict;
	bool policy_known;

	begin_walks(e);
	align(e);
	policy_known = choose_policy(e);
	if (v->aligned_spf || v->aligned_dkim) {
		v->result = DMARC_PASS;
		v->reason = v->aligned_dkim ? "DKIM aligned" : "SPF aligned";
	} else if (e->open != NULL) {
		v->result = DMARC_TEMPERROR;
		v->reason = e->open;
	} else if (!policy_known) {
		v->result = DMARC_TEMPERROR;
		v->reason = "whether the author domain exists could not be "
			    "asked";
	} else {
		v->result = DMARC_FAIL;
		v->reason = "no aligned pass";
		v->disposition =
		    apply_test_mode(v->published, v->policy.record.testing);
	}
	fill_organizational(e);
}

void
dmarc_evaluate(struct arena *arena, struct dmarc_discovery *discovery,
	       struct resolver *resolver, const struct dmarc_input *input,
	       struct deadline deadline, struct dmarc_verdict *verdict)
{
	struct evaluation e = {arena,	 discovery, resolver, input,
			       deadline, verdict,   NULL};

	*verdict =
	    (struct dmarc_verdict){.method = dmarc_discovery_method(discovery),
				   .author = input->author,
				   .disposition = DMARC_POLICY_NONE,
				   .author_exists = true};
	dmarc_discover_policy(discovery, input->author, deadline,
			      &verdict->policy);
	switch (verdict->policy.found) {
	case DMARC_LOOKUP_NONE:
		verdict->result = DMARC_NONE;
		verdict->reason = verdict->policy.reason;
		break;
	case DMARC_LOOKUP_TEMPERROR:
		verdict->result = DMARC_TEMPERROR;
		verdict->reason = verdict->policy.reason;
		break;
	case DMARC_LOOKUP_FOUND:
		decide(&e);
		break;
	}
}

static int
strictness(const struct dmarc_verdict *v)
{
	switch (v->result) {
	case DMARC_NOT_EVALUATED:
		return -1;
	case DMARC_PASS:
		return 0;
	case DMARC_NONE:
		return 1;
	case DMARC_PERMERROR:
		return 2;
	case DMARC_TEMPERROR:
		return 3;
	case DMARC_FAIL:
		return 4 + (int)v->disposition * 4 + (int)v->published;
	}
	return -1;
}

const struct dmarc_verdict *
dmarc_stricter(const struct dmarc_verdict *a, const struct dmarc_verdict *b)
{
	return strictness(b) > strictness(a) ? b : a;
}

const char *
dmarc_result_name(enum dmarc_result result)
{
	switch (result) {
	case DMARC_NOT_EVALUATED:
		return "not evaluated";
	case DMARC_NONE:
		return "none";
	case DMARC_PASS:
		return "pass";
	case DMARC_FAIL:
		return "fail";
	case DMARC_TEMPERROR:
		return "temperror";
	case DMARC_PERMERROR:
		return "permerror";
	}
	return "not evaluated";
}
