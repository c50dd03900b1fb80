#include "mailauth/arc.h"

#include "base/arena.h"
#include "base/limits.h"
#include "base/why.h"
#include "mailauth/arc_field.h"
#include "mailauth/dkim_check.h"

/* What b= signs in one canonical form, and the number of the body's digest. */
struct reading {
	unsigned char hash[CRYPTO_HASH_BYTES_MAX];
	unsigned body;
};

struct part {
	struct arc_field field;
	struct dns_question *question;
	struct reading readings[2];
	unsigned reading_count;
};

/* One instance; any part may be missing until the structure is checked. */
struct set {
	struct part *results, *signature, *seal;
};

struct arc_verifier {
	struct arena *arena;
	struct resolver *resolver;
	struct dkim_options options;
	struct set *sets; /* by instance, 0 is not used; NULL until there is
			     one: most messages have none */
	unsigned newest;
	unsigned early_keys;
	bool any;
	const char *broken; /* the structure is; why */
	const struct body_digests *digests;
	enum dns_security security;
};

struct arc_verifier *
arc_verifier_new(struct arena *arena, struct resolver *resolver,
		 const struct dkim_options *options)
{
	struct arc_verifier *verifier =
	    arena_new_value(arena, struct arc_verifier);

	verifier->arena = arena;
	verifier->resolver = resolver;
	verifier->options = *options;
	verifier->security = DNS_SECURE;
	return verifier;
}

static void
set_broken(struct arc_verifier *verifier, const char *reason)
{
	if (verifier->broken == NULL)
		verifier->broken = reason;
}

static void
ask_key(struct arc_verifier *verifier, struct part *part)
{
	if (part->question == NULL && part->field.unusable == NULL)
		part->question =
		    dns_ask(verifier->arena, verifier->resolver,
			    dkim_signature_key_name(verifier->arena,
						    &part->field.signature),
			    DNS_TXT);
}

static struct part **
place_of(struct set *set, enum arc_kind kind)
{
	switch (kind) {
	case ARC_AUTHENTICATION_RESULTS:
		return &set->results;
	case ARC_MESSAGE_SIGNATURE:
		return &set->signature;
	case ARC_SEAL:
	case ARC_NO_FIELD:
		break;
	}
	return &set->seal;
}

void
arc_verifier_field(struct arc_verifier *verifier,
		   const struct header_field *field)
{
	struct part *part, **place;
	struct why why;

	if (arc_kind_of(field) == ARC_NO_FIELD)
		return;
	verifier->any = true;
	if (verifier->sets == NULL)
		verifier->sets = arena_new_array(verifier->arena, struct set,
						 LIMIT_ARC_SETS + 1);
	if (verifier->broken != NULL)
		return;
	part = arena_new_value(verifier->arena, struct part);
	if (!arc_field_parse(verifier->arena, field, &part->field, &why)) {
		set_broken(verifier,
			   arena_printf(verifier->arena, "%s", why.text));
		return;
	}
	place =
	    place_of(&verifier->sets[part->field.instance], part->field.kind);
	if (*place != NULL) {
		set_broken(verifier, arena_printf(verifier->arena,
						  "i=%u has a field twice",
						  part->field.instance));
		return;
	}
	*place = part;
	if (part->field.instance > verifier->newest)
		verifier->newest = part->field.instance;
	if (part->field.kind != ARC_AUTHENTICATION_RESULTS &&
	    verifier->early_keys++ < LIMIT_ARC_EARLY_KEYS)
		ask_key(verifier, part);
}

/* Section 5.2 steps 2 and 3. */
static void
check_structure(struct arc_verifier *verifier)
{
	struct arena *arena = verifier->arena;
	const struct set *set;
	unsigned i;

	set = &verifier->sets[verifier->newest];
	if (set->seal != NULL && set->seal->field.cv == ARC_CV_FAIL)
		set_broken(verifier, "the newest seal says cv=fail");
	for (i = 1; i <= verifier->newest; i++) {
		set = &verifier->sets[i];
		if (set->results == NULL || set->signature == NULL ||
		    set->seal == NULL)
			set_broken(
			    verifier,
			    arena_printf(arena, "i=%u lacks a field", i));
		else if (set->seal->field.cv !=
			 (i == 1 ? ARC_CV_NONE : ARC_CV_PASS))
			set_broken(
			    verifier,
			    arena_printf(arena, "i=%u has a wrong cv=", i));
	}
	set = &verifier->sets[verifier->newest];
	if (verifier->broken == NULL && set->signature->field.unusable != NULL)
		set_broken(verifier, set->signature->field.unusable);
}

