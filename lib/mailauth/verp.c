#include "mailauth/verp.h"

#include "base/arena.h"
#include "base/ascii.h"
#include "base/crypto.h"

#define BODY_BYTES 9
#define MAC_BYTES 10
#define TOKEN_BYTES (BODY_BYTES + MAC_BYTES)

/* keeps these codes apart from others made with the same key */
static const char purpose[] = "signet report sender";

static void
make_mac(struct text key, const unsigned char *body,
	 unsigned char mac[CRYPTO_HASH_BYTES_MAX])
{
	char message[sizeof(purpose) + BODY_BYTES];

	memcpy(message, purpose, sizeof(purpose));
	memcpy(message + sizeof(purpose), body, BODY_BYTES);
	crypto_hmac_sha256(key, text_of(message, sizeof(message)), mac);
}

/* The five bits at digit `i`; those beyond the last byte are zero. */
static unsigned
digit_at(const unsigned char *bytes, size_t i)
{
	size_t bit = 5 * i, byte = bit / 8;
	unsigned pair = (unsigned)bytes[byte] << 8;

	if (byte + 1 < TOKEN_BYTES)
		pair |= bytes[byte + 1];
	return pair >> (11 - bit % 8) & 31;
}

struct text
verp_make(struct arena *arena, struct text key, enum verp_kind kind,
	  uint64_t id)
{
	static const char digits[] = "abcdefghijklmnopqrstuvwxyz234567";
	unsigned char bytes[BODY_BYTES + CRYPTO_HASH_BYTES_MAX];
	char *to = arena_bytes(arena, VERP_TOKEN_CHARS);
	size_t i;

	bytes[0] = (unsigned char)kind;
	for (i = 0; i < 8; i++)
		bytes[1 + i] = (unsigned char)(id >> (56 - 8 * i));
	make_mac(key, bytes, bytes + BODY_BYTES);
	for (i = 0; i < VERP_TOKEN_CHARS; i++)
		to[i] = digits[digit_at(bytes, i)];
	return text_of(to, VERP_TOKEN_CHARS);
}

/* 32: no digit. */
static unsigned
digit_value(char c)
{
	c = ascii_lower(c);
	if (c >= 'a' && c <= 'z')
		return (unsigned)(c - 'a');
	return c >= '2' && c <= '7' ? (unsigned)(c - '2') + 26 : 32;
}

/* False: not base32, or bits behind the last byte. */
static bool
read_bytes(struct text token, unsigned char bytes[TOKEN_BYTES])
{
	unsigned held = 0, bits = 0, digit;
	size_t i, used = 0;

	for (i = 0; i < token.len; i++) {
		digit = digit_value(token.at[i]);
		if (digit > 31)
			return false;
		held = (held << 5 | digit) & 0xfff;
		bits += 5;
		if (bits >= 8 && used < TOKEN_BYTES) {
			bits -= 8;
			bytes[used++] = (unsigned char)(held >> bits);
		}
	}
	return (held & ((1u << bits) - 1)) == 0;
}

static bool
is_kind(unsigned char byte)
{
	return byte == VERP_DMARC || byte == VERP_TLS || byte == VERP_FAILURE;
}

bool
verp_read(struct text key, struct text local, struct verp_token *token)
{
	unsigned char bytes[TOKEN_BYTES], mac[CRYPTO_HASH_BYTES_MAX];
	size_t i;

	*token = (struct verp_token){0};
	if (local.len < VERP_TOKEN_CHARS ||
	    !read_bytes(text_skip(local, local.len - VERP_TOKEN_CHARS), bytes))
		return false;
	make_mac(key, bytes, mac);
	if (!crypto_equal(text_of((char *)bytes + BODY_BYTES, MAC_BYTES),
			  text_of((char *)mac, MAC_BYTES)) ||
	    !is_kind(bytes[0]))
		return false;
	token->kind = (enum verp_kind)bytes[0];
	for (i = 0; i < 8; i++)
		token->id = token->id << 8 | bytes[1 + i];
	return true;
}

const char *
verp_kind_name(enum verp_kind kind)
{
	switch (kind) {
	case VERP_DMARC:
		return "dmarc";
	case VERP_TLS:
		return "tls";
	case VERP_FAILURE:
		return "failure";
	case VERP_NONE:
		break;
	}
	return "none";
}
