#include "dkim_bench.h"

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "unit.h"

#include "base/ascii.h"
#include "base/base64.h"
#include "base/buf.h"
#include "base/dns_zone.h"
#include "base/why.h"

#define CEILING (32u << 20)

struct test_key {
	EVP_PKEY *pair;
};

const struct dkim_options test_options = {.clock_skew_s = 300};

static const int64_t now_s = 1700000000;

static void
pair_free(void *pair)
{
	EVP_PKEY_free(pair);
}

static struct test_key *
key_of(struct arena *arena, EVP_PKEY *pair)
{
	struct test_key *key = arena_new_value(arena, struct test_key);

	assert_non_null(pair);
	key->pair = pair;
	arena_defer(arena, pair_free, pair);
	return key;
}

struct test_key *
test_key_rsa(struct arena *arena, unsigned bits)
{
	return key_of(arena,
		      EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)bits));
}

struct test_key *
test_key_ed25519(struct arena *arena)
{
	return key_of(arena, EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"));
}

struct test_key *
test_key_rfc8463(struct arena *arena)
{
	static const char seed[] =
	    "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=";
	struct text raw;

	assert_true(base64_decode(arena, text_from(seed), &raw));
	return key_of(arena, EVP_PKEY_new_raw_private_key_ex(
				 NULL, "ED25519", NULL,
				 (const unsigned char *)raw.at, raw.len));
}

static bool
is_rsa(const struct test_key *key)
{
	return EVP_PKEY_is_a(key->pair, "RSA");
}

const char *
test_key_p(struct arena *arena, const struct test_key *key)
{
	unsigned char *der = NULL, raw[32];
	size_t len = sizeof(raw);
	struct text p;

	if (is_rsa(key)) {
		len = (size_t)i2d_PUBKEY(key->pair, &der);
		p = base64_encode(arena, text_of((char *)der, len));
		OPENSSL_free(der);
	} else {
		EVP_PKEY_get_raw_public_key(key->pair, raw, &len);
		p = base64_encode(arena, text_of((char *)raw, len));
	}
	return text_string(arena, p);
}

const char *
test_key_zone(struct arena *arena, const struct test_key *key, const char *name,
	      const char *tags)
{
	const char *p = test_key_p(arena, key);
	struct buf out;

	buf_init(&out, arena, CEILING);
	buf_printf(&out, "%s TXT \"v=DKIM1; k=%s; %sp=\"", name,
		   is_rsa(key) ? "rsa" : "ed25519", tags);
	for (; *p != '\0'; p += strnlen(p, 200))
		buf_printf(&out, " \"%.200s\"", p);
	buf_string(&out, "\n");
	return buf_cstring(&out);
}

static struct text
hash_of(struct arena *arena, const char *hash, struct text data)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	size_t len;

	assert_int_equal(
	    EVP_Q_digest(NULL, hash, NULL, data.at, data.len, digest, &len), 1);
	return text_copy(arena, text_of((char *)digest, len));
}

struct text
test_key_sign(struct arena *arena, const struct test_key *key, const char *hash,
	      struct text data)
{
	unsigned char signature[4096];
	size_t len = sizeof(signature);
	EVP_MD_CTX *context = EVP_MD_CTX_new();

	if (!is_rsa(key))
		data = hash_of(arena, hash, data);
	assert_int_equal(EVP_DigestSignInit_ex(context, NULL,
					       is_rsa(key) ? hash : NULL, NULL,
					       NULL, key->pair, NULL),
			 1);
	assert_int_equal(EVP_DigestSign(context, signature, &len,
					(const unsigned char *)data.at,
					data.len),
			 1);
	EVP_MD_CTX_free(context);
	return text_copy(arena, text_of((char *)signature, len));
}

/* The value of "name=" in the tags, white space off. */
static struct text
tag_of(const char *tags, const char *name)
{
	struct text rest = text_from(tags), tag;
	size_t end;

	while (rest.len > 0) {
		end = text_find(rest, ';');
		tag = text_trim(text_first(rest, end));
		if (text_starts(tag, text_from(name)))
			return text_skip(tag, strlen(name));
		rest = text_skip(rest, end + 1);
	}
	return rest;
}

static const char *
fill(struct arena *arena, const char *tags, const char *mark, const char *with)
{
	const char *at = strstr(tags, mark);

	if (at == NULL)
		return tags;
	return arena_printf(arena, "%.*s%s%s", (int)(at - tags), tags, with,
			    at + strlen(mark));
}

