#include "mailauth/arc_seal.h"

#include <assert.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/limits.h"
#include "base/why.h"
#include "mailauth/arc_field.h"
#include "mailauth/signature_writer.h"
#include "mailauth/signed_fields.h"

/* The fields of an older set. */
struct old_set {
	const struct header_field *results, *signature, *seal;
};

struct arc_sealer {
	struct arena *arena;
	struct dkim_wish wish;
	bool leaves_signatures;
	struct dkim_header *header; /* NULL before the end of the header */
	struct signed_fields fields;
	const struct body_digests *digests;
	unsigned body;
	struct old_set sets[LIMIT_ARC_SETS + 1]; /* by instance */
	unsigned highest;
};

struct arc_sealer *
arc_sealer_new(struct arena *arena, const struct dkim_wish *wish,
	       struct why *why)
{
	struct arc_sealer *sealer = arena_new_value(arena, struct arc_sealer);

	assert(domain_is_set(wish->domain) && wish->key != NULL);
	sealer->arena = arena;
	sealer->wish = *wish;
	if (wish->body_canon == 0)
		sealer->wish.body_canon = DKIM_RELAXED;
	if (!signature_selector(arena, wish->selector, &sealer->wish.selector,
				why))
		return NULL;
	return sealer;
}

static void
note_field(struct arc_sealer *sealer, const struct arc_field *parsed)
{
	struct old_set *set = &sealer->sets[parsed->instance];

	if (parsed->instance > sealer->highest)
		sealer->highest = parsed->instance;
	switch (parsed->kind) {
	case ARC_AUTHENTICATION_RESULTS:
		set->results = parsed->field;
		break;
	case ARC_MESSAGE_SIGNATURE:
		set->signature = parsed->field;
		break;
	case ARC_SEAL:
		set->seal = parsed->field;
		break;
	case ARC_NO_FIELD:
		break;
	}
}

/* Section 5.1 step 1: nobody adds to a chain behind cv=fail. */
static bool
note_chain(struct arc_sealer *sealer, const struct message *message,
	   struct why *why)
{
	const struct header_field *field;
	struct arc_field parsed;
	unsigned failed = 0;

	for (field = message->top; field != NULL; field = field->below) {
		if (arc_kind_of(field) == ARC_NO_FIELD ||
		    !arc_field_parse(sealer->arena, field, &parsed, NULL))
			continue;
		note_field(sealer, &parsed);
		if (parsed.cv == ARC_CV_FAIL && parsed.instance > failed)
			failed = parsed.instance;
	}
	if (failed > 0 && failed == sealer->highest)
		return why_set(why, "the chain ended with cv=fail at i=%u",
			       failed);
	if (sealer->highest == LIMIT_ARC_SETS)
		return why_set(why, "the chain has %d sets already",
			       LIMIT_ARC_SETS);
	return true;
}

void
arc_sealer_leave_signatures(struct arc_sealer *sealer)
{
	sealer->leaves_signatures = true;
}

/* Section 4.1.2: older signatures are a part of what is vouched for; fields
 * of ARC and Authentication-Results are not. */
static bool
choose_fields(struct arc_sealer *sealer, const struct message *message,
	      struct why *why)
{
	return signed_fields_choose(sealer->arena, message, &sealer->fields,
				    why) &&
	       (sealer->leaves_signatures ||
		signed_fields_add(message, TEXT("DKIM-Signature"), false,
				  &sealer->fields, why));
}

bool
arc_sealer_end_of_header(struct arc_sealer *sealer,
			 const struct message *message,
			 struct body_digests *digests, struct why *why)
{
	if (message_find(message, "From") == NULL)
		return why_set(why, "no From field");
	if (!choose_fields(sealer, message, why) ||
	    !note_chain(sealer, message, why))
		return false;
	sealer->digests = digests;
	sealer->header = dkim_header_new(sealer->arena, message);
	sealer->body = body_digests_want(digests, sealer->wish.body_canon,
					 CRYPTO_SHA256, BODY_WHOLE);
	return true;
}

/* cv= and whether the seal covers the older sets. */
static bool
choose_cv(const struct arc_verdict *verdict, enum arc_cv *cv, struct why *why)
{
	switch (verdict->result) {
	case ARC_NONE:
		*cv = ARC_CV_NONE;
		return true;
	case ARC_PASS:
		*cv = ARC_CV_PASS;
		return true;
	case ARC_FAIL:
		*cv = ARC_CV_FAIL;
		return true;
	case ARC_TEMPERROR:
		return why_set(why, "the chain could not be verified: %s",
			       verdict->reason);
	case ARC_NOT_EVALUATED:
		break;
	}
	return why_set(why, "the chain was not verified");
}

static const char *
cv_name(enum arc_cv cv)
{
	switch (cv) {
	case ARC_CV_NONE:
		return "none";
	case ARC_CV_PASS:
		return "pass";
	case ARC_CV_FAIL:
		return "fail";
	}
	return "fail";
}

static struct text
write_results(struct arc_sealer *sealer, unsigned instance, struct text results)
{
	struct buf out;

	buf_init(&out, sealer->arena, LIMIT_AUTH_RESULTS_BYTES + 64);
	buf_printf(&out, " i=%u; ", instance);
	buf_text(&out, text_trim(results));
	return buf_view(&out);
}

