#include "sign_bench.h"

#include "unit.h"

#include "dkim_bench.h"

#include "base/buf.h"
#include "base/why.h"
#include "mailauth/dkim_record.h"

#define CEILING (32u << 20)

const struct domain sign_domain = {TEXT_INIT("example.com")};

static struct arena *keys;

static const struct private_key *
made_once(const struct private_key **key, enum crypto_key_type type)
{
	if (keys == NULL)
		keys = arena_new();
	if (*key == NULL)
		*key = private_key_new(keys, type,
				       type == CRYPTO_RSA ? 2048 : 0, NULL);
	assert_non_null(*key);
	return *key;
}

const struct private_key *
sign_rsa(void)
{
	static const struct private_key *key;

	return made_once(&key, CRYPTO_RSA);
}

const struct private_key *
sign_ed25519(void)
{
	static const struct private_key *key;

	return made_once(&key, CRYPTO_ED25519);
}

void
sign_keys_free(void)
{
	arena_free(keys);
}

const char *
sign_zone(struct arena *arena, const struct dkim_wish *wish)
{
	struct dkim_record record = {
	    .type = private_key_type(wish->key),
	    .data = private_key_public(arena, wish->key),
	};
	struct text text = dkim_record_write(arena, &record);
	struct buf out;

	buf_init(&out, arena, CEILING);
	buf_printf(&out, TEXT_FMT "._domainkey." TEXT_FMT " TXT",
		   TEXT_ARG(wish->selector), TEXT_ARG(wish->domain.name));
	for (; text.len > 0; text = text_skip(text, 200))
		buf_printf(&out, " \"" TEXT_FMT "\"",
			   TEXT_ARG(text_first(text, 200)));
	buf_string(&out, "\n");
	return buf_cstring(&out);
}

static void
put_field(struct buf *out, const char *name, struct text value)
{
	buf_string(out, name);
	buf_char(out, ':');
	buf_text(out, value);
	buf_string(out, "\r\n");
}

const char *
sign_message(struct arena *arena, const struct dkim_wish *wishes, size_t count,
	     const char *raw, size_t piece)
{
	struct body_digests *digests = body_digests_new(arena);
	struct dkim_signer *signer = dkim_signer_new(arena);
	struct text all = text_from(raw), body;
	const struct dkim_signed *results;
	struct message message;
	struct why why = {""};
	struct buf out;
	size_t i;

	message_init(&message, arena);
	body = text_skip(all, message_parse(&message, all));
	for (i = 0; i < count; i++)
		if (!dkim_signer_add(signer, &wishes[i], &why))
			fail_msg("%s", why.text);
	if (!dkim_signer_end_of_header(signer, &message, digests, &why))
		fail_msg("%s", why.text);
	for (; body.len > 0; body = text_skip(body, piece))
		body_digests_update(digests, text_first(body, piece));
	body_digests_finish(digests);
	if (!dkim_signer_finish(signer, SIGN_NOW, &results, &i, &why))
		fail_msg("%s", why.text);
	assert_int_equal(i, count);
	buf_init(&out, arena, CEILING);
	for (i = 0; i < count; i++)
		put_field(&out, "DKIM-Signature", results[i].value);
	buf_text(&out, all);
	return buf_cstring(&out);
}

const char *
sign_put_set(struct arena *arena, const struct arc_sealed *sealed,
	     const char *raw)
{
	struct buf out;

	buf_init(&out, arena, CEILING);
	put_field(&out, "ARC-Seal", sealed->seal);
	put_field(&out, "ARC-Message-Signature", sealed->message_signature);
	put_field(&out, "ARC-Authentication-Results", sealed->auth_results);
	buf_string(&out, raw);
	return buf_cstring(&out);
}

const char *
sign_seal(struct arena *arena, const struct dkim_wish *wish, const char *zone,
	  const char *auth_results, const char *raw, struct why *why)
{
	struct test_arc checked = test_verify_arc(arena, zone, raw);
	struct body_digests *digests = body_digests_new(arena);
	struct arc_sealer *sealer = arc_sealer_new(arena, wish, why);
	struct text all = text_from(raw);
	struct message message;
	struct arc_sealed sealed;
	size_t used;

	message_init(&message, arena);
	used = message_parse(&message, all);
	if (sealer == NULL ||
	    !arc_sealer_end_of_header(sealer, &message, digests, why))
		return NULL;
	body_digests_update(digests, text_skip(all, used));
	body_digests_finish(digests);
	if (!arc_sealer_finish(sealer, &checked.verdict,
			       text_from(auth_results), SIGN_NOW, &sealed, why))
		return NULL;
	return sign_put_set(arena, &sealed, raw);
}

size_t
sign_all_wishes(struct arena *arena, struct dkim_wish *wishes)
{
	size_t i;

	for (i = 0; i < 8; i++)
		wishes[i] = (struct dkim_wish){
		    .domain = sign_domain,
		    .selector = text_from(arena_printf(arena, "s%zu", i)),
		    .key = (i & 1) != 0 ? sign_rsa() : sign_ed25519(),
		    .header_canon = (i & 2) != 0 ? DKIM_SIMPLE : DKIM_RELAXED,
		    .body_canon = (i & 4) != 0 ? DKIM_SIMPLE : DKIM_RELAXED,
		    .lifetime_s = DKIM_LIFETIME_S,
		};
	return 8;
}

const char *
sign_all_zones(struct arena *arena, const struct dkim_wish *wishes,
	       size_t count)
{
	const char *zone = "";

	for (size_t i = 0; i < count; i++)
		zone = arena_printf(arena, "%s%s", zone,
				    sign_zone(arena, &wishes[i]));
	return zone;
}

void
sign_want_pass(struct arena *arena, const char *zone, const char *raw,
	       size_t count)
{
	struct test_verified got =
	    test_verify(arena, zone, raw, "example.com", &test_options);

	assert_int_equal(got.count, count);
	for (size_t i = 0; i < count; i++)
		if (got.results[i].result != DKIM_PASS)
			fail_msg("signature %zu: %s in\n%s", i,
				 got.results[i].reason, raw);
}

void
sign_want_no_pass(struct arena *arena, const char *zone, const char *raw,
		  size_t count)
{
	struct test_verified got =
	    test_verify(arena, zone, raw, "example.com", &test_options);

	assert_int_equal(got.count, count);
	for (size_t i = 0; i < count; i++)
		assert_int_not_equal(got.results[i].result, DKIM_PASS);
}
