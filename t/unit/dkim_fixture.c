#include "dkim_fixture.h"

#include "unit.h"

#include "base/base64.h"
#include "base/buf.h"

const char fixture_message[] = "From: Ann <ann@example.com>\r\n"
			       "To: bob@example.net\r\n"
			       "Subject: a  test\r\n"
			       "\r\n"
			       "Hello  Bob, \r\n"
			       "\r\n"
			       "Ann\r\n"
			       "\r\n";

struct test_key *fixture_rsa, *fixture_ed25519;
const char *fixture_rsa_zone, *fixture_ed_zone;

static struct arena *keys;

int
fixture_make(void **state)
{
	keys = arena_new();
	fixture_rsa = test_key_rsa(keys, 1024);
	fixture_ed25519 = test_key_ed25519(keys);
	fixture_rsa_zone = test_key_zone(keys, fixture_rsa, KEY_NAME, "");
	fixture_ed_zone = test_key_zone(keys, fixture_ed25519, KEY_NAME, "");
	return 0;
}

int
fixture_free(void **state)
{
	arena_free(keys);
	return 0;
}

const char *
fixture_sign(struct arena *arena, const char *tags)
{
	return test_sign(arena, fixture_rsa, "DKIM-Signature", tags,
			 fixture_message);
}

void
fixture_want(const struct dkim_signature_result *result,
	     enum dkim_result wanted, const char *reason)
{
	if (result->result != wanted)
		fail_msg("got %s (%s), want %s",
			 dkim_result_name(result->result), result->reason,
			 dkim_result_name(wanted));
	if (reason == NULL)
		assert_null(result->reason);
	else if (result->reason == NULL ||
		 strstr(result->reason, reason) == NULL)
		fail_msg("reason \"%s\", want \"%s\"", result->reason, reason);
}

void
fixture_want_tags(struct arena *arena, const char *tags,
		  enum dkim_result wanted, const char *reason)
{
	fixture_want(test_verify_one(arena, fixture_rsa_zone,
				     fixture_sign(arena, tags), &test_options),
		     wanted, reason);
}

void
fixture_want_zone(struct arena *arena, const char *zone,
		  enum dkim_result wanted, const char *reason)
{
	fixture_want(test_verify_one(arena, zone, fixture_sign(arena, TAGS),
				     &test_options),
		     wanted, reason);
}

const char *
fixture_replaced(struct arena *arena, const char *raw, const char *what,
		 const char *with)
{
	const char *at = strstr(raw, what);

	assert_non_null(at);
	return arena_printf(arena, "%.*s%s%s", (int)(at - raw), raw, with,
			    at + strlen(what));
}

static void
put_length(struct buf *out, size_t length)
{
	if (length >= 256) {
		buf_char(out, (char)0x82);
		buf_char(out, (char)(length >> 8));
	} else if (length >= 128) {
		buf_char(out, (char)0x81);
	}
	buf_char(out, (char)length);
}

/* DER of a number with this many bits: 1, then `fill`, then `last`. */
static void
put_number(struct buf *out, unsigned bits, unsigned char fill,
	   unsigned char last)
{
	unsigned bytes = (bits + 7) / 8, zero = bits % 8 == 0, i;

	buf_char(out, 2);
	put_length(out, bytes + zero);
	if (zero)
		buf_char(out, 0);
	for (i = 0; i < bytes; i++)
		buf_char(out, i == bytes - 1
				  ? (char)last
				  : (i == 0 ? (char)(1 << ((bits - 1) % 8))
					    : (char)fill));
}

const char *
fixture_key_zone(struct arena *arena, unsigned bits, unsigned char last,
		 const char *exponent, size_t exponent_bytes)
{
	struct buf numbers, der, zone;
	struct text p;

	buf_init(&numbers, arena, 65536);
	put_number(&numbers, bits, 0x5a, last);
	buf_char(&numbers, 2);
	buf_char(&numbers, (char)exponent_bytes);
	buf_text(&numbers, text_of(exponent, exponent_bytes));
	buf_init(&der, arena, 65536);
	buf_char(&der, 0x30);
	put_length(&der, numbers.len);
	buf_text(&der, buf_view(&numbers));
	p = base64_encode(arena, buf_view(&der));
	buf_init(&zone, arena, 65536);
	buf_string(&zone, KEY_NAME " TXT \"p=\"");
	for (; p.len > 0; p = text_skip(p, 200))
		buf_printf(&zone, " \"" TEXT_FMT "\"",
			   TEXT_ARG(text_first(p, 200)));
	buf_char(&zone, '\n');
	return buf_cstring(&zone);
}
