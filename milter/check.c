#include "milter/check.h"

#include "base/arena.h"
#include "base/limits.h"
#include "io/clock.h"
#include "io/key_cache.h"
#include "mailauth/received.h"
#include "milter/decide.h"
#include "milter/results.h"
#include "milter/trust.h"

static void
begin_client(struct session *session, struct resolver *resolver)
{
	struct spf_query query = {
	    .client = session->verdict.client,
	    .helo = session->client_helo,
	    .receiver = text_from(session->engine->host),
	    .now_s = engine_now_s(session->engine),
	};

	if (session->verdict.client.family == 0)
		return;
	session->spf_helo = spf_begin(session->arena, resolver, &query);
	query.sender = session->sender;
	session->spf_mail_from = spf_begin(session->arena, resolver, &query);
	session->iprev =
	    iprev_begin(session->arena, resolver, &session->verdict.client);
	session->dnsbl = dnsbl_begin(
	    session->arena, resolver, &session->verdict.client,
	    session->engine->dnsbl.values, session->engine->dnsbl.count);
}

void
check_begin(struct session *session)
{
	struct resolver *resolver = dns_memo_resolver(session->memo);
	const struct milter_options *options = session->engine->options;
	struct dkim_options dkim = {
	    .minimum_rsa_bits = (unsigned)options->dkim_minimum_bits,
	    .allow_body_length = options->dkim_body_length,
	    .clock_skew_s = (int64_t)options->clock_skew_s,
	    .keys = key_cache_source(session->engine->keys),
	};

	session->checks_begun = true;
	if (session->verdict.skipped != SKIP_NOTHING)
		return;
	if (session->engine->weak_crypto) {
		dkim.allow_rsa_sha1 = true;
		dkim.minimum_rsa_bits = 512;
	}
	begin_client(session, resolver);
	session->dkim = dkim_verifier_new(session->arena, resolver, &dkim);
	session->arc = arc_verifier_new(session->arena, resolver, &dkim);
}

void
check_field(struct session *session, const struct header_field *field)
{
	if (session->verdict.skipped != SKIP_NOTHING)
		return;
	if (text_equal_nocase(field->name, TEXT("DKIM-Signature")))
		dkim_verifier_field(session->dkim, field);
	else if (text_starts_nocase(field->name, TEXT("ARC-")))
		arc_verifier_field(session->arc, field);
}

/* The topmost Received fields are those of our own relays; the first client
 * that is none of them is the one that counts. */
static void
find_client_behind_relays(struct session *session)
{
	const struct config_networks *relays =
	    &session->engine->options->relays;
	struct ipaddr *client = &session->verdict.client;
	const struct header_field *field;
	struct received_from from;

	for (field = message_find(&session->message, "Received"); field != NULL;
	     field = message_find_next(field, "Received")) {
		if (!received_parse(field->value, &from)) {
			/* a client, but not which: nothing to ask SPF about */
			if (from.helo.len > 0)
				memset(client, 0, sizeof(*client));
			return;
		}
		*client = from.address;
		session->client_helo =
		    text_first(from.helo, LIMIT_ADDRESS_BYTES);
		if (!networks_have(relays, client))
			return;
	}
}

static void
begin_late(struct session *session)
{
	const struct header_field *field;

	find_client_behind_relays(session);
	if (session->verdict.skipped == SKIP_NOTHING &&
	    networks_have(&session->engine->options->skip_networks,
			  &session->verdict.client))
		session->verdict.skipped = SKIP_NETWORK;
	check_begin(session);
	for (field = session->message.top; field != NULL; field = field->below)
		check_field(session, field);
}

static void
begin_dmarc(struct session *session)
{
	struct verdict *verdict = &session->verdict;
	struct resolver *resolver = dns_memo_dmarc_resolver(session->memo);
	const struct engine *engine = session->engine;
	int choice = engine->options->dmarc_discovery;
	size_t i;

	session->discovery = dmarc_discovery_new(
	    session->arena, resolver,
	    choice == DISCOVER_PSL ? DMARC_PSL : DMARC_TREEWALK,
	    engine->suffixes);
	if (choice == DISCOVER_BOTH)
		session->other_discovery = dmarc_discovery_new(
		    session->arena, resolver, DMARC_PSL, engine->suffixes);
	for (i = 0; i < verdict->author.domain_count; i++) {
		dmarc_discovery_begin(session->discovery,
				      verdict->author.domains[i]);
		if (session->other_discovery != NULL)
			dmarc_discovery_begin(session->other_discovery,
					      verdict->author.domains[i]);
	}
}

void
check_end_of_header(struct session *session)
{
	struct verdict *verdict = &session->verdict;

	if (!session->checks_begun)
		begin_late(session);
	session->digests = body_digests_new(session->arena);
	if (session->envelope_only)
		return;
	author_find(session->arena, &session->message, &verdict->author);
	if (verdict->skipped != SKIP_NOTHING)
		return;
	begin_dmarc(session);
	dkim_verifier_end_of_header(
	    session->dkim, &session->message, verdict->author.domains,
	    verdict->author.domain_count, session->digests);
	arc_verifier_end_of_header(session->arc, &session->message,
				   session->digests);
}