static void
write_head(const struct arc_sealer *sealer, struct signature_writer *writer,
	   const char *name, unsigned instance)
{
	signature_write_begin(writer, sealer->arena, text_from(name));
	signature_write_number(writer, "i", instance);
	signature_write_tag(writer, "a",
			    text_from(signature_algorithm(sealer->wish.key)));
}

static bool
end_field(struct arc_sealer *sealer, struct signature_writer *writer,
	  struct digest *digest, struct text *value, struct why *why)
{
	unsigned char hash[CRYPTO_HASH_BYTES_MAX];

	digest_finish(digest, hash);
	return signature_write_end(writer, sealer->wish.key,
				   text_of((const char *)hash, sizeof(hash)),
				   value, why);
}

/* Section 4.1.2 */
static bool
sign_message(struct arc_sealer *sealer, unsigned instance, int64_t now_s,
	     struct text *value, struct why *why)
{
	struct digest *digest = digest_new(sealer->arena, CRYPTO_SHA256);
	bool relaxed = sealer->wish.body_canon == DKIM_RELAXED;
	struct signature_writer writer;
	struct header_field own;
	struct text b_whole;

	write_head(sealer, &writer, "ARC-Message-Signature", instance);
	signature_write_tag(&writer, "c",
			    relaxed ? TEXT("relaxed/relaxed")
				    : TEXT("relaxed/simple"));
	signature_write_tag(&writer, "d", sealer->wish.domain.name);
	signature_write_tag(&writer, "s", sealer->wish.selector);
	signature_write_number(&writer, "t", now_s);
	signature_write_names(&writer, "h", sealer->fields.names,
			      sealer->fields.count);
	signature_write_bytes(
	    &writer, "bh",
	    body_digests_get(sealer->digests, sealer->body, NULL));
	own = signature_write_unsigned(&writer, &b_whole);
	dkim_header_hash(sealer->header, digest, DKIM_RELAXED,
			 sealer->fields.names, sealer->fields.count, &own,
			 b_whole);
	return end_field(sealer, &writer, digest, value, why);
}

static void
hash_value(struct arc_sealer *sealer, struct digest *digest, const char *name,
	   struct text value)
{
	digest_update(digest, dkim_canon_field(sealer->arena, DKIM_RELAXED,
					       text_from(name), value));
	digest_update(digest, TEXT("\r\n"));
}

static void
hash_set(struct arc_sealer *sealer, struct digest *digest, struct text results,
	 struct text signature)
{
	hash_value(sealer, digest, "ARC-Authentication-Results", results);
	hash_value(sealer, digest, "ARC-Message-Signature", signature);
}

/* Section 5.1.1: all sets from the first on, each in this order. */
static void
hash_chain(struct arc_sealer *sealer, struct digest *digest, unsigned count)
{
	const struct old_set *set;
	unsigned i;

	for (i = 1; i <= count; i++) {
		set = &sealer->sets[i];
		hash_set(sealer, digest, set->results->value,
			 set->signature->value);
		hash_value(sealer, digest, "ARC-Seal", set->seal->value);
	}
}

/* Section 4.1.3 */
static bool
seal_set(struct arc_sealer *sealer, enum arc_cv cv, int64_t now_s,
	 struct arc_sealed *sealed, struct why *why)
{
	struct digest *digest = digest_new(sealer->arena, CRYPTO_SHA256);
	struct signature_writer writer;
	struct header_field own;
	struct text b_whole;

	write_head(sealer, &writer, "ARC-Seal", sealed->instance);
	signature_write_number(&writer, "t", now_s);
	signature_write_tag(&writer, "cv", text_from(cv_name(cv)));
	signature_write_tag(&writer, "d", sealer->wish.domain.name);
	signature_write_tag(&writer, "s", sealer->wish.selector);
	own = signature_write_unsigned(&writer, &b_whole);
	/* section 5.1.2: a failed chain is as if this set were the only one */
	if (cv == ARC_CV_PASS)
		hash_chain(sealer, digest, sealed->instance - 1);
	hash_set(sealer, digest, sealed->auth_results,
		 sealed->message_signature);
	digest_update(digest, dkim_canon_own_field(sealer->arena, DKIM_RELAXED,
						   &own, b_whole));
	return end_field(sealer, &writer, digest, &sealed->seal, why);
}

bool
arc_sealer_finish(struct arc_sealer *sealer, const struct arc_verdict *verdict,
		  struct text auth_results, int64_t now_s,
		  struct arc_sealed *sealed, struct why *why)
{
	enum arc_cv cv = ARC_CV_FAIL;

	assert(sealer->header != NULL);
	if (!choose_cv(verdict, &cv, why))
		return false;
	if (auth_results.len > LIMIT_AUTH_RESULTS_BYTES)
		return why_set(why, "Authentication-Results above %u bytes",
			       LIMIT_AUTH_RESULTS_BYTES);
	if (cv == ARC_CV_PASS && verdict->count != sealer->highest)
		return why_set(why, "the chain is not the one that passed");
	*sealed = (struct arc_sealed){.instance = sealer->highest + 1};
	sealed->auth_results =
	    write_results(sealer, sealed->instance, auth_results);
	return sign_message(sealer, sealed->instance, now_s,
			    &sealed->message_signature, why) &&
	       seal_set(sealer, cv, now_s, sealed, why);
}
