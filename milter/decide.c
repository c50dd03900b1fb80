#include "milter/decide.h"

#include "base/arena.h"
#include "base/utf8.h"

/* Our part of a reply: a line has 512 bytes with its code, the status and
 * its end (RFC 5321 section 4.5.3.1.5). */
#define REPLY_TEXT_BYTES 490

/* The worst remedy so far, with its words. */
struct choice {
	const struct override *trust; /* the first that spares, or NULL */
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
	/* another reason to keep aside what DMARC keeps aside changes nothing
	 * for the author domain; a refusal has one reason */
	if (choice->remedy == REMEDY_REJECT)
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
	if ((wanted & 1u << REASON_DNSBL) != 0 &&
	    verdict->dnsbl.result == DNSBL_LISTED)
		return "DNSBL";
	return NULL;
}

/* Before decide_dmarc adds what it did itself. */
static const struct override *
first_trust(const struct verdict *verdict)
{
	size_t i;

	for (i = 0; i < verdict->override_count; i++)
		if (verdict->overrides[i].type != OVERRIDE_POLICY_TEST_MODE)
			return &verdict->overrides[i];
	return NULL;
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

/* The word of DMARC for what a remedy does. */
static enum dmarc_policy
policy_of(enum remedy remedy)
{
	switch (remedy) {
	case REMEDY_ACCEPT:
		return DMARC_POLICY_NONE;
	case REMEDY_TAG:
	case REMEDY_HOLD:
		return DMARC_POLICY_QUARANTINE;
	case REMEDY_REJECT:
		return DMARC_POLICY_REJECT;
	}
	return DMARC_POLICY_NONE;
}

/* RFC 9990, policy_evaluated: a report says why the policy that was applied
 * is not the one that was asked for. */
static void
explain_difference(struct arena *arena, const struct milter_options *options,
		   struct verdict *verdict, const char *word, int remedy,
		   bool differs)
{
	if (options->mode == MODE_TEST)
		verdict_add_override(verdict, OVERRIDE_LOCAL_POLICY,
				     "only recorded, not enforced here");
	else if (differs)
		verdict_add_override(
		    verdict, OVERRIDE_LOCAL_POLICY,
		    arena_printf(arena, "dmarc_%s = %s", word,
				 remedy_name((enum remedy)remedy)));
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

	explain_difference(arena, options, verdict, word, remedy,
			   policy_of((enum remedy)remedy) != policy);
	if (remedy == REMEDY_ACCEPT)
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
	if (choice->trust != NULL) {
		choice->reason =
		    arena_printf(arena, "override-%s",
				 override_name(choice->trust->type));
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
	if (verdict->dmarc.result == DMARC_PASS || choice->trust != NULL)
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
	if (verdict->requiretls_forged)
		consider(choice, options->requiretls_forged,
			 "requiretls-forged", "5.7.10",
			 "REQUIRETLS was asked for by a header field; use the "
			 "parameter of MAIL within TLS (RFC 8689)");
}

static void
decide_line_ends(struct arena *arena, const struct milter_options *options,
		 const struct verdict *verdict, struct choice *choice)
{
	const char *words = line_ends_words(&verdict->line_ends);

	if (words != NULL)
		consider(choice, options->bare_newline, "bare-newline", "5.5.2",
			 arena_printf(arena,
				      "the message has a %s; lines end in "
				      "CRLF (RFC 5321 section 2.3.8)",
				      words));
}

/* --- could not ask --- */

static bool
must_try_again(const struct milter_options *options,
	       const struct verdict *verdict, const struct choice *choice,
	       struct decision *decision)
{
	if (verdict->dmarc.result == DMARC_TEMPERROR &&
	    options->dmarc_temperror == TEMP_TEMPFAIL) {
		decision->reason = "dmarc-temperror";
		decision->status = "4.7.26";
		decision->text = "DMARC: a DNS question could not be "
				 "answered; please try again";
		return true;
	}
	/* what decide_spf spares whatever the answer would be */
	if (verdict->dmarc.result == DMARC_PASS || choice->trust != NULL)
		return false;
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

/* Printable ASCII in one line, without '%', which mail servers read as a
 * format. */
static const char *
reply_text(struct arena *arena, const char *words)
{
	struct text text = text_from(words);
	char *at;

	at = arena_printf(arena, "%.*s%s", REPLY_TEXT_BYTES - 3, words,
			  text.len > REPLY_TEXT_BYTES - 3 ? "..." : "");
	words = at;
	for (; *at != '\0'; at++)
		if (*at < ' ' || *at > '~' || *at == '%')
			*at = '?';
	return words;
}

/* Whoever sent it: letting some of the forged fields stand is no choice. */
static void
refuse_flood(struct decision *decision)
{
	decision->action = ACTION_REJECT;
	decision->reason = "forged-flood";
	decision->code = "550";
	decision->status = "5.7.1";
	decision->text = "too many header fields that claim to be ours";
}

void
decide(struct arena *arena, const struct milter_options *options,
       struct verdict *verdict, struct decision *decision)
{
	struct choice choice = {.remedy = REMEDY_ACCEPT,
				.trust = first_trust(verdict)};

	memset(decision, 0, sizeof(*decision));
	decision->action = ACTION_ACCEPT;
	if (verdict->forged_flood) {
		refuse_flood(decision);
		return;
	}
	if (verdict->skipped != SKIP_NOTHING || options->role != ROLE_INBOUND)
		return;
	decide_dmarc(arena, options, verdict, &choice);
	decide_author(arena, options, verdict, &choice);
	decide_spf(arena, options, verdict, &choice);
	decide_connection(arena, options, verdict, &choice);
	decide_line_ends(arena, options, verdict, &choice);
	decision->action = action_of(choice.remedy);
	decision->reason = choice.reason;
	decision->by_dmarc = choice.by_dmarc;
	if (decision->action == ACTION_REJECT) {
		decision->code = "550";
		decision->status = choice.status;
		decision->text = reply_text(arena, choice.text);
	} else if (must_try_again(options, verdict, &choice, decision)) {
		decision->action = ACTION_TEMPFAIL;
		decision->code = "451";
		decision->by_dmarc = false;
	}
}
