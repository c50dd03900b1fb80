#include "signcost_ours.h"

#include <assert.h>
#include <stdlib.h>

#include "base/arena.h"
#include "corpus_header.h"
#include "mailauth/dkim_sign.h"
#include "mailauth/line_limit.h"

enum { PIECE_BYTES = 65536, NOW_S = 1700000000 };

struct ours {
	struct arena *keys, *message;
	const struct private_key *rsa, *ed25519;
};

struct ours *
ours_new(void)
{
	struct ours *ours = calloc(1, sizeof(*ours));

	assert(ours != NULL);
	ours->keys = arena_new();
	ours->message = arena_new();
	ours->rsa = private_key_new(ours->keys, CRYPTO_RSA, 2048, NULL);
	ours->ed25519 = private_key_new(ours->keys, CRYPTO_ED25519, 0, NULL);
	assert(ours->rsa != NULL && ours->ed25519 != NULL);
	return ours;
}

const char *
ours_pem(const struct ours *ours, enum ours_keys key)
{
	return text_string(ours->keys,
			   private_key_pem(ours->keys, key == OURS_RSA
							   ? ours->rsa
							   : ours->ed25519));
}

static void
add_wish(struct dkim_signer *signer, const char *selector,
	 const struct private_key *key)
{
	struct dkim_wish wish = {
	    .selector = text_from(selector),
	    .key = key,
	    .lifetime_s = DKIM_LIFETIME_S,
	};

	wish.domain.name = TEXT("a.bench");
	assert(dkim_signer_add(signer, &wish, NULL));
}

size_t
ours_sign(struct ours *ours, const struct header *headers, size_t n_headers,
	  const char *body, size_t body_bytes, unsigned keys)
{
	struct arena *arena = ours->message;
	struct body_digests *digests = body_digests_new(arena);
	struct dkim_signer *signer = dkim_signer_new(arena);
	struct text rest = text_of(body, body_bytes);
	const struct dkim_signed *results;
	size_t count, bytes = 0, n;
	struct message message;

	if ((keys & OURS_RSA) != 0)
		add_wish(signer, "s2048", ours->rsa);
	if ((keys & OURS_ED25519) != 0)
		add_wish(signer, "sed", ours->ed25519);
	message_init(&message, arena);
	for (n = 0; n < n_headers; n++)
		message_add(&message, text_from(headers[n].name),
			    text_from(headers[n].value));
	body_digests_limit_lines(digests, LINE_LIMIT_SMTP);
	assert(dkim_signer_end_of_header(
	    signer, line_limit_message(arena, &message, LINE_LIMIT_SMTP),
	    digests, NULL));
	for (; rest.len > 0; rest = text_skip(rest, PIECE_BYTES))
		body_digests_update(digests, text_first(rest, PIECE_BYTES));
	body_digests_finish(digests);
	assert(dkim_signer_finish(signer, NOW_S, &results, &count, NULL));
	for (n = 0; n < count; n++)
		bytes += results[n].value.len;
	arena_reset(arena);
	return bytes;
}

void
ours_free(struct ours *ours)
{
	arena_free(ours->message);
	arena_free(ours->keys);
	free(ours);
}
