#include "mailauth/dkim_verify.h"

#include <assert.h>

#include "base/arena.h"
#include "base/limits.h"
#include "base/why.h"
#include "mailauth/dkim_check.h"
#include "mailauth/dkim_signature.h"
#include "mailauth/tls_report_mail.h"

/* How near a signature's d= is to an author. */
enum nearness { NEAR_EQUAL, NEAR_RELATED, NEAR_FOREIGN, NEAR_COUNT };

struct candidate {
	const struct header_field *field;
	struct dkim_signature *signature; /* NULL until parsed */
	struct dns_question *question;	  /* NULL until asked for */
	enum nearness nearness;
	bool chosen;
	bool has_body;
	unsigned body; /* number at the body digests */
	unsigned char header_hash[CRYPTO_HASH_BYTES_MAX];
	struct dkim_signature_result result;
	struct candidate *next;
};

struct dkim_verifier {
	struct arena *arena;
	struct resolver *resolver;
	struct dkim_options options;
	struct candidate *first, **end;
	size_t count, parsed, chosen;
	size_t from_count;
	const struct body_digests *digests;
	uint64_t lengths[LIMIT_DKIM_LENGTHS];
	size_t length_count;
};

struct dkim_verifier *
dkim_verifier_new(struct arena *arena, struct resolver *resolver,
		  const struct dkim_options *options)
{
	struct dkim_verifier *verifier =
	    arena_new_value(arena, struct dkim_verifier);

	verifier->arena = arena;
	verifier->resolver = resolver;
	verifier->options = *options;
	verifier->end = &verifier->first;
	return verifier;
}

static void
set_result(struct candidate *candidate, enum dkim_result result,
	   const char *reason)
{
	candidate->result.result = result;
	candidate->result.reason = reason;
}

static bool
is_decided(const struct candidate *candidate)
{
	return candidate->result.result != DKIM_NOT_EVALUATED;
}

static void
show_signature(struct candidate *candidate)
{
	const struct dkim_signature *signature = candidate->signature;
	struct dkim_signature_result *result = &candidate->result;

	result->domain = signature->domain;
	result->selector = signature->selector;
	result->identity = signature->identity;
	result->algorithm = signature->algorithm;
	result->has_length = signature->has_length;
}

/* Reads the signature; what can never pass is decided here. */
static void
parse(struct dkim_verifier *verifier, struct candidate *candidate)
{
	struct dkim_signature *signature;
	const char *reason;
	struct why why;

	signature = arena_new_value(verifier->arena, struct dkim_signature);
	candidate->signature = signature;
	verifier->parsed++;
	if (!dkim_signature_parse(verifier->arena, DKIM_SIGNATURE,
				  candidate->field, signature, &why)) {
		show_signature(candidate);
		set_result(candidate, DKIM_PERMERROR,
			   arena_printf(verifier->arena, "%s", why.text));
		return;
	}
	show_signature(candidate);
	/* section 6.1.1 */
	if (dkim_signature_names(signature, "from") == 0) {
		set_result(candidate, DKIM_PERMERROR, "From is not signed");
		return;
	}
	reason = dkim_check_algorithm(signature, &verifier->options);
	if (reason != NULL)
		set_result(candidate, DKIM_POLICY, reason);
}

static void
ask_key(struct dkim_verifier *verifier, struct candidate *candidate)
{
	if (candidate->question == NULL && !is_decided(candidate))
		candidate->question =
		    dns_ask(verifier->arena, verifier->resolver,
			    dkim_signature_key_name(verifier->arena,
						    candidate->signature),
			    DNS_TXT);
}

void
dkim_verifier_field(struct dkim_verifier *verifier,
		    const struct header_field *field)
{
	struct candidate *candidate;

	candidate = arena_new_value(verifier->arena, struct candidate);
	candidate->field = field;
	*verifier->end = candidate;
	verifier->end = &candidate->next;
	if (verifier->count++ >= LIMIT_DKIM_EARLY_KEYS)
		return;
	parse(verifier, candidate);
	ask_key(verifier, candidate);
}

static enum nearness
nearness_of(struct domain domain, const struct domain *authors, size_t count)
{
	enum nearness nearness = NEAR_FOREIGN;
	size_t i;

	for (i = 0; i < count; i++) {
		if (domain_equal(domain, authors[i]))
			return NEAR_EQUAL;
		if (domain_is_within(domain, authors[i]) ||
		    domain_is_within(authors[i], domain))
			nearness = NEAR_RELATED;
	}
	return nearness;
}

