#include "mailauth/spf_terms.h"

#include "base/arena.h"
#include "base/ascii.h"
#include "base/limits.h"

/* Names in reasons may come out of macros and hold any bytes. */
const char *
spf_readable(struct spf_check *check, struct text text)
{
	char *copy = text_string(check->arena, text_first(text, 100));
	size_t i;

	for (i = 0; copy[i] != '\0'; i++)
		if (!ascii_is_graph(copy[i]))
			copy[i] = '?';
	return copy;
}

enum spf_match
spf_permerror(struct spf_check *check, const char *reason)
{
	check->reason = reason;
	return SPF_MATCH_PERMERROR;
}

enum spf_match
spf_temperror(struct spf_check *check, const struct dns_question *question)
{
	check->reason = arena_printf(
	    check->arena, "%s %s: %s", dns_type_name(question->type),
	    spf_readable(check, question->name),
	    question->answer.reason != NULL
		? question->answer.reason
		: dns_status_name(question->answer.status));
	return SPF_MATCH_TEMPERROR;
}

static enum dns_type
address_type(const struct spf_check *check)
{
	return check->client.family == 6 ? DNS_AAAA : DNS_A;
}

enum dns_status
spf_wait(struct spf_check *check, struct dns_question *question,
	 const struct dns_answer **answer)
{
	enum dns_status status = dns_wait(question, check->deadline, answer);

	check->security =
	    dns_security_weaker(check->security, (*answer)->security);
	return status;
}

static struct ptr_names *
ask_ptr(struct spf_check *check)
{
	if (check->ptr == NULL)
		check->ptr = ptr_names_begin(check->arena, check->resolver,
					     &check->client);
	return check->ptr;
}

bool
spf_count_lookup(struct spf_check *check, struct text spec)
{
	unsigned more = 1;

	if (!check->ptr_counted && spf_macro_uses(spec, 'p')) {
		check->ptr_counted = true;
		more++;
	}
	if (check->lookups + more > LIMIT_SPF_TERMS)
		return false;
	check->lookups += more;
	return true;
}

enum spf_match
spf_too_many_lookups(struct spf_check *check)
{
	return spf_permerror(check, "more than 10 terms that ask the DNS");
}

/* A term that asks in vain; the limit holds across includes. */
static enum spf_match
void_lookup(struct spf_check *check)
{
	if (++check->void_lookups > LIMIT_SPF_VOID)
		return spf_permerror(check, "more than 2 void lookups");
	return SPF_MATCH_NO;
}

/* --- targets --- */

/* Section 7.3: the domain itself, else a name below it, else any. */
static struct text
validated_name(struct spf_check *check, struct text domain)
{
	struct ptr_names *ptr = ask_ptr(check);
	struct domain wanted = {domain}, best = {TEXT_INIT("unknown")}, name;
	int rank = 0, new_rank;
	size_t i;

	if (ptr_names_wait(ptr, check->deadline) != DNS_FOUND)
		return best.name;
	for (i = 0; i < ptr->count; i++)
		ptr_names_ask(ptr, i);
	for (i = 0; i < ptr->count; i++) {
		name = ptr->names[i].domain;
		new_rank = text_equal_nocase(name.name, domain) ? 3
			   : domain_is_within(name, wanted)	? 2
								: 1;
		if (new_rank > rank &&
		    ptr_names_confirm(ptr, i, check->deadline) == DNS_FOUND) {
			best = name;
			rank = new_rank;
		}
	}
	return best.name;
}

void
spf_prepare_values(struct spf_check *check, const struct spf_level *level,
		   struct text string)
{
	check->values.domain = level->domain;
	if (spf_macro_uses(string, 'p'))
		check->values.validated_name =
		    validated_name(check, level->domain);
}

bool
spf_expand(struct spf_check *check, const struct spf_level *level,
	   struct text spec, struct text *name)
{
	spf_prepare_values(check, level, spec);
	return spf_macro_target(check->arena, spec, &check->values, name);
}

