#include "milter/trust.h"

#include "base/arena.h"
#include "judge/list_id.h"
#include "mailauth/auth_results.h"
#include "milter/user_lists.h"

/* The verified domain that is in the list, or one that is not set. */
static struct domain
verified_in(const struct session *session, const struct domains *list)
{
	const struct verdict *verdict = &session->verdict;
	struct domain domain = {{NULL, 0}};
	size_t i;

	if (list->count == 0)
		return domain;
	for (i = 0; i < verdict->dkim_count; i++)
		if (verdict->dkim[i].result == DKIM_PASS &&
		    domains_have(list, verdict->dkim[i].domain))
			return verdict->dkim[i].domain;
	if (verdict->mail_from.result == SPF_PASS &&
	    domain_parse(session->arena, verdict->mail_from.domain, &domain,
			 NULL) &&
	    domains_have(list, domain))
		return domain;
	return (struct domain){{NULL, 0}};
}

static bool
find_verified(struct session *session, const struct domains *list,
	      enum override_type type)
{
	struct domain domain = verified_in(session, list);

	if (domain_is_set(domain))
		verdict_add_override(&session->verdict, type,
				     text_string(session->arena, domain.name));
	return domain_is_set(domain);
}

/* --- lists that users vouch for --- */

/* The one List-Id that the message has. */
static bool
find_list_id(const struct session *session, struct text *id)
{
	const struct header_field *field =
	    message_find(&session->message, "List-Id");

	return field != NULL && message_find_next(field, "List-Id") == NULL &&
	       list_id_parse(session->arena, field->value, id, NULL);
}

static bool
is_user_list(const struct session *session, struct text id)
{
	const struct verdict *verdict = &session->verdict;
	struct user_lists *lists = session->engine->user_lists;
	struct domain domain;
	size_t i;

	for (i = 0; i < verdict->dkim_count; i++)
		if (verdict->dkim[i].result == DKIM_PASS &&
		    user_lists_have(lists, id, verdict->dkim[i].domain))
			return true;
	return verdict->mail_from.result == SPF_PASS &&
	       domain_parse(session->arena, verdict->mail_from.domain, &domain,
			    NULL) &&
	       user_lists_have(lists, id, domain);
}

static void
find_user_list(struct session *session)
{
	struct text id;

	if (session->engine->user_lists != NULL && find_list_id(session, &id) &&
	    is_user_list(session, id))
		verdict_add_override(&session->verdict, OVERRIDE_MAILING_LIST,
				     text_string(session->arena, id));
}

/* --- ARC --- */

/* False if the sealer looked at another author than we. */
static bool
is_about(struct arena *arena, const struct auth_method *method,
	 struct domain author)
{
	const struct auth_property *property;
	struct domain domain;

	for (property = method->properties; property != NULL;
	     property = property->next)
		if (text_equal_nocase(property->type, TEXT("header")) &&
		    text_equal_nocase(property->name, TEXT("from")) &&
		    (!domain_parse(arena, property->value, &domain, NULL) ||
		     !domain_equal(domain, author)))
			return false;
	return true;
}

/* Whether the sealer's own results say that DMARC passed for this author, and
 * nothing else about DMARC. */
static bool
says_dmarc_pass(struct arena *arena, struct text value, struct domain author)
{
	const struct auth_method *method;
	struct auth_results results;
	bool passed = false;

	if (!auth_results_parse(arena, value, &results, NULL))
		return false;
	for (method = results.methods; method != NULL; method = method->next) {
		if (!text_equal_nocase(method->method, TEXT("dmarc")))
			continue;
		if (!text_equal_nocase(method->result, TEXT("pass")) ||
		    !is_about(arena, method, author))
			return false;
		passed = true;
	}
	return passed;
}

static void
find_arc(struct session *session)
{
	struct verdict *verdict = &session->verdict;
	const struct arc_set *last;

	if (verdict->arc.result != ARC_PASS || verdict->arc.count == 0)
		return;
	last = &verdict->arc.sets[verdict->arc.count - 1];
	if (!domains_have(&session->engine->arc_sealers, last->sealer))
		return;
	verdict->arc_trusted = text_string(session->arena, last->sealer.name);
	/* of several authors it is not known which one is vouched for */
	if (verdict->author.status == AUTHOR_ONE &&
	    says_dmarc_pass(session->arena, last->auth_results,
			    verdict->author.domains[0]))
		verdict_add_override(verdict, OVERRIDE_LOCAL_POLICY,
				     arena_printf(session->arena,
						  "arc=pass by %s",
						  verdict->arc_trusted));
}

void
trust_find(struct session *session)
{
	const struct engine *engine = session->engine;

	if (!find_verified(session, &engine->lists, OVERRIDE_MAILING_LIST))
		find_user_list(session);
	find_verified(session, &engine->forwarders, OVERRIDE_TRUSTED_FORWARDER);
	find_verified(session, &engine->local_policy, OVERRIDE_LOCAL_POLICY);
	find_arc(session);
}
