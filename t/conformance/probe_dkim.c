/* probe_dkim.c - "dkim" and "arc" of the probe */
#include "base/arena.h"
#include "base/dns.h"
#include "mailauth/arc.h"
#include "mailauth/dkim_verify.h"
#include "t/conformance/probe.h"

static const struct deadline any_time = {INT64_MAX};

static struct dkim_options
options_of(const struct probe *probe)
{
	struct dkim_options options = {.clock_skew_s = 300};

	if (probe_has(probe, "weak")) {
		options.allow_rsa_sha1 = true;
		options.minimum_rsa_bits = 512;
		options.allow_body_length = true;
	}
	return options;
}

static void
put_signature(struct probe *probe, size_t i,
	      const struct dkim_signature_result *result)
{
	struct arena *arena = probe_arena(probe);

	probe_put_string(probe, arena_printf(arena, "result%zu", i),
			 dkim_result_name(result->result));
	probe_put(probe, arena_printf(arena, "domain%zu", i),
		  result->domain.name);
	probe_put(probe, arena_printf(arena, "selector%zu", i),
		  result->selector);
	probe_put_string(probe, arena_printf(arena, "reason%zu", i),
			 result->reason);
}

/* dkim: zone, message, author, now, weak */
void
probe_dkim(struct probe *probe)
{
	struct arena *arena = probe_arena(probe);
	struct resolver *resolver = probe_resolver(probe);
	struct dkim_options options = options_of(probe);
	struct body_digests *digests = body_digests_new(arena);
	struct text raw = probe_get(probe, "message");
	const struct dkim_signature_result *results;
	const struct header_field *field;
	struct dkim_verifier *verifier;
	struct message message;
	struct domain author;
	size_t count, i;

	if (resolver == NULL)
		return;
	domain_parse(arena, probe_get(probe, "author"), &author, NULL);
	verifier = dkim_verifier_new(arena, resolver, &options);
	message_init(&message, arena);
	raw = text_skip(raw, message_parse(&message, raw));
	for (field = message_find(&message, "DKIM-Signature"); field != NULL;
	     field = message_find_next(field, "DKIM-Signature"))
		dkim_verifier_field(verifier, field);
	dkim_verifier_end_of_header(verifier, &message, &author,
				    domain_is_set(author), digests);
	body_digests_update(digests, raw);
	body_digests_finish(digests);
	count = dkim_verifier_finish(verifier, any_time,
				     probe_get_int(probe, "now"), &results);
	probe_put_int(probe, "count", (int64_t)count);
	for (i = 0; i < count; i++)
		put_signature(probe, i, &results[i]);
}

/* arc: zone, message, now */
void
probe_arc(struct probe *probe)
{
	struct arena *arena = probe_arena(probe);
	struct resolver *resolver = probe_resolver(probe);
	struct dkim_options options = options_of(probe);
	struct body_digests *digests = body_digests_new(arena);
	struct text raw = probe_get(probe, "message");
	const struct header_field *field;
	struct arc_verifier *verifier;
	struct arc_verdict verdict;
	struct message message;

	if (resolver == NULL)
		return;
	verifier = arc_verifier_new(arena, resolver, &options);
	message_init(&message, arena);
	raw = text_skip(raw, message_parse(&message, raw));
	for (field = message.top; field != NULL; field = field->below)
		if (text_starts_nocase(field->name, TEXT("ARC-")))
			arc_verifier_field(verifier, field);
	arc_verifier_end_of_header(verifier, &message, digests);
	body_digests_update(digests, raw);
	body_digests_finish(digests);
	arc_verifier_finish(verifier, any_time, probe_get_int(probe, "now"),
			    &verdict);
	probe_put_string(probe, "result", arc_result_name(verdict.result));
	probe_put_string(probe, "reason", verdict.reason);
	probe_put_int(probe, "oldest_pass", verdict.oldest_pass);
	probe_put_int(probe, "count", (int64_t)verdict.count);
}
