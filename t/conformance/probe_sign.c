/* probe_sign.c - "sign" and "seal" of the probe */
#include "base/arena.h"
#include "base/buf.h"
#include "base/dns.h"
#include "base/why.h"
#include "mailauth/arc_seal.h"
#include "mailauth/dkim_record.h"
#include "mailauth/dkim_sign.h"
#include "t/conformance/probe.h"

#define MESSAGE_BYTES (32u << 20)

static const struct deadline any_time = {INT64_MAX};

/* The value `name` or, if it is numbered, `name` and the number. */
static struct text
get(struct probe *probe, const char *name, size_t i)
{
	return probe_get(probe,
			 arena_printf(probe_arena(probe), "%s%zu", name, i));
}

/* keyN, selectorN, canonN ("relaxed/simple"), domain, identity, lifetime */
static bool
read_wish(struct probe *probe, size_t i, struct dkim_wish *wish,
	  struct why *why)
{
	struct arena *arena = probe_arena(probe);
	struct text canon = get(probe, "canon", i);

	*wish = (struct dkim_wish){
	    .selector = get(probe, "selector", i),
	    .identity = probe_get(probe, "identity"),
	    .key = private_key_read(arena, get(probe, "key", i), why),
	    .header_canon =
		text_starts(canon, TEXT("simple")) ? DKIM_SIMPLE : DKIM_RELAXED,
	    .body_canon = text_ends_nocase(canon, TEXT("/simple"))
			      ? DKIM_SIMPLE
			      : DKIM_RELAXED,
	    .lifetime_s = probe_get_int(probe, "lifetime"),
	};
	return wish->key != NULL &&
	       domain_parse(arena, probe_get(probe, "domain"), &wish->domain,
			    why);
}

static void
put_record(struct probe *probe, size_t i, const struct dkim_wish *wish)
{
	struct arena *arena = probe_arena(probe);
	struct dkim_record record = {
	    .type = private_key_type(wish->key),
	    .data = private_key_public(arena, wish->key),
	};

	probe_put(probe, arena_printf(arena, "record%zu", i),
		  dkim_record_write(arena, &record));
}

static void
put_field(struct buf *out, const char *name, struct text value)
{
	buf_printf(out, "%s:", name);
	buf_text(out, value);
	buf_string(out, "\r\n");
}

/* sign: message, now, and what read_wish tells, from 0 on */
void
probe_sign(struct probe *probe)
{
	struct arena *arena = probe_arena(probe);
	struct body_digests *digests = body_digests_new(arena);
	struct dkim_signer *signer = dkim_signer_new(arena);
	struct text raw = probe_get(probe, "message");
	const struct dkim_signed *results;
	struct message message;
	struct dkim_wish wish;
	struct why why = {""};
	struct buf out;
	size_t count, i;
	bool good = true;

	message_init(&message, arena);
	count = message_parse(&message, raw);
	for (i = 0; good && get(probe, "key", i).len > 0; i++) {
		good = read_wish(probe, i, &wish, &why) &&
		       dkim_signer_add(signer, &wish, &why);
		if (good)
			put_record(probe, i, &wish);
	}
	good =
	    good && dkim_signer_end_of_header(signer, &message, digests, &why);
	body_digests_update(digests, text_skip(raw, count));
	body_digests_finish(digests);
	if (!good || !dkim_signer_finish(signer, probe_get_int(probe, "now"),
					 &results, &count, &why)) {
		probe_put_string(probe, "error", why.text);
		return;
	}
	buf_init(&out, arena, MESSAGE_BYTES);
	for (i = 0; i < count; i++)
		put_field(&out, "DKIM-Signature", results[i].value);
	buf_text(&out, raw);
	probe_put(probe, "signed", buf_view(&out));
}

/* What our verifier says of the chain so far. */
static void
verify_chain(struct probe *probe, struct resolver *resolver,
	     const struct message *message, struct text body,
	     struct arc_verdict *verdict)
{
	const struct dkim_options options = {.clock_skew_s = 300};
	struct arena *arena = probe_arena(probe);
	struct body_digests *digests = body_digests_new(arena);
	struct arc_verifier *verifier =
	    arc_verifier_new(arena, resolver, &options);
	const struct header_field *field;

	for (field = message->top; field != NULL; field = field->below)
		arc_verifier_field(verifier, field);
	arc_verifier_end_of_header(verifier, message, digests);
	body_digests_update(digests, body);
	body_digests_finish(digests);
	arc_verifier_finish(verifier, any_time, probe_get_int(probe, "now"),
			    verdict);
}

/* seal: zone, message, now, results, key0, selector0, canon0, domain */
void
probe_seal(struct probe *probe)
{
	struct arena *arena = probe_arena(probe);
	struct body_digests *digests = body_digests_new(arena);
	struct text raw = probe_get(probe, "message"), body;
	struct resolver *resolver = probe_resolver(probe);
	struct arc_sealer *sealer;
	struct arc_verdict verdict;
	struct arc_sealed sealed;
	struct message message;
	struct dkim_wish wish;
	struct why why = {""};
	struct buf out;

	if (resolver == NULL)
		return;
	message_init(&message, arena);
	body = text_skip(raw, message_parse(&message, raw));
	verify_chain(probe, resolver, &message, body, &verdict);
	sealer = read_wish(probe, 0, &wish, &why)
		     ? arc_sealer_new(arena, &wish, &why)
		     : NULL;
	if (sealer == NULL ||
	    !arc_sealer_end_of_header(sealer, &message, digests, &why)) {
		probe_put_string(probe, "refused", why.text);
		return;
	}
	body_digests_update(digests, body);
	body_digests_finish(digests);
	if (!arc_sealer_finish(sealer, &verdict, probe_get(probe, "results"),
			       probe_get_int(probe, "now"), &sealed, &why)) {
		probe_put_string(probe, "refused", why.text);
		return;
	}
	buf_init(&out, arena, MESSAGE_BYTES);
	put_field(&out, "ARC-Seal", sealed.seal);
	put_field(&out, "ARC-Message-Signature", sealed.message_signature);
	put_field(&out, "ARC-Authentication-Results", sealed.auth_results);
	buf_text(&out, raw);
	probe_put(probe, "sealed", buf_view(&out));
	put_record(probe, 0, &wish);
}