static void
expand_term(struct spf_check *check, const struct spf_level *level,
	    struct text spec, struct spf_term *term)
{
	if (term->expanded)
		return;
	term->expanded = true;
	term->usable = true;
	term->target = level->domain;
	if (spec.len > 0)
		term->usable = spf_expand(check, level, spec, &term->target);
}

void
spf_ask_term(struct spf_check *check, const struct spf_level *level,
	     struct text spec, enum dns_type type, struct spf_term *term)
{
	expand_term(check, level, spec, term);
	if (term->usable && term->question == NULL)
		term->question =
		    dns_ask(check->arena, check->resolver, term->target, type);
}

void
spf_ask_directive(struct spf_check *check, const struct spf_level *level,
		  const struct spf_directive *directive, struct spf_term *term)
{
	switch (directive->mechanism) {
	case SPF_MECHANISM_A:
		spf_ask_term(check, level, directive->domain_spec,
			     address_type(check), term);
		break;
	case SPF_MECHANISM_EXISTS:
		spf_ask_term(check, level, directive->domain_spec, DNS_A, term);
		break;
	case SPF_MECHANISM_INCLUDE:
		spf_ask_term(check, level, directive->domain_spec, DNS_TXT,
			     term);
		break;
	case SPF_MECHANISM_MX:
		spf_ask_term(check, level, directive->domain_spec, DNS_MX,
			     term);
		break;
	case SPF_MECHANISM_PTR:
		expand_term(check, level, directive->domain_spec, term);
		ask_ptr(check);
		break;
	case SPF_MECHANISM_ALL:
	case SPF_MECHANISM_IP4:
	case SPF_MECHANISM_IP6:
		break;
	}
}

bool
spf_asks(enum spf_mechanism mechanism)
{
	return mechanism != SPF_MECHANISM_ALL &&
	       mechanism != SPF_MECHANISM_IP4 && mechanism != SPF_MECHANISM_IP6;
}

/* True if evaluation ends here whatever the DNS says. */
static bool
matches_without_asking(const struct spf_check *check,
		       const struct spf_directive *directive)
{
	if (directive->mechanism == SPF_MECHANISM_ALL)
		return true;
	return !spf_asks(directive->mechanism) &&
	       ipnet_contains(&directive->net, &check->client);
}

/* A question may be sent ahead if it may still be evaluated and its name
 * needs no answer first. */
static bool
may_ask_ahead(struct spf_check *check, unsigned terms, struct text spec)
{
	if (check->lookups + terms >= LIMIT_SPF_TERMS ||
	    check->ahead >= LIMIT_SPF_AHEAD || spf_macro_uses(spec, 'p'))
		return false;
	check->ahead++;
	return true;
}

/* Sends the questions of a record together, so that they travel in parallel;
 * they are counted when they are evaluated. */
void
spf_ask_ahead(struct spf_check *check, struct spf_level *level)
{
	const struct spf_record *record = &level->record;
	const struct spf_directive *directive;
	unsigned terms = 0;
	size_t i;

	for (i = 0; i < record->count; i++) {
		directive = &record->directives[i];
		if (matches_without_asking(check, directive))
			return;
		if (!spf_asks(directive->mechanism))
			continue;
		if (may_ask_ahead(check, terms, directive->domain_spec))
			spf_ask_directive(check, level, directive,
					  &level->terms[i]);
		terms++;
	}
	if (record->redirect.len > 0 &&
	    may_ask_ahead(check, terms, record->redirect))
		spf_ask_term(check, level, record->redirect, DNS_TXT,
			     &level->redirect);
}

/* --- mechanisms (section 5) --- */

static bool
answer_has_client(const struct spf_check *check,
		  const struct spf_directive *directive,
		  const struct dns_answer *answer)
{
	struct ipnet net;
	size_t i;

	for (i = 0; i < answer->count; i++) {
		net.address = answer->records[i].address;
		net.bits = net.address.family == 6 ? directive->ip6_bits
						   : directive->ip4_bits;
		if (ipnet_contains(&net, &check->client))
			return true;
	}
	return false;
}

static enum spf_match
match_a(struct spf_check *check, const struct spf_directive *directive,
	struct dns_question *question)
{
	const struct dns_answer *answer;