/* Section 3.7: b= is empty, the white space around its value gone too. */
static const char *
without_b(struct arena *arena, const char *tags)
{
	const char *at = strstr(tags, "b=@");

	assert_non_null(at);
	return arena_printf(arena, " %.*sb=%s", (int)(at - tags), tags,
			    at + strcspn(at, ";"));
}

static struct text
part_of_message(const char *message, bool body)
{
	const char *gap = strstr(message, "\r\n\r\n");

	if (gap == NULL)
		return text_from(body ? "" : message);
	return body ? text_from(gap + 4)
		    : text_of(message, (size_t)(gap + 2 - message));
}

/* The n-th field of that name from below, n from 1. */
static bool
field_from_below(struct text header, struct text name, size_t n,
		 struct text *found_name, struct text *found_value)
{
	struct text fields[4000], values[4000];
	size_t count = 0, end, colon;

	while (header.len > 0 && count < 4000) {
		for (end = 0; end < header.len; end++)
			if (header.at[end] == '\r' &&
			    (end + 2 >= header.len ||
			     !ascii_is_wsp(header.at[end + 2])))
				break;
		colon = text_find(header, ':');
		fields[count] = text_first(header, colon);
		values[count++] =
		    text_of(header.at + colon + 1, end - colon - 1);
		header = text_skip(header, end + 2);
	}
	while (count-- > 0)
		if (text_equal_nocase(fields[count], name) && --n == 0) {
			*found_name = fields[count];
			*found_value = values[count];
			return true;
		}
	return false;
}

static void
put_chosen(struct arena *arena, struct buf *out, bool relaxed,
	   struct text names, struct text header)
{
	struct text all = names, name, before, found_name, value;
	size_t end, n;

	while (names.len > 0) {
		end = text_find(names, ':');
		name = text_trim(text_first(names, end));
		for (n = 1, before = all; before.at < names.at;
		     before = text_skip(before, text_find(before, ':') + 1))
			n += text_equal_nocase(
			    text_trim(
				text_first(before, text_find(before, ':'))),
			    name);
		if (field_from_below(header, name, n, &found_name, &value)) {
			buf_text(out, reference_field(arena, relaxed,
						      found_name, value));
			buf_string(out, "\r\n");
		}
		names = text_skip(names, end + 1);
	}
}

const char *
test_sign(struct arena *arena, const struct test_key *key,
	  const char *field_name, const char *tags, const char *message)
{
	struct text canon = tag_of(tags, "c="), length = tag_of(tags, "l=");
	const char *hash = text_ends_nocase(tag_of(tags, "a="), TEXT("sha1"))
			       ? "SHA1"
			       : "SHA256";
	bool relaxed = text_starts(canon, TEXT("relaxed"));
	struct text body;
	uint64_t most;
	struct buf out;

	body = reference_body(arena, text_ends_nocase(canon, TEXT("/relaxed")),
			      part_of_message(message, true));
	if (text_to_u64(length, UINT64_MAX, &most) && most < body.len)
		body.len = (size_t)most;
	tags = fill(arena, tags, "bh=@",
		    arena_printf(arena, "bh=" TEXT_FMT,
				 TEXT_ARG(base64_encode(
				     arena, hash_of(arena, hash, body)))));
	buf_init(&out, arena, CEILING);
	put_chosen(arena, &out, relaxed, tag_of(tags, "h="),
		   part_of_message(message, false));
	buf_text(&out, reference_field(arena, relaxed, text_from(field_name),
				       text_from(without_b(arena, tags))));
	tags = fill(arena, tags, "b=@",
		    arena_printf(arena, "b=" TEXT_FMT,
				 TEXT_ARG(base64_encode(
				     arena, test_key_sign(arena, key, hash,
							  buf_view(&out))))));
	return arena_printf(arena, "%s: %s\r\n%s", field_name, tags, message);
}

