#include "judge/rule.h"

#include <string.h>

#include "judge/list_id.h"

static const char *const kind_names[] = {"none", "list", "from"};

const char *
rule_kind_name(enum rule_kind kind)
{
	return kind_names[kind];
}

enum rule_kind
rule_kind_of(struct text word)
{
	if (text_equal(word, TEXT("list")))
		return RULE_LIST;
	return text_equal(word, TEXT("from")) ? RULE_FROM : RULE_NONE;
}

struct text
rule_address(struct arena *arena, struct text address)
{
	return text_lower(arena, address);
}

/* A top-level domain vouches for nobody below it. */
static bool
can_vouch(struct domain domain)
{
	return domain_is_set(domain) && domain_labels(domain) > 1;
}

bool
rule_author_is_verified(const struct rule_message *message)
{
	size_t i;

	if (!domain_is_set(message->address_domain))
		return false;
	if (domain_is_set(message->dmarc) &&
	    domain_equal(message->dmarc, message->address_domain))
		return true;
	for (i = 0; i < message->verified_count; i++)
		if (can_vouch(message->verified[i]) &&
		    domain_is_within(message->address_domain,
				     message->verified[i]))
			return true;
	return false;
}

static bool
suggest_list(const struct rule_message *message, struct rule *rule)
{
	size_t i;

	for (i = 0; i < message->verified_count; i++) {
		struct domain domain = message->verified[i];

		if (can_vouch(domain) &&
		    list_id_is_within(message->list_id, domain) &&
		    (!domain_is_set(rule->domain) ||
		     domain.name.len < rule->domain.name.len))
			rule->domain = domain;
	}
	rule->kind = RULE_LIST;
	rule->value = message->list_id;
	return domain_is_set(rule->domain);
}

bool
rule_suggest(const struct rule_message *message, struct rule *rule)
{
	memset(rule, 0, sizeof(*rule));
	if (message->list_id.len > 0)
		return suggest_list(message, rule);
	/* a list that does not say which one is no private mail either */
	if (message->has_list || message->address.len == 0 ||
	    !rule_author_is_verified(message))
		return false;
	rule->kind = RULE_FROM;
	rule->value = message->address;
	return true;
}

static bool
list_is_met(const struct rule *rule, const struct rule_message *message)
{
	size_t i;

	if (rule->value.len == 0 ||
	    !text_equal_nocase(rule->value, message->list_id))
		return false;
	for (i = 0; i < message->verified_count; i++)
		if (domain_is_set(rule->domain) &&
		    domain_is_within(message->verified[i], rule->domain))
			return true;
	return false;
}

bool
rule_is_met(const struct rule *rule, const struct rule_message *message)
{
	switch (rule->kind) {
	case RULE_NONE:
		return false;
	case RULE_LIST:
		return list_is_met(rule, message);
	case RULE_FROM:
		return rule->value.len > 0 &&
		       text_equal_nocase(rule->value, message->address) &&
		       rule_author_is_verified(message);
	}
	return false;
}

const struct rule *
rule_match(const struct rule *rules, size_t count,
	   const struct rule_message *message)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (rule_is_met(&rules[i], message))
			return &rules[i];
	return NULL;
}
