#include "milter/decide.h"

#include "base/arena.h"
#include "base/utf8.h"

/* The worst remedy so far, with its words. */
struct choice {
	enum remedy remedy;
	const char *reason, *status, *text;
	bool by_dmarc;
};

static void
consider(struct choice *choice, int remedy, const char *reason,
	 const char *status, const char *text)
{
	if (remedy <= (int)choice->remedy)
		return;
	choice->remedy = (enum remedy)remedy;
	choice->reason = reason;
	choice->status = status;
	choice->text = text;
	choice->by_dmarc = false;
}

static const char *
readable(struct arena *arena, struct text text)
{
	return text_string(arena, utf8_for_log(arena, text, 200));
}

static const char *
client_name(struct arena *arena, const struct verdict *verdict)
{
	char *to = arena_bytes(arena, IPADDR_STRING_BYTES);

	return ipaddr_write(&verdict->client, to);
}

/* --- DMARC --- */

static bool
has_dkim_fail(const struct verdict *verdict)
{
	size_t i;

	for (i = 0; i < verdict->dkim_count; i++)
		if (verdict->dkim[i].result == DKIM_FAIL)
			return true;
	return false;
}

/* RFC 9989 section 7.4: p=reject alone is no reason to reject. */
static const char *
second_reason(const struct milter_options *options,
	      const struct verdict *verdict)
{
	unsigned wanted = options->reject_reasons;

	if (wanted == 0)
		return "reject_reasons = none";
	if ((wanted & 1u << REASON_SPF_FAIL) != 0 &&
	    verdict->mail_from.result == SPF_FAIL)
		return "SPF fail";
	if ((wanted & 1u << REASON_HELO_FAIL) != 0 &&
	    verdict->helo.result == SPF_FAIL)
		return "SPF fail of HELO";
	if ((wanted & 1u << REASON_IPREV_FAIL) != 0 &&
	    (verdict->iprev.result == IPREV_FAIL ||
	     verdict->iprev.result == IPREV_PERMERROR))
		return "reverse DNS does not confirm the client";
	if ((wanted & 1u << REASON_DKIM_FAIL) != 0 && has_dkim_fail(verdict))
		return "DKIM fail";
	return NULL;
}

static const struct override *
first_trust(const struct verdict *verdict)
{
	size_t i;

	for (i = 0; i < verdict->override_count; i++)
		if (verdict->overrides[i].type != OVERRIDE_POLICY_TEST_MODE)
			return &verdict->overrides[i];
	return NULL;
}

static bool
is_trusted(const struct verdict *verdict)
{
	return first_trust(verdict) != NULL;
}

static const char *
dmarc_text(struct arena *arena, const struct verdict *verdict,
	   const char *word)
{
	return arena_printf(
	    arena,
	    "DMARC: %s asks to %s mail that fails authentication; "
	    "from %s SPF is %s for %s and no DKIM signature of %s verifies",
	    readable(arena, verdict->dmarc.policy.policy_domain.name), word,
	    client_name(arena, verdict),
	    spf_result_name(verdict->mail_from.result),
	    verdict->mail_from.domain.len > 0
		? readable(arena, verdict->mail_from.domain)
		: "the sender",
	    readable(arena, verdict->dmarc.author.name));
}

static void
apply_policy(struct arena *arena, const struct milter_options *options,
	     struct verdict *verdict, enum dmarc_policy policy,
	     struct choice *choice)
{
	const char *word = dmarc_policy_name(policy);
	int remedy = policy == DMARC_POLICY_REJECT
			 ? options->dmarc_reject
			 : options->dmarc_quarantine;

	if (remedy <= (int)choice->remedy)
		return;
	consider(choice, remedy, arena_printf(arena, "dmarc-%s", word),
		 "5.7.26", dmarc_text(arena, verdict, word));
	choice->by_dmarc = true;
}

static void
decide_dmarc(struct arena *arena, const struct milter_options *options,
	     struct verdict *verdict, struct choice *choice)
{
	enum dmarc_policy policy = verdict->dmarc.disposition;

	if (verdict->dmarc.result != DMARC_FAIL)
		return;
	if (verdict->dmarc.policy.record.testing &&
	    verdict->dmarc.published != policy)
		verdict_add_override(verdict, OVERRIDE_POLICY_TEST_MODE,
				     "t=y");
	if (policy != DMARC_POLICY_REJECT &&
	    policy != DMARC_POLICY_QUARANTINE)
		return;
	if (is_trusted(verdict)) {
		choice->reason = arena_printf(
		    arena, "override-%s",
		    override_name(first_trust(verdict)->type));
		return;
	}
	if (policy == DMARC_POLICY_REJECT &&
	    options->dmarc_reject == REMEDY_REJECT &&
	    second_reason(options, verdict) == NULL) {
		verdict_add_override(verdict, OVERRIDE_LOCAL_POLICY,
				     "no second reason to reject");
		policy = DMARC_POLICY_QUARANTINE;
	}
	apply_policy(arena, options, verdict, policy, choice);
}

/* --- other checks --- */