static void
find_nearness(struct dkim_verifier *verifier, const struct domain *authors,
	      size_t author_count)
{
	struct candidate *candidate;

	for (candidate = verifier->first; candidate != NULL;
	     candidate = candidate->next) {
		if (candidate->signature == NULL)
			candidate->result.domain = dkim_signature_peek_domain(
			    verifier->arena, candidate->field);
		candidate->nearness = NEAR_FOREIGN;
		if (domain_is_set(candidate->result.domain))
			candidate->nearness = nearness_of(
			    candidate->result.domain, authors, author_count);
	}
}

/* Fields that cannot pass do not use up the limit, but reading them has a
 * bound of its own. */
static void
choose(struct dkim_verifier *verifier, enum nearness nearness)
{
	struct candidate *candidate;

	for (candidate = verifier->first; candidate != NULL;
	     candidate = candidate->next) {
		if (candidate->nearness != nearness)
			continue;
		if (verifier->chosen == LIMIT_DKIM_SIGNATURES)
			return;
		if (candidate->signature == NULL) {
			if (verifier->parsed == LIMIT_DKIM_FIELDS)
				return;
			parse(verifier, candidate);
		}
		if (is_decided(candidate))
			continue;
		candidate->chosen = true;
		verifier->chosen++;
		ask_key(verifier, candidate);
	}
}

/* False if there are too many different l= already. */
static bool
take_length(struct dkim_verifier *verifier, uint64_t length)
{
	size_t i;

	for (i = 0; i < verifier->length_count; i++)
		if (verifier->lengths[i] == length)
			return true;
	if (verifier->length_count == LIMIT_DKIM_LENGTHS)
		return false;
	verifier->lengths[verifier->length_count++] = length;
	return true;
}

static void
want_body(struct dkim_verifier *verifier, struct candidate *candidate,
	  struct body_digests *digests)
{
	const struct dkim_signature *signature = candidate->signature;
	uint64_t length = BODY_WHOLE;

	if (signature->has_length) {
		length = signature->length;
		if (!take_length(verifier, length)) {
			set_result(candidate, DKIM_POLICY,
				   "too many different l=");
			return;
		}
	}
	candidate->body = body_digests_want(digests, signature->body_canon,
					    signature->hash, length);
	candidate->has_body = true;
}

static void
hash_headers(struct dkim_verifier *verifier, const struct message *message,
	     struct body_digests *digests)
{
	struct dkim_header *header = dkim_header_new(verifier->arena, message);
	const struct dkim_signature *signature;
	struct candidate *candidate;
	struct digest *digest;

	for (candidate = verifier->first; candidate != NULL;
	     candidate = candidate->next) {
		if (!candidate->chosen)
			continue;
		want_body(verifier, candidate, digests);
		if (is_decided(candidate))
			continue;
		signature = candidate->signature;
		digest = digest_new(verifier->arena, signature->hash);
		dkim_header_hash(header, digest, signature->header_canon,
				 signature->names, signature->name_count,
				 signature->field, signature->b_whole);
		digest_finish(digest, candidate->header_hash);
	}
}

void
dkim_verifier_end_of_header(struct dkim_verifier *verifier,
			    const struct message *message,
			    const struct domain *authors, size_t author_count,
			    struct body_digests *digests)
{
	enum nearness nearness;
	struct candidate *candidate;

	if (verifier->first == NULL)
		return;
	verifier->digests = digests;
	verifier->from_count = message_count(message, "From");
	verifier->options.tls_report = tls_report_mail_is(message);
	/* what was left out could hold a second From */
	if (message->truncated)
		for (candidate = verifier->first; candidate != NULL;
		     candidate = candidate->next)
			if (!is_decided(candidate))
				set_result(candidate, DKIM_NEUTRAL,
					   "the header is beyond our limits");
	find_nearness(verifier, authors, author_count);
	for (nearness = NEAR_EQUAL; nearness < NEAR_COUNT; nearness++)
		choose(verifier, nearness);
	if (verifier->chosen > 0)
		hash_headers(verifier, message, digests);
}

static bool
body_fits(const struct dkim_verifier *verifier,
	  const struct candidate *candidate)
{
	const struct dkim_signature *signature = candidate->signature;
	uint64_t bytes;
	struct text hash =
	    body_digests_get(verifier->digests, candidate->body, &bytes);

	/* section 3.5: l= must not be larger than the body */
	if (signature->has_length && bytes < signature->length)
		return false;
	return text_equal(hash, signature->body_hash);
}