	switch (spf_wait(check, question, &answer)) {
	case DNS_FOUND:
		return directive->mechanism == SPF_MECHANISM_EXISTS ||
			       answer_has_client(check, directive, answer)
			   ? SPF_MATCH_YES
			   : SPF_MATCH_NO;
	case DNS_NODATA:
	case DNS_NXDOMAIN:
		return void_lookup(check);
	case DNS_TEMPFAIL:
	case DNS_BOGUS:
		break;
	}
	return spf_temperror(check, question);
}

/* Addresses of the hosts: questions of the term, not terms, and so neither
 * counted nor void. */
static enum spf_match
match_hosts(struct spf_check *check, const struct spf_directive *directive,
	    const struct dns_answer *mx)
{
	struct dns_question *hosts[LIMIT_SPF_ADDRESSES];
	const struct dns_answer *answer;
	size_t i;

	for (i = 0; i < mx->count; i++)
		hosts[i] = dns_ask(check->arena, check->resolver,
				   mx->records[i].name, address_type(check));
	for (i = 0; i < mx->count; i++) {
		if (mx->records[i].name.len == 0)
			continue; /* null MX (RFC 7505) */
		switch (spf_wait(check, hosts[i], &answer)) {
		case DNS_FOUND:
			if (answer_has_client(check, directive, answer))
				return SPF_MATCH_YES;
			break;
		case DNS_NODATA:
		case DNS_NXDOMAIN:
			break;
		case DNS_TEMPFAIL:
		case DNS_BOGUS:
			return spf_temperror(check, hosts[i]);
		}
	}
	return SPF_MATCH_NO;
}

static enum spf_match
match_mx(struct spf_check *check, const struct spf_directive *directive,
	 struct dns_question *question)
{
	const struct dns_answer *answer;

	switch (spf_wait(check, question, &answer)) {
	case DNS_FOUND:
		if (answer->count > LIMIT_SPF_ADDRESSES)
			return spf_permerror(check, "more than 10 MX records");
		return match_hosts(check, directive, answer);
	case DNS_NODATA:
	case DNS_NXDOMAIN:
		return void_lookup(check);
	case DNS_TEMPFAIL:
	case DNS_BOGUS:
		break;
	}
	return spf_temperror(check, question);
}

/* Section 5.5: names that cannot be asked are skipped, and a PTR that cannot
 * be asked does not match.  Only names within the target are confirmed. */
static enum spf_match
match_ptr(struct spf_check *check, struct text target)
{
	struct ptr_names *ptr = ask_ptr(check);
	struct domain wanted = {text_lower(check->arena, target)};
	enum dns_status status = ptr_names_wait(ptr, check->deadline);
	size_t i;

	if (status == DNS_NODATA || status == DNS_NXDOMAIN)
		return void_lookup(check);
	for (i = 0; i < ptr->count; i++)
		if (domain_is_within(ptr->names[i].domain, wanted))
			ptr_names_ask(ptr, i);
	for (i = 0; i < ptr->count; i++)
		if (domain_is_within(ptr->names[i].domain, wanted) &&
		    ptr_names_confirm(ptr, i, check->deadline) == DNS_FOUND)
			return SPF_MATCH_YES;
	return SPF_MATCH_NO;
}

enum spf_match
spf_match_directive(struct spf_check *check,
		    const struct spf_directive *directive,
		    struct spf_term *term)
{
	switch (directive->mechanism) {
	case SPF_MECHANISM_ALL:
		return SPF_MATCH_YES;
	case SPF_MECHANISM_IP4:
	case SPF_MECHANISM_IP6:
		return ipnet_contains(&directive->net, &check->client)
			   ? SPF_MATCH_YES
			   : SPF_MATCH_NO;
	case SPF_MECHANISM_A:
	case SPF_MECHANISM_EXISTS:
		return match_a(check, directive, term->question);
	case SPF_MECHANISM_MX:
		return match_mx(check, directive, term->question);
	case SPF_MECHANISM_PTR:
		return match_ptr(check, term->target);
	case SPF_MECHANISM_INCLUDE:
		break;
	}
	return SPF_MATCH_NO;
}