static void
hash_relaxed(struct arena *arena, struct digest *digest,
	     const struct part *part)
{
	const struct header_field *field = part->field.field;

	digest_update(digest, dkim_canon_field(arena, DKIM_RELAXED, field->name,
					       field->value));
	digest_update(digest, TEXT("\r\n"));
}

/* Section 5.1.1: a seal signs all sets up to its own, itself without b= at
 * the end.  One digest runs through; each seal takes a copy. */
static void
hash_seals(struct arc_verifier *verifier)
{
	struct arena *arena = verifier->arena;
	struct digest *chain = digest_new(arena, CRYPTO_SHA256), *digest;
	struct set *set;
	unsigned i;

	for (i = 1; i <= verifier->newest; i++) {
		set = &verifier->sets[i];
		hash_relaxed(arena, chain, set->results);
		hash_relaxed(arena, chain, set->signature);
		digest = digest_copy(arena, chain);
		digest_update(digest,
			      dkim_canon_own_field(
				  arena, DKIM_RELAXED, set->seal->field.field,
				  set->seal->field.signature.b_whole));
		digest_finish(digest, set->seal->readings[0].hash);
		set->seal->reading_count = 1;
		hash_relaxed(arena, chain, set->seal);
	}
}

static void
hash_reading(struct arc_verifier *verifier, struct dkim_header *header,
	     struct part *part, enum dkim_canon header_canon,
	     enum dkim_canon body_canon, struct body_digests *digests)
{
	const struct dkim_signature *signature = &part->field.signature;
	struct digest *digest = digest_new(verifier->arena, signature->hash);
	struct reading *reading = &part->readings[part->reading_count++];

	reading->body =
	    body_digests_want(digests, body_canon, signature->hash, BODY_WHOLE);
	dkim_header_hash(header, digest, header_canon, signature->names,
			 signature->name_count, signature->field,
			 signature->b_whole);
	digest_finish(digest, reading->hash);
}

/* Without c= the standard's default is simple/simple, yet there are sealers
 * that mean relaxed/relaxed, which the public test suite has pass. */
static void
hash_message(struct arc_verifier *verifier, struct dkim_header *header,
	     struct part *part, struct body_digests *digests)
{
	const struct dkim_signature *signature = &part->field.signature;

	hash_reading(verifier, header, part, signature->header_canon,
		     signature->body_canon, digests);
	if (tag_list_find(&signature->tags, "c") == NULL)
		hash_reading(verifier, header, part, DKIM_RELAXED, DKIM_RELAXED,
			     digests);
}

void
arc_verifier_end_of_header(struct arc_verifier *verifier,
			   const struct message *message,
			   struct body_digests *digests)
{
	struct dkim_header *header;
	struct part *part;
	unsigned i;

	if (!verifier->any)
		return;
	if (message->truncated)
		set_broken(verifier, "the header is beyond our limits");
	check_structure(verifier);
	if (verifier->broken != NULL)
		return;
	verifier->digests = digests;
	header = dkim_header_new(verifier->arena, message);
	for (i = verifier->newest; i > 0; i--) {
		ask_key(verifier, verifier->sets[i].seal);
		part = verifier->sets[i].signature;
		ask_key(verifier, part);
		if (part->field.unusable == NULL)
			hash_message(verifier, header, part, digests);
	}
	hash_seals(verifier);
}

static void
check_part(struct arc_verifier *verifier, struct part *part,
	   struct deadline deadline, struct dkim_check *check)
{
	const struct dkim_signature *signature = &part->field.signature;
	const struct reading *reading = part->readings;
	const struct dns_answer *answer;
	bool body_fits = true;

	dns_wait(part->question, deadline, &answer);
	do {
		if (part->field.kind == ARC_MESSAGE_SIGNATURE)
			body_fits =
			    text_equal(body_digests_get(verifier->digests,
							reading->body, NULL),
				       signature->body_hash);
		dkim_check(verifier->arena, signature, answer,
			   &verifier->options,
			   text_of((const char *)reading->hash,
				   crypto_hash_bytes(signature->hash)),
			   body_fits, check);
	} while (check->result == DKIM_FAIL &&
		 ++reading < part->readings + part->reading_count);
}

