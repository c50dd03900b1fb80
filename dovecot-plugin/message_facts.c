#include "dovecot-plugin/message_facts.h"

#include "base/arena.h"
#include "base/crypto.h"
#include "dovecot-plugin/mailbox_settings.h"
#include "judge/message_words.h"

/* DMARC, SPF, and the signatures */
#define PASSED_MOST (VERIFIED_DKIM_MOST + 2)

void
message_facts_read(struct arena *arena, const struct mailbox_settings *settings,
		   struct text message, struct message_facts *facts)
{
	message_init(&facts->header, arena);
	message_parse(&facts->header, message);
	verified_read(arena, &facts->header, text_from(settings->authserv_id),
		      &facts->verified);
}

static void
add_passed(struct arena *arena, const char *method, struct domain domain,
	   struct text *passed, size_t *count)
{
	if (domain_is_set(domain))
		passed[(*count)++] = text_from(arena_printf(
		    arena, "%s=" TEXT_FMT, method, TEXT_ARG(domain.name)));
}

void
message_facts_words(struct arena *arena, const struct message_facts *facts,
		    struct text message, struct junk_tokens *tokens)
{
	const struct verified *verified = &facts->verified;
	struct text passed[PASSED_MOST];
	struct message_words_options options = {.passed = passed};
	size_t i;

	add_passed(arena, "dmarc", verified->author, passed,
		   &options.passed_count);
	add_passed(arena, "spf", verified->mail_from, passed,
		   &options.passed_count);
	for (i = 0; i < verified->dkim_count; i++)
		add_passed(arena, "dkim", verified->dkim[i], passed,
			   &options.passed_count);
	message_words(arena, message, &options, tokens);
}

struct text
message_key(struct arena *arena, struct text message, uint64_t size)
{
	static const char digits[] = "0123456789abcdef";
	struct digest *digest = digest_new(arena, CRYPTO_SHA256);
	unsigned char result[CRYPTO_HASH_BYTES_MAX];
	char *key = arena_bytes(arena, MESSAGE_KEY_BYTES);
	size_t i;

	digest_update(digest, message);
	digest_update(digest, text_from(arena_printf(
				  arena, "%llu", (unsigned long long)size)));
	digest_finish(digest, result);
	for (i = 0; i < 32; i++) {
		key[2 * i] = digits[result[i] >> 4];
		key[2 * i + 1] = digits[result[i] & 15];
	}
	return text_of(key, MESSAGE_KEY_BYTES);
}
