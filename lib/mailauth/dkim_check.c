#include "mailauth/dkim_check.h"

#include "base/arena.h"
#include "base/limits.h"
#include "base/why.h"
#include "mailauth/dkim_key.h"

const char *
dkim_check_algorithm(const struct dkim_signature *signature,
		     const struct dkim_options *options)
{
	if (signature->hash != CRYPTO_SHA1)
		return NULL;
	if (!options->allow_rsa_sha1)
		return "rsa-sha1 is not accepted (RFC 8301)";
	if (!crypto_hash_available(CRYPTO_SHA1))
		return "this system has no SHA-1";
	return NULL;
}

const char *
dkim_check_times(const struct dkim_signature *signature,
		 const struct dkim_options *options, int64_t now_s)
{
	int64_t skew = options->clock_skew_s;

	if (signature->expires_at != DKIM_NO_TIME &&
	    signature->expires_at < now_s - skew)
		return "signature expired";
	if (signature->signed_at != DKIM_NO_TIME &&
	    signature->signed_at > now_s + skew)
		return "signed in the future";
	return NULL;
}

static unsigned
minimum_bits(const struct dkim_options *options)
{
	return options->minimum_rsa_bits > 0 ? options->minimum_rsa_bits
					     : LIMIT_RSA_BITS_MIN;
}

static bool
signature_fits(const struct public_key *key,
	       const struct dkim_signature *signature, struct text header_hash)
{
	switch (public_key_type(key)) {
	case CRYPTO_RSA:
		return public_key_verify_rsa(key, signature->hash, header_hash,
					     signature->signature);
	case CRYPTO_ED25519:
		return public_key_verify_ed25519(key, header_hash,
						 signature->signature);
	}
	return false;
}

static void
try_key(struct arena *arena, const struct dkim_signature *signature,
	const struct public_key *key, const struct dkim_options *options,
	struct text header_hash, bool body_fits, struct dkim_check *check)
{
	check->bits = public_key_bits(key);
	if (public_key_type(key) == CRYPTO_RSA &&
	    check->bits < minimum_bits(options)) {
		check->result = DKIM_POLICY;
		check->reason =
		    arena_printf(arena, "key of %u bits, less than %u",
				 check->bits, minimum_bits(options));
	} else if (!body_fits) {
		check->result = DKIM_FAIL;
		check->reason = "body hash does not fit";
	} else if (!signature_fits(key, signature, header_hash)) {
		check->result = DKIM_FAIL;
		check->reason = "signature does not fit";
	} else {
		check->result = DKIM_PASS;
		check->reason = NULL;
	}
}

/* PERMERROR with the reason, unless an earlier record came further. */
static void
note_permerror(struct arena *arena, struct dkim_check *check,
	       const struct dkim_key *key, const struct why *why)
{
	if (check->result != DKIM_NOT_EVALUATED)
		return;
	check->result = DKIM_PERMERROR;
	check->test_key = key->test;
	check->reason = arena_printf(arena, "%s", why->text);
}

/* True if the record took one of the tries. */
static bool
try_record(struct arena *arena, const struct dkim_signature *signature,
	   struct text record, const struct dkim_options *options,
	   struct text header_hash, bool body_fits, struct dkim_check *check)
{
	struct dkim_check attempt = {.security = check->security};
	struct public_key *public;
	struct dkim_key key;
	struct why why;

	if (!dkim_key_parse(arena, record, &key, &why) ||
	    !dkim_key_allows(&key, signature, options->tls_report, &why)) {
		note_permerror(arena, check, &key, &why);
		return false;
	}
	public = dkim_key_public(arena, &key, options->keys, &why);
	if (public == NULL) {
		note_permerror(arena, check, &key, &why);
		return true;
	}
	attempt.test_key = key.test;
	try_key(arena, signature, public, options, header_hash, body_fits,
		&attempt);
	if (check->result == DKIM_NOT_EVALUATED ||
	    check->result == DKIM_PERMERROR || attempt.result == DKIM_PASS)
		*check = attempt;
	return true;
}

/* Section 6.1.2: what keeps us from a key. */
static bool
answer_has_keys(const struct dns_answer *answer, struct dkim_check *check)
{
	check->result = DKIM_PERMERROR;
	switch (answer->status) {
	case DNS_FOUND:
		check->reason = "no key";
		return answer->count > 0;
	case DNS_NODATA:
	case DNS_NXDOMAIN:
		check->reason = "no key";
		return false;
	case DNS_TEMPFAIL:
		check->reason = "the key could not be asked for";
		break;
	case DNS_BOGUS:
		check->reason = "the key's DNSSEC is bogus";
		break;
	}
	check->result = DKIM_TEMPERROR;
	return false;
}

void
dkim_check(struct arena *arena, const struct dkim_signature *signature,
	   const struct dns_answer *answer, const struct dkim_options *options,
	   struct text header_hash, bool body_fits, struct dkim_check *check)
{
	unsigned tries = 0;
	size_t i;

	*check = (struct dkim_check){.security = answer->security};
	if (!answer_has_keys(answer, check))
		return;
	check->result = DKIM_NOT_EVALUATED;
	check->reason = NULL;
	for (i = 0; i < answer->count && i < LIMIT_DNS_RECORDS; i++) {
		if (tries == LIMIT_DKIM_KEYS || check->result == DKIM_PASS)
			break;
		tries += try_record(arena, signature, answer->records[i].text,
				    options, header_hash, body_fits, check);
	}
}