static void
decide_author(struct arena *arena, const struct milter_options *options,
	      const struct verdict *verdict, struct choice *choice)
{
	static const int several[] = {REMEDY_ACCEPT, REMEDY_TAG, REMEDY_HOLD,
				      REMEDY_REJECT};

	switch (verdict->author.status) {
	case AUTHOR_NOT_EVALUATED:
	case AUTHOR_ONE:
		break;
	case AUTHOR_NONE:
		consider(choice, options->from_missing, "from-missing",
			 "5.7.1",
			 "From: the message names no author; RFC 5322 "
			 "section 3.6 wants one From field with an address");
		break;
	case AUTHOR_AMBIGUOUS:
		consider(choice, options->from_ambiguous, "from-ambiguous",
			 "5.7.1",
			 arena_printf(arena,
				      "From: readers could see different "
				      "authors (%s)",
				      verdict->author.reason));
		break;
	case AUTHOR_SEVERAL_DOMAINS:
		consider(choice, several[options->from_several],
			 "from-several", "5.7.1",
			 "From: authors of several domains in one message are "
			 "not accepted here");
		break;
	}
}

static void
decide_spf(struct arena *arena, const struct milter_options *options,
	   const struct verdict *verdict, struct choice *choice)
{
	const struct spf_verdict *spf = &verdict->mail_from;
	const char *what;

	/* Forwarders and lists break SPF; the author's domain is what counts
	 * when it is known. */
	if (verdict->dmarc.result == DMARC_PASS || is_trusted(verdict))
		return;
	what = arena_printf(arena, "SPF: %s is %s for %s",
			    client_name(arena, verdict),
			    spf->result == SPF_FAIL ? "not permitted to send"
						    : "not designated to send",
			    readable(arena, spf->domain));
	if (spf->result == SPF_FAIL)
		consider(choice, options->spf_fail, "spf-fail", "5.7.23",
			 what);
	if (spf->result == SPF_SOFTFAIL)
		consider(choice, options->spf_softfail, "spf-softfail",
			 "5.7.23", what);
	if (spf->result == SPF_PERMERROR)
		consider(choice, options->spf_permerror, "spf-permerror",
			 "5.7.24",
			 arena_printf(arena,
				      "SPF: the record of %s cannot be used "
				      "(%s)",
				      readable(arena, spf->domain),
				      spf->reason != NULL ? spf->reason
							  : "error"));
	if (verdict->helo.result == SPF_FAIL)
		consider(choice, options->helo_fail, "spf-helo-fail",
			 "5.7.23",
			 arena_printf(arena,
				      "SPF: %s is not permitted to use the "
				      "name %s in HELO",
				      client_name(arena, verdict),
				      readable(arena, verdict->helo.domain)));
}

static void
decide_connection(struct arena *arena, const struct milter_options *options,
		  const struct verdict *verdict, struct choice *choice)
{
	if (verdict->iprev.result == IPREV_FAIL ||
	    verdict->iprev.result == IPREV_PERMERROR)
		consider(choice, options->iprev_fail, "iprev-fail", "5.7.25",
			 arena_printf(arena,
				      "reverse DNS of %s does not lead back "
				      "to it",
				      client_name(arena, verdict)));
	if (verdict->requiretls_forged && options->role == ROLE_INBOUND)
		consider(choice, options->requiretls_forged,
			 "requiretls-forged", "5.7.10",
			 "REQUIRETLS was asked for by a header field; use the "
			 "parameter of MAIL within TLS (RFC 8689)");
}

/* --- could not ask --- */

static bool
must_try_again(const struct milter_options *options,
	       const struct verdict *verdict, struct decision *decision)
{
	if (verdict->dmarc.result == DMARC_TEMPERROR &&
	    options->dmarc_temperror == TEMP_TEMPFAIL) {
		decision->reason = "dmarc-temperror";
		decision->status = "4.7.26";
		decision->text = "DMARC: a DNS question could not be "
				 "answered; please try again";
		return true;
	}
	if (verdict->mail_from.result == SPF_TEMPERROR &&
	    options->spf_temperror == TEMP_TEMPFAIL) {
		decision->reason = "spf-temperror";
		decision->status = "4.7.24";
		decision->text = "SPF: a DNS question could not be answered; "
				 "please try again";
		return true;
	}
	return false;
}

static enum action
action_of(enum remedy remedy)
{
	switch (remedy) {
	case REMEDY_ACCEPT:
		return ACTION_ACCEPT;
	case REMEDY_TAG:
		return ACTION_TAG;
	case REMEDY_HOLD:
		return ACTION_QUARANTINE;
	case REMEDY_REJECT:
		return ACTION_REJECT;
	}
	return ACTION_ACCEPT;
}

void
decide(struct arena *arena, const struct milter_options *options,
       struct verdict *verdict, struct decision *decision)
{
	struct choice choice = {REMEDY_ACCEPT, NULL, NULL, NULL, false};

	memset(decision, 0, sizeof(*decision));
	decision->action = ACTION_ACCEPT;
	if (verdict->skipped != SKIP_NOTHING ||
	    options->role == ROLE_SUBMISSION)
		return;
	decide_dmarc(arena, options, verdict, &choice);
	decide_author(arena, options, verdict, &choice);
	decide_spf(arena, options, verdict, &choice);
	decide_connection(arena, options, verdict, &choice);
	decision->action = action_of(choice.remedy);
	decision->reason = choice.reason;
	decision->by_dmarc = choice.by_dmarc;
	if (decision->action == ACTION_REJECT) {
		decision->code = "550";
		decision->status = choice.status;
		decision->text = choice.text;
	} else if (must_try_again(options, verdict, decision)) {
		decision->action = ACTION_TEMPFAIL;
		decision->code = "451";
		decision->by_dmarc = false;
	}
}
