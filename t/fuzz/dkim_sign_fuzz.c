/* A message of anybody's making: what is signed and sealed verifies, and the
 * fields are lines that no mail server changes. */
#include <assert.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "base/limits.h"
#include "mailauth/arc_seal.h"
#include "mailauth/dkim_sign.h"
#include "mailauth/dkim_signature.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NOW_S 1700000000

static const struct private_key *
only_key(void)
{
	static struct private_key *key;
	static struct arena *arena;

	if (arena == NULL) {
		arena = arena_new();
		key = private_key_new(arena, CRYPTO_ED25519, 0, NULL);
		assert(key != NULL);
	}
	return key;
}

static void
check_lines(struct text value)
{
	size_t i;

	for (i = 0; i < value.len; i++)
		if (value.at[i] == '\r') {
			assert(i > 0 && ascii_is_graph(value.at[i - 1]));
			assert(i + 3 < value.len && value.at[i + 1] == '\n');
			assert(value.at[i + 2] == '\t');
			assert(ascii_is_graph(value.at[i + 3]));
			i += 2;
		} else {
			assert(value.at[i] == ' ' ||
			       ascii_is_graph(value.at[i]));
		}
	assert(ascii_is_graph(value.at[value.len - 1]));
}

/* The verifier's steps, without its questions. */
static void
check_signature(struct arena *arena, const struct message *message,
		enum dkim_signature_kind kind, const char *name,
		struct text value, struct text body_hash)
{
	struct header_field field = {.name = text_from(name), .value = value};
	struct digest *digest = digest_new(arena, CRYPTO_SHA256);
	unsigned char hash[CRYPTO_HASH_BYTES_MAX];
	struct dkim_signature signature;
	struct public_key *key;

	check_lines(value);
	assert(dkim_signature_parse(arena, kind, &field, &signature, NULL));
	assert(!signature.has_length);
	assert(text_equal(signature.body_hash, body_hash));
	dkim_header_hash(dkim_header_new(arena, message), digest,
			 signature.header_canon, signature.names,
			 signature.name_count, &field, signature.b_whole);
	digest_finish(digest, hash);
	key = public_key_ed25519(arena, private_key_public(arena, only_key()),
				 NULL);
	assert(public_key_verify_ed25519(
	    key, text_of((const char *)hash, sizeof(hash)),
	    signature.signature));
}

static void
check_seal(struct arena *arena, struct arc_sealer *sealer,
	   const struct message *message, enum arc_result result,
	   struct text body_hash)
{
	struct arc_verdict verdict = {.result = result};
	struct arc_sealed sealed;

	if (!arc_sealer_finish(sealer, &verdict, TEXT("example.com; none"),
			       NOW_S, &sealed, NULL))
		return;
	assert(sealed.instance >= 1 && sealed.instance <= LIMIT_ARC_SETS);
	check_lines(sealed.seal);
	check_signature(arena, message, DKIM_ARC_MESSAGE_SIGNATURE,
			"ARC-Message-Signature", sealed.message_signature,
			body_hash);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text all = text_of((const char *)data, size), body_hash;
	struct arena *arena = arena_new();
	struct body_digests *digests = body_digests_new(arena);
	struct dkim_wish wish = {.selector = TEXT("s"), .key = only_key()};
	struct dkim_signer *signer = dkim_signer_new(arena);
	struct arc_sealer *sealer;
	const struct dkim_signed *results;
	struct message message;
	size_t used, count, i;
	bool signs, seals;

	assert(domain_parse(arena, TEXT("example.com"), &wish.domain, NULL));
	assert(dkim_signer_add(signer, &wish, NULL));
	wish.header_canon = DKIM_SIMPLE;
	assert(dkim_signer_add(signer, &wish, NULL));
	sealer = arc_sealer_new(arena, &wish, NULL);
	message_init(&message, arena);
	used = message_parse(&message, all);
	signs = dkim_signer_end_of_header(signer, &message, digests, NULL);
	seals = arc_sealer_end_of_header(sealer, &message, digests, NULL);
	i = body_digests_want(digests, DKIM_RELAXED, CRYPTO_SHA256, BODY_WHOLE);
	body_digests_update(digests, text_skip(all, used));
	body_digests_finish(digests);
	body_hash = body_digests_get(digests, (unsigned)i, NULL);
	if (signs && dkim_signer_finish(signer, NOW_S, &results, &count, NULL))
		for (i = 0; i < count; i++)
			check_signature(arena, &message, DKIM_SIGNATURE,
					"DKIM-Signature", results[i].value,
					body_hash);
	if (seals) {
		check_seal(arena, sealer, &message, ARC_NONE, body_hash);
		check_seal(arena, sealer, &message, ARC_FAIL, body_hash);
	}
	arena_free(arena);
	return 0;
}
