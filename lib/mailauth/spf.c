#include "mailauth/spf.h"

#include <assert.h>
#include <inttypes.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "base/buf.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "base/why.h"
#include "mailauth/spf_terms.h"

static enum spf_result check_host(struct spf_check *check, struct text domain,
				  struct dns_question *policy, unsigned depth,
				  struct text *explanation);

static enum spf_match
match_include(struct spf_check *check, const struct spf_level *level,
	      struct spf_term *term)
{
	switch (check_host(check, term->target, term->question,
			   level->depth + 1, NULL)) {
	case SPF_PASS:
		return SPF_MATCH_YES;
	case SPF_FAIL:
	case SPF_SOFTFAIL:
	case SPF_NEUTRAL:
		return SPF_MATCH_NO;
	case SPF_TEMPERROR:
		return SPF_MATCH_TEMPERROR;
	case SPF_PERMERROR:
		return SPF_MATCH_PERMERROR;
	case SPF_NONE:
	case SPF_NOT_EVALUATED:
		break;
	}
	return spf_permerror(
	    check, arena_printf(check->arena, "include of %s: no SPF record",
				spf_readable(check, term->target)));
}

static enum spf_match
evaluate(struct spf_check *check, const struct spf_level *level,
	 const struct spf_directive *directive, struct spf_term *term)
{
	if (spf_asks(directive->mechanism)) {
		if (!spf_count_lookup(check, directive->domain_spec))
			return spf_too_many_lookups(check);
		spf_ask_directive(check, level, directive, term);
		if (!term->usable)
			return SPF_MATCH_NO;
	}
	if (directive->mechanism == SPF_MECHANISM_INCLUDE)
		return match_include(check, level, term);
	return spf_match_directive(check, directive, term);
}

/* Section 6.1: the result of the other domain, with its explanation. */
static enum spf_result
follow_redirect(struct spf_check *check, struct spf_level *level,
		struct text *explanation)
{
	struct text spec = level->record.redirect;
	enum spf_result result = SPF_NONE;

	if (!spf_count_lookup(check, spec)) {
		spf_too_many_lookups(check);
		return SPF_PERMERROR;
	}
	spf_ask_term(check, level, spec, DNS_TXT, &level->redirect);
	if (level->redirect.usable)
		result = check_host(check, level->redirect.target,
				    level->redirect.question, level->depth + 1,
				    explanation);
	if (result != SPF_NONE)
		return result;
	spf_permerror(
	    check, arena_printf(check->arena, "redirect to %s: no SPF record",
				spf_readable(check, level->redirect.target)));
	return SPF_PERMERROR;
}

/* --- exp= (section 6.2) --- */

/* One TXT record of an explain-string; anything else and there is none. */
static bool
ask_explanation(struct spf_check *check, const struct spf_level *level,
		struct text *string)
{
	const struct dns_answer *answer;
	struct dns_question *question;
	struct text name;

	if (!spf_expand(check, level, level->record.explanation, &name))
		return false;
	question = dns_ask(check->arena, check->resolver, name, DNS_TXT);
	if (dns_wait(question, check->deadline, &answer) != DNS_FOUND ||
	    answer->count != 1)
		return false;
	*string = answer->records[0].text;
	return spf_macro_check(*string, SPF_MACRO_IN_EXPLANATION, NULL);
}

/* A local part or a HELO in it may hold any bytes. */
static struct text
printable(struct arena *arena, struct text text)
{
	char *copy;
	size_t i;

	text = text_first(text, LIMIT_SPF_EXPLANATION_BYTES);
	copy = text_string(arena, text);
	for (i = 0; i < text.len; i++)
		if (copy[i] != ' ' && !ascii_is_graph(copy[i]))
			copy[i] = '?';
	return text_of(copy, text.len);
}

static void
explain(struct spf_check *check, const struct spf_level *level,
	struct text *explanation)
{
	struct text string;
	struct buf buf;

