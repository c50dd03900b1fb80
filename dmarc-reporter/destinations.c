#include "dmarc-reporter/destinations.h"

#include "base/arena.h"
#include "base/scan.h"
#include "mailauth/dmarc_discover.h"
#include "mailauth/report_consent.h"
#include "mailauth/report_uri.h"

struct search {
	struct arena *arena;
	struct resolver *resolver;
	struct dmarc_discovery *discovery;
	struct domain policy_domain;
	enum report_consent_tag tag;
	struct deadline deadline;
	struct destinations *found;
	struct destination **end;
};

/* NULL if the URI, or its address, is there already. */
static struct destination *
add(struct search *search, struct text uri)
{
	struct destination *one;

	for (one = search->found->first; one != NULL; one = one->next)
		if (text_equal(one->uri, uri))
			return NULL;
	one = arena_new_value(search->arena, struct destination);
	one->uri = uri;
	one->state = DESTINATION_SKIPPED;
	*search->end = one;
	search->end = &one->next;
	search->found->count++;
	return one;
}

static bool
is_twice(const struct search *search, const struct destination *new)
{
	const struct destination *one;

	for (one = search->found->first; one != new; one = one->next)
		if (one->state != DESTINATION_SKIPPED &&
		    text_equal_nocase(one->address, new->address))
			return true;
	return false;
}

/* Fills in what the URI says; false, with a reason, if it cannot be used. */
static bool
read_uri(struct search *search, struct destination *one, struct report_uri *uri)
{
	report_uri_parse(search->arena, one->uri, uri);
	one->host = uri->host.name;
	one->address = uri->address;
	switch (uri->kind) {
	case REPORT_URI_BROKEN:
		one->reason = arena_printf(search->arena, "cannot be used: %s",
					   uri->reason);
		return false;
	case REPORT_URI_HTTPS:
	case REPORT_URI_UNKNOWN:
		one->reason = "its scheme is not supported: only mailto is "
			      "(RFC 9990)";
		return false;
	case REPORT_URI_MAILTO:
		if (!is_twice(search, one))
			return true;
		one->reason = "its address is named twice";
		return false;
	}
	return false;
}

/* The URIs that a host wants in place of the one it was asked about. */
static void
add_instead(struct search *search, struct destination *old,
	    const struct dmarc_uri *instead)
{
	struct destination *one;
	struct report_uri uri;

	old->state = DESTINATION_SKIPPED;
	old->reason = "replaced by the record of its host";
	for (; instead != NULL; instead = instead->next) {
		if (text_equal(instead->uri, old->uri)) {
			old->state = DESTINATION_WAITING;
			old->reason = NULL;
			continue;
		}
		one = add(search, instead->uri);
		if (one == NULL)
			continue;
		one->instead_of = old->uri;
		one->consent = old->consent;
		one->consent_name = old->consent_name;
		one->security = old->security;
		if (read_uri(search, one, &uri))
			one->state = DESTINATION_WAITING;
	}
}

static void
ask_consent(struct search *search, struct destination *one,
	    const struct report_uri *uri)
{
	struct report_consent consent;

	report_consent_ask(search->arena, search->resolver, search->discovery,
			   search->policy_domain, uri->host, REPORT_CONSENT_RUA,
			   search->deadline, &consent);
	one->consent = report_consent_name(consent.result);
	one->consent_name = consent.name;
	one->security = consent.security;
	switch (consent.result) {
	case REPORT_CONSENT_OWN:
		one->state = DESTINATION_WAITING;
		break;
	case REPORT_CONSENT_GIVEN:
		one->state = DESTINATION_WAITING;
		if (!domain_equal(consent.asked_for, search->policy_domain))
			one->reason = "agreed to for the organizational domain";
		if (consent.instead != NULL)
			add_instead(search, one, consent.instead);
		break;
	case REPORT_CONSENT_REFUSED:
		one->reason = consent.reason;
		break;
	case REPORT_CONSENT_TEMPERROR:
	case REPORT_CONSENT_NOT_ASKED:
		one->state = DESTINATION_UNDECIDED;
		one->reason = consent.reason;
		break;
	}
}

