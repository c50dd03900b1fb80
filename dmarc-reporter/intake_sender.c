#include "dmarc-reporter/intake_sender.h"

#include "base/arena.h"
#include "base/publicsuffix.h"
#include "base/tag_list.h"
#include "base/why.h"
#include "mailauth/auth_results.h"
#include "mailauth/author.h"
#include "mailauth/message.h"

static bool
find_results(struct arena *arena, const struct message *message,
	     const struct intake_trust *trust, struct auth_results *results,
	     struct why *why)
{
	const struct header_field *field;
	uint64_t received = 0;

	for (field = message->top; field != NULL; field = field->below) {
		if (text_equal_nocase(field->name, TEXT("Received")) &&
		    ++received > trust->received_above)
			break;
		if (!text_equal_nocase(field->name,
				       TEXT("Authentication-Results")))
			continue;
		if (auth_results_parse(arena, field->value, results, why)) {
			if (text_equal_nocase(results->id, trust->authserv_id))
				return true;
			continue;
		}
		/* not passed over for a lower one that came with the mail */
		if (auth_results_claims(arena, field->value,
					trust->authserv_id))
			return why_prefix(why,
					  "Authentication-Results of " TEXT_FMT,
					  TEXT_ARG(trust->authserv_id));
	}
	return why_set(why,
		       "no Authentication-Results of " TEXT_FMT
		       " above the first %llu Received fields: did "
		       "signet-milter see the message?",
		       TEXT_ARG(trust->authserv_id),
		       (unsigned long long)trust->received_above + 1);
}

static struct text
property(const struct auth_method *method, const char *type, const char *name)
{
	const struct auth_property *one;

	for (one = method->properties; one != NULL; one = one->next)
		if (text_equal_nocase(one->type, text_from(type)) &&
		    text_equal_nocase(one->name, text_from(name)))
			return one->value;
	return TEXT("");
}

static bool
is_method(const struct auth_method *method, const char *name)
{
	return text_equal_nocase(method->method, text_from(name));
}

static bool
is_pass(const struct auth_method *method)
{
	return text_equal_nocase(method->result, TEXT("pass"));
}

/* --- DMARC --- */

static void
find_dmarc(struct arena *arena, const struct auth_results *results,
	   struct intake_sender *sender)
{
	const struct auth_method *method;
	struct domain domain;

	sender->dmarc_reason = "no DMARC result";
	for (method = results->methods; method != NULL; method = method->next) {
		if (!is_method(method, "dmarc"))
			continue;
		if (!is_pass(method)) {
			sender->dmarc_reason = arena_printf(
			    arena, "dmarc=" TEXT_FMT, TEXT_ARG(method->result));
			continue;
		}
		sender->dmarc_reason = "dmarc=pass is for another domain";
		if (!domain_parse(arena, property(method, "header", "from"),
				  &domain, NULL) ||
		    !domain_equal(domain, sender->from))
			continue;
		sender->dmarc_pass = true;
		sender->dmarc_reason = NULL;
		return;
	}
}

/* --- DKIM --- */

/* RFC 8460 section 3: From is the signer or below it.  A public suffix signs
 * for nobody. */
static bool
is_aligned(const struct intake_trust *trust, struct domain signer,
	   struct domain from)
{
	return domain_is_within(from, signer) &&
	       (domain_equal(from, signer) ||
		!public_suffix_is(trust->suffixes, signer));
}

/* The signature that the result speaks of, by d=, s= and the beginning of
 * b=. */
static bool
is_its_signature(struct arena *arena, const struct tag_list *tags,
		 const struct auth_method *method, struct domain signer)
{
	struct text b =
	    text_without_fws(arena, tag_list_get(tags, "b", TEXT("")));
	struct text told = property(method, "header", "b");
	struct domain domain;

	return domain_parse(arena, tag_list_get(tags, "d", TEXT("")), &domain,
			    NULL) &&
	       domain_equal(domain, signer) &&
	       text_equal_nocase(tag_list_get(tags, "s", TEXT("")),
				 property(method, "header", "s")) &&
	       text_starts(b, told);
}

/* False also if it cannot be found: then nothing is known of its l=. */
static bool
signs_all(struct arena *arena, const struct message *message,
	  const struct auth_method *method, struct domain signer)
{
	const struct header_field *field;
	struct tag_list tags;
	bool found = false;

	for (field = message_find(message, "DKIM-Signature"); field != NULL;
	     field = message_find_next(field, "DKIM-Signature")) {
		if (!tag_list_parse(arena, field->value, &tags, NULL) ||
		    !is_its_signature(arena, &tags, method, signer))
			continue;
		if (tag_list_find(&tags, "l") != NULL)
			return false;
		found = true;
	}
	return found;
}

static void
find_signer(struct arena *arena, const struct message *message,
	    const struct auth_results *results,
	    const struct intake_trust *trust, struct intake_sender *sender)
{
	const struct auth_method *method;
	struct domain signer;

	sender->signer_reason = "no DKIM signature passed";
	for (method = results->methods; method != NULL; method = method->next) {
		if (!is_method(method, "dkim") || !is_pass(method) ||
		    !domain_parse(arena, property(method, "header", "d"),
				  &signer, NULL))
			continue;
		if (!is_aligned(trust, signer, sender->from)) {
			sender->signer_reason =
			    "no DKIM signature that passed is aligned";
			continue;
		}
		if (!signs_all(arena, message, method, signer)) {
			sender->signer_reason =
			    "the DKIM signature does not cover all of it (l=)";
			continue;
		}
		sender->signer = signer;
		sender->signer_reason = NULL;
		return;
	}
}

bool
intake_sender_find(struct arena *arena, const struct message *message,
		   const struct intake_trust *trust,
		   struct intake_sender *sender, struct why *why)
{
	struct auth_results results;
	struct author author;

	*sender = (struct intake_sender){0};
	author_find(arena, message, &author);
	if (author.status != AUTHOR_ONE)
		return why_set(why, "From: %s%s%s",
			       author_status_name(author.status),
			       author.reason != NULL ? ": " : "",
			       author.reason != NULL ? author.reason : "");
	sender->from = author.domains[0];
	if (!find_results(arena, message, trust, &results, why))
		return false;
	find_dmarc(arena, &results, sender);
	find_signer(arena, message, &results, trust, sender);
	return true;
}