	if (level->record.explanation.len == 0 ||
	    !ask_explanation(check, level, &string))
		return;
	spf_prepare_values(check, level, string);
	buf_init(&buf, check->arena, 2 * LIMIT_SPF_EXPLANATION_BYTES);
	spf_macro_expand(string, &check->values, &buf);
	*explanation = printable(check->arena, buf_view(&buf));
}

/* --- check_host() (section 4) --- */

/* Section 4.3: what cannot be asked or is no multi-label name. */
static bool
is_multi_label(struct text domain)
{
	size_t dot;

	if (domain.len == 0 || domain.len > LIMIT_DOMAIN_BYTES)
		return false;
	dot = text_find(domain, '.');
	return dot > 0 && dot + 1 < domain.len;
}

/* Section 4.5.  SPF_NOT_EVALUATED if there is one record to go on with. */
static enum spf_result
select_record(struct spf_check *check, struct dns_question *policy,
	      struct text *record)
{
	const struct dns_answer *answer;
	size_t found = 0, i;

	switch (spf_wait(check, policy, &answer)) {
	case DNS_FOUND:
		break;
	case DNS_NODATA:
	case DNS_NXDOMAIN:
		check->reason = "no SPF record";
		return SPF_NONE;
	case DNS_TEMPFAIL:
	case DNS_BOGUS:
		spf_temperror(check, policy);
		return SPF_TEMPERROR;
	}
	for (i = 0; i < answer->count; i++)
		if (spf_record_is(answer->records[i].text)) {
			*record = answer->records[i].text;
			found++;
		}
	if (found == 1)
		return SPF_NOT_EVALUATED;
	check->reason =
	    found == 0 ? "no SPF record" : "more than one SPF record";
	return found == 0 ? SPF_NONE : SPF_PERMERROR;
}

static enum spf_result
run_directives(struct spf_check *check, struct spf_level *level,
	       struct text *explanation)
{
	const struct spf_directive *directive;
	size_t i;

	for (i = 0; i < level->record.count; i++) {
		directive = &level->record.directives[i];
		switch (evaluate(check, level, directive, &level->terms[i])) {
		case SPF_MATCH_NO:
			break;
		case SPF_MATCH_YES:
			check->reason =
			    arena_printf(check->arena, "matched %s",
					 spf_readable(check, directive->text));
			if (directive->result == SPF_FAIL &&
			    explanation != NULL)
				explain(check, level, explanation);
			return directive->result;
		case SPF_MATCH_TEMPERROR:
			return SPF_TEMPERROR;
		case SPF_MATCH_PERMERROR:
			return SPF_PERMERROR;
		}
	}
	if (level->record.redirect.len > 0)
		return follow_redirect(check, level, explanation);
	check->reason = "nothing matched";
	return SPF_NEUTRAL;
}

/* `policy` is the TXT question for `domain`.  `explanation` is NULL within
 * an include: only a fail of the whole check is explained. */
static enum spf_result
check_host(struct spf_check *check, struct text domain,
	   struct dns_question *policy, unsigned depth,
	   struct text *explanation)
{
	struct spf_level level = {.domain = domain, .depth = depth};
	enum spf_result result;
	struct text record;
	struct why why;

	if (!is_multi_label(domain))
		return SPF_NONE;
	/* each level costs one of LIMIT_SPF_TERMS */
	assert(depth < LIMIT_SPF_DEPTH);
	result = select_record(check, policy, &record);
	if (result != SPF_NOT_EVALUATED)
		return result;
	if (!spf_record_parse(check->arena, record, &level.record, &why)) {
		spf_permerror(
		    check, arena_printf(check->arena, "record of %s: %s",
					spf_readable(check, domain), why.text));
		return SPF_PERMERROR;
	}
	level.terms =
	    arena_new_array(check->arena, struct spf_term, level.record.count);
	spf_ask_ahead(check, &level);
	return run_directives(check, &level, explanation);
}

/* --- the identity (sections 2.3, 2.4, 4.3) --- */