/* False when the chain is decided: this part failed. */
static bool
must_pass(struct arc_verifier *verifier, struct part *part,
	  struct deadline deadline, struct arc_verdict *verdict)
{
	bool is_seal = part->field.kind == ARC_SEAL;
	struct dkim_check check;

	check_part(verifier, part, deadline, &check);
	verifier->security =
	    dns_security_weaker(verifier->security, check.security);
	verdict->security = verifier->security;
	if (check.result == DKIM_PASS)
		return true;
	verdict->reason =
	    arena_printf(verifier->arena, "%s i=%u: %s",
			 is_seal ? "ARC-Seal" : "ARC-Message-Signature",
			 part->field.instance, check.reason);
	verdict->result =
	    check.result == DKIM_TEMPERROR ? ARC_TEMPERROR : ARC_FAIL;
	return verdict->result == ARC_TEMPERROR;
}

/* Section 5.2 steps 4 and 6.  A failure anywhere outweighs a key that could
 * not be asked for. */
static void
check_chain(struct arc_verifier *verifier, struct deadline deadline,
	    int64_t now_s, struct arc_verdict *verdict)
{
	struct part *newest = verifier->sets[verifier->newest].signature;
	const char *reason;
	unsigned i;

	reason = dkim_check_times(&newest->field.signature, &verifier->options,
				  now_s);
	if (reason != NULL) {
		verdict->result = ARC_FAIL;
		verdict->reason = reason;
		return;
	}
	verdict->result = ARC_PASS;
	if (!must_pass(verifier, newest, deadline, verdict))
		return;
	for (i = verifier->newest; i > 0; i--)
		if (!must_pass(verifier, verifier->sets[i].seal, deadline,
			       verdict))
			return;
}

/* Section 5.2 step 5: 0 if all message signatures still verify. */
static unsigned
find_oldest_pass(struct arc_verifier *verifier, struct deadline deadline)
{
	struct dkim_check check;
	struct part *part;
	unsigned i;

	for (i = verifier->newest - 1; i > 0; i--) {
		part = verifier->sets[i].signature;
		if (part->field.unusable != NULL)
			return i + 1;
		check_part(verifier, part, deadline, &check);
		if (check.result != DKIM_PASS)
			return i + 1;
	}
	return 0;
}

static const struct arc_set *
list_sets(struct arc_verifier *verifier)
{
	struct arc_set *list =
	    arena_new_array(verifier->arena, struct arc_set, verifier->newest);
	const struct dns_answer *answer;
	const struct set *set;
	unsigned i;

	for (i = 1; i <= verifier->newest; i++) {
		set = &verifier->sets[i];
		answer = &set->seal->question->answer;
		list[i - 1] = (struct arc_set){
		    .instance = i,
		    .sealer = set->seal->field.signature.domain,
		    .selector = set->seal->field.signature.selector,
		    .auth_results = set->results->field.results,
		    .security = answer->security,
		};
	}
	return list;
}

void
arc_verifier_finish(struct arc_verifier *verifier, struct deadline deadline,
		    int64_t now_s, struct arc_verdict *verdict)
{
	*verdict = (struct arc_verdict){.count = verifier->newest};
	if (!verifier->any) {
		verdict->result = ARC_NONE;
		return;
	}
	if (verifier->broken != NULL) {
		verdict->result = ARC_FAIL;
		verdict->reason = verifier->broken;
		return;
	}
	check_chain(verifier, deadline, now_s, verdict);
	if (verdict->result != ARC_PASS)
		return;
	verdict->oldest_pass = find_oldest_pass(verifier, deadline);
	verdict->sets = list_sets(verifier);
}

const char *
arc_result_name(enum arc_result result)
{
	switch (result) {
	case ARC_NOT_EVALUATED:
	case ARC_NONE:
		return "none";
	case ARC_PASS:
		return "pass";
	case ARC_FAIL:
		return "fail";
	case ARC_TEMPERROR:
		return "temperror";
	}
	return "none";
}