/* What a signature that fits still lacks for us. */
static void
apply_policy(struct dkim_verifier *verifier, struct candidate *candidate)
{
	const struct dkim_signature *signature = candidate->signature;

	if (dkim_signature_names(signature, "from") < verifier->from_count)
		set_result(candidate, DKIM_POLICY,
			   "a further From is not signed");
	else if (signature->has_length && !verifier->options.allow_body_length)
		set_result(candidate, DKIM_POLICY,
			   arena_printf(verifier->arena,
					"l= covers %llu bytes of the body only",
					(unsigned long long)signature->length));
}

static void
decide(struct dkim_verifier *verifier, struct candidate *candidate,
       struct deadline deadline, int64_t now_s)
{
	struct dkim_signature_result *result = &candidate->result;
	const struct dns_answer *answer;
	struct dkim_check check;
	const char *reason;

	reason =
	    dkim_check_times(candidate->signature, &verifier->options, now_s);
	if (reason != NULL) {
		set_result(candidate, DKIM_PERMERROR, reason);
		return;
	}
	dns_wait(candidate->question, deadline, &answer);
	dkim_check(verifier->arena, candidate->signature, answer,
		   &verifier->options,
		   text_of((const char *)candidate->header_hash,
			   crypto_hash_bytes(candidate->signature->hash)),
		   body_fits(verifier, candidate), &check);
	result->bits = check.bits;
	result->test_key = check.test_key;
	result->security = check.security;
	set_result(candidate, check.result, check.reason);
	if (check.result == DKIM_PASS)
		apply_policy(verifier, candidate);
	/* section 3.6.1: a failure under t=y is as if unsigned */
	if (check.result == DKIM_FAIL && check.test_key)
		candidate->result.result = DKIM_NEUTRAL;
}

static size_t
common_bytes(struct text a, struct text b)
{
	size_t i;

	for (i = 0; i < a.len && i < b.len && a.at[i] == b.at[i]; i++)
		;
	return i;
}

static struct text
b_text(const struct candidate *candidate)
{
	return candidate->signature != NULL ? candidate->signature->b_text
					    : text_of(NULL, 0);
}

/* RFC 6008: at least eight bytes, and so many that no other signature of the
 * message begins with them, unless it is the same throughout. */
static void
show_header_b(struct dkim_verifier *verifier, struct candidate *candidate)
{
	struct text own = b_text(candidate), other;
	size_t wanted = 8, common;
	struct candidate *others;

	for (others = verifier->first; others != NULL; others = others->next) {
		other = b_text(others);
		common = common_bytes(own, other);
		if (others != candidate && common >= wanted && common < own.len)
			wanted = common + 1;
	}
	candidate->result.header_b = text_first(own, wanted);
}

static size_t
list_results(struct dkim_verifier *verifier,
	     struct dkim_signature_result *results)
{
	size_t count = 0, parsed = 0;
	struct candidate *candidate;

	for (candidate = verifier->first; candidate != NULL;
	     candidate = candidate->next) {
		if (candidate->signature != NULL)
			show_header_b(verifier, candidate);
		else if (count + verifier->parsed - parsed >= LIMIT_DKIM_FIELDS)
			continue;
		parsed += candidate->signature != NULL;
		results[count++] = candidate->result;
	}
	return count;
}

size_t
dkim_verifier_finish(struct dkim_verifier *verifier, struct deadline deadline,
		     int64_t now_s,
		     const struct dkim_signature_result **results)
{
	struct dkim_signature_result *list;
	struct candidate *candidate;

	for (candidate = verifier->first; candidate != NULL;
	     candidate = candidate->next)
		if (candidate->chosen && !is_decided(candidate))
			decide(verifier, candidate, deadline, now_s);
		else if (!is_decided(candidate))
			set_result(candidate, DKIM_NEUTRAL,
				   "beyond the limit of signatures");
	list = arena_new_array(verifier->arena, struct dkim_signature_result,
			       LIMIT_DKIM_FIELDS);
	*results = list;
	return list_results(verifier, list);
}

const char *
dkim_result_name(enum dkim_result result)
{
	switch (result) {
	case DKIM_NOT_EVALUATED:
	case DKIM_NONE:
		return "none";
	case DKIM_PASS:
		return "pass";
	case DKIM_FAIL:
		return "fail";
	case DKIM_POLICY:
		return "policy";
	case DKIM_NEUTRAL:
		return "neutral";
	case DKIM_TEMPERROR:
		return "temperror";
	case DKIM_PERMERROR:
		return "permerror";
	}
	return "none";
}