static struct text
joined(struct arena *arena, struct text local_part, struct text domain)
{
	struct buf buf;

	buf_init(&buf, arena, local_part.len + domain.len + 1);
	buf_text(&buf, local_part);
	buf_char(&buf, '@');
	buf_text(&buf, domain);
	return buf_view(&buf);
}

/* The domain that is checked, if it is one. */
static void
set_identity(struct spf_check *check, const struct spf_query *query)
{
	struct spf_macro_values *values = &check->values;
	struct text sender = query->sender, domain = query->helo;
	struct domain parsed;
	size_t at;

	values->local_part = TEXT("postmaster");
	if (sender.len > 0) {
		at = text_find_last(sender, '@');
		domain = text_skip(sender, at + 1);
		if (at > 0)
			values->local_part =
			    text_copy(check->arena, text_first(sender, at));
	}
	if (!domain_parse(check->arena, domain, &parsed, NULL) ||
	    domain_labels(parsed) < 2)
		return;
	check->domain = parsed.name;
	values->sender_domain = parsed.name;
	values->sender = joined(check->arena, values->local_part, parsed.name);
}

/* RFC 8616 section 4: a name with U-labels is expanded as A-labels. */
static struct text
helo_value(struct arena *arena, struct text helo)
{
	struct domain domain;

	if (!text_is_ascii(helo) && domain_parse(arena, helo, &domain, NULL))
		return domain.name;
	return text_copy(arena, helo);
}

static void
set_values(struct spf_check *check, const struct spf_query *query)
{
	struct spf_macro_values *values = &check->values;
	struct arena *arena = check->arena;
	char written[IPADDR_STRING_BYTES];

	values->helo = helo_value(arena, query->helo);
	values->address = spf_macro_address(arena, &query->client);
	values->version =
	    query->client.family == 6 ? TEXT("ip6") : TEXT("in-addr");
	values->readable_address =
	    text_copy(arena, text_from(ipaddr_write(&query->client, written)));
	values->receiver = query->receiver.len > 0
			       ? text_copy(arena, query->receiver)
			       : TEXT("unknown");
	values->time = text_from(arena_printf(arena, "%" PRId64, query->now_s));
}

struct spf_check *
spf_begin(struct arena *arena, struct resolver *resolver,
	  const struct spf_query *query)
{
	struct spf_check *check = arena_new_value(arena, struct spf_check);

	check->arena = arena;
	check->resolver = resolver;
	check->client = query->client;
	if (query->client.family == 0)
		return check;
	set_identity(check, query);
	if (check->domain.len == 0)
		return check;
	set_values(check, query);
	check->policy = dns_ask(arena, resolver, check->domain, DNS_TXT);
	return check;
}

void
spf_finish(struct spf_check *check, struct deadline deadline,
	   struct spf_verdict *verdict)
{
	memset(verdict, 0, sizeof(*verdict));
	if (check->policy == NULL) {
		verdict->reason = "client has no address";
		if (check->client.family == 0)
			return;
		verdict->result = SPF_NONE;
		verdict->reason = "no domain to check";
		return;
	}
	check->deadline = deadline;
	check->security = DNS_SECURE;
	verdict->result = check_host(check, check->domain, check->policy, 0,
				     &verdict->explanation);
	verdict->domain = check->domain;
	verdict->reason = check->reason;
	verdict->lookups = check->lookups;
	verdict->void_lookups = check->void_lookups;
	verdict->security = check->security;
	if (check->ptr != NULL)
		verdict->security = dns_security_weaker(verdict->security,
							check->ptr->security);
}

const char *
spf_result_name(enum spf_result result)
{
	switch (result) {
	case SPF_NOT_EVALUATED:
		return "none";
	case SPF_NONE:
		return "none";
	case SPF_NEUTRAL:
		return "neutral";
	case SPF_PASS:
		return "pass";
	case SPF_FAIL:
		return "fail";
	case SPF_SOFTFAIL:
		return "softfail";
	case SPF_TEMPERROR:
		return "temperror";
	case SPF_PERMERROR:
		return "permerror";
	}
	return "none";
}