static void
add_uri(struct search *search, struct text text)
{
	struct destination *one = add(search, text);
	struct report_uri uri;

	if (one != NULL && read_uri(search, one, &uri))
		ask_consent(search, one, &uri);
}

static const struct dmarc_uri *
uris_of(const struct search *search, const struct dmarc_record *record)
{
	return search->tag == REPORT_CONSENT_RUA ? record->rua : record->ruf;
}

/* Parts of the tag that are no URI at all: the record's parser has left them
 * out, and the domain's owner would wonder. */
static void
add_unless_known(struct search *search, const struct dmarc_record *record,
		 struct text item)
{
	struct text uri = text_first(item, text_find(item, '!'));
	const struct dmarc_uri *known;
	struct destination *one;

	for (known = uris_of(search, record); known != NULL;
	     known = known->next)
		if (text_equal(known->uri, uri))
			return;
	one = item.len > 0 ? add(search, item) : NULL;
	if (one != NULL)
		one->reason = "cannot be used: no URI";
}

static void
add_broken(struct search *search, const struct dmarc_record *record)
{
	struct text name =
	    search->tag == REPORT_CONSENT_RUA ? TEXT("rua") : TEXT("ruf");
	struct scan tags, items;
	struct text tag;

	scan_init(&tags, record->text);
	while (!scan_at_end(&tags)) {
		tag = text_trim(scan_until(&tags, ';'));
		if (!text_starts_nocase(tag, name) || !text_has(tag, '='))
			continue;
		scan_init(&items, text_skip(tag, text_find(tag, '=') + 1));
		while (!scan_at_end(&items))
			add_unless_known(search, record,
					 text_trim(scan_until(&items, ',')));
	}
}

static void
nobody(struct destinations *found, const char *reason)
{
	found->found = DESTINATIONS_NOBODY;
	found->reason = reason;
}

static void
read_record(struct search *search, const struct dmarc_policy_found *policy)
{
	const struct dmarc_uri *uri;

	search->found->record = policy->record.text;
	search->found->security = policy->security;
	if (!domain_equal(policy->policy_domain, search->policy_domain)) {
		nobody(search->found, "the domain has no DMARC record of its "
				      "own any more");
		return;
	}
	search->found->found = DESTINATIONS_FOUND;
	for (uri = uris_of(search, &policy->record); uri != NULL;
	     uri = uri->next)
		add_uri(search, uri->uri);
	add_broken(search, &policy->record);
	if (search->found->first == NULL)
		nobody(search->found,
		       search->tag == REPORT_CONSENT_RUA
			   ? "the domain's DMARC record has no rua any more"
			   : "the domain's DMARC record has no ruf any more");
}

void
destinations_find(struct arena *arena, struct resolver *resolver,
		  struct domain policy_domain, enum report_consent_tag tag,
		  struct deadline deadline, struct destinations *found)
{
	struct search search = {.arena = arena,
				.resolver = resolver,
				.policy_domain = policy_domain,
				.tag = tag,
				.deadline = deadline,
				.found = found,
				.end = &found->first};
	struct dmarc_policy_found policy;

	*found = (struct destinations){0};
	search.discovery =
	    dmarc_discovery_new(arena, resolver, DMARC_TREEWALK, NULL);
	dmarc_discover_policy(search.discovery, policy_domain, deadline,
			      &policy);
	switch (policy.found) {
	case DMARC_LOOKUP_FOUND:
		read_record(&search, &policy);
		break;
	case DMARC_LOOKUP_NONE:
		nobody(found, "the domain has no DMARC record any more");
		break;
	case DMARC_LOOKUP_TEMPERROR:
		found->found = DESTINATIONS_TEMPERROR;
		found->reason = policy.reason != NULL
				    ? policy.reason
				    : "DNS did not tell the DMARC record";
		break;
	}
}