struct test_verified
test_verify_with(struct arena *arena, struct resolver *resolver,
		 const char *raw, const char *author,
		 const struct dkim_options *options, int64_t at_s)
{
	struct body_digests *digests = body_digests_new(arena);
	struct test_verified verified = {0};
	const struct header_field *field;
	struct dkim_verifier *verifier;
	struct message message;
	struct domain domain;
	size_t used;

	assert_true(domain_parse(arena, text_from(author), &domain, NULL));
	verifier = dkim_verifier_new(arena, resolver, options);
	message_init(&message, arena);
	used = message_parse(&message, text_from(raw));
	for (field = message_find(&message, "DKIM-Signature"); field != NULL;
	     field = message_find_next(field, "DKIM-Signature"))
		dkim_verifier_field(verifier, field);
	dkim_verifier_end_of_header(verifier, &message, &domain, 1, digests);
	body_digests_update(digests, text_from(raw + used));
	body_digests_finish(digests);
	verified.count = dkim_verifier_finish(verifier, (struct deadline){0},
					      at_s, &verified.results);
	return verified;
}

struct test_verified
test_verify(struct arena *arena, const char *zone_text, const char *message,
	    const char *author, const struct dkim_options *options)
{
	struct test_verified verified;
	struct dns_zone *zone;
	struct why why;

	zone = dns_zone_parse(arena, text_from(zone_text), &why);
	if (zone == NULL)
		fail_msg("zone: %s", why.text);
	verified = test_verify_with(arena, dns_zone_resolver(zone), message,
				    author, options, now_s);
	verified.questions = dns_zone_questions(zone);
	return verified;
}

const struct dkim_signature_result *
test_verify_one(struct arena *arena, const char *zone, const char *message,
		const struct dkim_options *options)
{
	struct test_verified verified =
	    test_verify(arena, zone, message, "example.com", options);

	assert_int_equal(verified.count, 1);
	return &verified.results[0];
}

/* RFC 8617 section 5.1.1: every set from the first on, relaxed. */
static void
put_sets(struct arena *arena, struct buf *out, struct text header,
	 unsigned newest)
{
	static const char *const names[] = {
	    "ARC-Authentication-Results", "ARC-Message-Signature", "ARC-Seal"};
	struct text name, value;
	unsigned i, part;

	for (i = 1; i <= newest; i++)
		for (part = 0; part < 3; part++) {
			if (i == newest && part == 2)
				return;
			assert_true(field_from_below(
			    header, text_from(names[part]), i, &name, &value));
			buf_text(out,
				 reference_field(arena, true, name, value));
			buf_string(out, "\r\n");
		}
}

const char *
test_seal(struct arena *arena, const struct test_key *key, unsigned instance,
	  const char *results, const char *ams, const char *seal,
	  const char *message)
{
	struct text value;
	struct buf out;

	message =
	    arena_printf(arena, "ARC-Authentication-Results: i=%u; %s\r\n%s",
			 instance, results, message);
	message =
	    test_sign(arena, key, "ARC-Message-Signature",
		      arena_printf(arena, "i=%u; %s", instance, ams), message);
	buf_init(&out, arena, CEILING);
	put_sets(arena, &out, part_of_message(message, false), instance);
	seal = arena_printf(arena, "i=%u; %s; b=", instance, seal);
	value = text_from(arena_printf(arena, " %s", seal));
	buf_text(&out, reference_field(arena, true, TEXT("ARC-Seal"), value));
	value = test_key_sign(arena, key, "SHA256", buf_view(&out));
	return arena_printf(arena, "ARC-Seal: %s" TEXT_FMT "\r\n%s", seal,
			    TEXT_ARG(base64_encode(arena, value)), message);
}

struct test_arc
test_verify_arc(struct arena *arena, const char *zone_text, const char *message)
{
	struct body_digests *digests = body_digests_new(arena);
	const struct header_field *field;
	struct arc_verifier *verifier;
	struct test_arc result = {0};
	struct message parsed;
	struct dns_zone *zone;
	size_t used;
	struct why why;

	zone = dns_zone_parse(arena, text_from(zone_text), &why);
	if (zone == NULL)
		fail_msg("zone: %s", why.text);
	verifier =
	    arc_verifier_new(arena, dns_zone_resolver(zone), &test_options);
	message_init(&parsed, arena);
	used = message_parse(&parsed, text_from(message));
	for (field = parsed.top; field != NULL; field = field->below)
		arc_verifier_field(verifier, field);
	arc_verifier_end_of_header(verifier, &parsed, digests);
	body_digests_update(digests, text_from(message + used));
	body_digests_finish(digests);
	arc_verifier_finish(verifier, (struct deadline){0}, now_s,
			    &result.verdict);
	result.questions = dns_zone_questions(zone);
	return result;
}