/* --- at the end of the message --- */

static void
finish_client(struct session *session, struct deadline deadline)
{
	struct verdict *verdict = &session->verdict;

	if (session->spf_mail_from == NULL)
		return;
	spf_finish(session->spf_mail_from, deadline, &verdict->mail_from);
	spf_finish(session->spf_helo, deadline, &verdict->helo);
	iprev_finish(session->iprev, deadline, &verdict->iprev);
	dnsbl_finish(session->dnsbl, deadline, &verdict->dnsbl);
}

static void
evaluate_author(struct session *session, struct domain author,
		struct dmarc_discovery *discovery, struct deadline deadline,
		struct dmarc_verdict *dmarc)
{
	struct verdict *verdict = &session->verdict;
	struct dmarc_input input = {
	    .author = author,
	    .spf = verdict->mail_from.result,
	    .dkim = verdict->dkim,
	    .dkim_count = verdict->dkim_count,
	};

	domain_parse(session->arena, verdict->mail_from.domain,
		     &input.spf_domain, NULL);
	dmarc_evaluate(session->arena, discovery,
		       dns_memo_dmarc_resolver(session->memo), &input, deadline,
		       dmarc);
}

static void
evaluate_authors(struct session *session, struct dmarc_discovery *discovery,
		 struct deadline deadline, struct dmarc_verdict *strictest)
{
	const struct author *author = &session->verdict.author;
	struct dmarc_verdict one;
	size_t i;

	if (discovery == NULL)
		return;
	for (i = 0; i < author->domain_count; i++) {
		memset(&one, 0, sizeof(one));
		evaluate_author(session, author->domains[i], discovery,
				deadline, &one);
		*strictest = i == 0 ? one : *dmarc_stricter(strictest, &one);
	}
	/* What readers may see two ways passes for nobody. */
	if (author->status != AUTHOR_ONE && strictest->result == DMARC_PASS) {
		strictest->result = DMARC_PERMERROR;
		strictest->reason = author->status == AUTHOR_SEVERAL_DOMAINS
					? "authors of several domains"
					: author->reason;
	}
	if (author->domain_count == 0) {
		strictest->result = DMARC_PERMERROR;
		strictest->reason = author->reason;
	}
}

static void
find_aligned(struct session *session, struct deadline deadline)
{
	struct verdict *verdict = &session->verdict;
	const struct dmarc_verdict *dmarc = &verdict->dmarc;
	bool temperror = false;
	size_t i;

	verdict->dkim_aligned =
	    arena_new_array(session->arena, bool, verdict->dkim_count);
	for (i = 0; i < verdict->dkim_count; i++) {
		struct domain signer = verdict->dkim[i].domain;

		if (!domain_is_set(signer) || !domain_is_set(dmarc->author))
			continue;
		if (domain_equal(signer, dmarc->author))
			verdict->dkim_aligned[i] = true;
		else if (dmarc->policy.found == DMARC_LOOKUP_FOUND &&
			 verdict->dkim[i].result == DKIM_PASS)
			verdict->dkim_aligned[i] = dmarc_is_aligned(
			    session->discovery, dmarc->author, signer,
			    dmarc->policy.record.strict_dkim, deadline,
			    &temperror);
	}
}

static void
finish_checks(struct session *session)
{
	struct verdict *verdict = &session->verdict;
	struct deadline deadline =
	    clock_deadline_in((int64_t)session->engine->timeout_s * 1000);
	int64_t now_s = engine_now_s(session->engine);

	finish_client(session, deadline);
	if (session->envelope_only)
		return;
	verdict->dkim_count = dkim_verifier_finish(session->dkim, deadline,
						   now_s, &verdict->dkim);
	arc_verifier_finish(session->arc, deadline, now_s, &verdict->arc);
	evaluate_authors(session, session->discovery, deadline,
			 &verdict->dmarc);
	if (session->other_discovery != NULL) {
		verdict->other =
		    arena_new_value(session->arena, struct dmarc_verdict);
		evaluate_authors(session, session->other_discovery, deadline,
				 verdict->other);
	}
	find_aligned(session, deadline);
	trust_find(session);
}

void
session_end(struct session *session)
{
	struct verdict *verdict = &session->verdict;
	int64_t waiting_since = clock_monotonic_ms();

	session_end_of_header(session);
	body_digests_finish(session->digests);
	line_ends_finish(&verdict->line_ends);
	verdict->requiretls_forged = requiretls_is_forged(
	    &verdict->requiretls, session->tls.version.len > 0);
	verdict->forged_flood = session->forged.flood &&
				session->engine->options->role != ROLE_INTERNAL;
	if (verdict->skipped == SKIP_NOTHING)
		finish_checks(session);
	session->waited_ms = clock_monotonic_ms() - waiting_since;
	decide(session->arena, session->engine->options, verdict,
	       &session->decision);
	session->auth_results = results_write(session);
}
