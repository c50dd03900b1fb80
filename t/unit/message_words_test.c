#include "unit.h"

#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "judge/link_host.h"
#include "judge/message_fields.h"
#include "judge/message_words.h"

static bool
has(const struct junk_tokens *tokens, const char *word)
{
	size_t i;

	for (i = 0; i < tokens->count; i++)
		if (text_equal(tokens->at[i].word, text_from(word)))
			return true;
	return false;
}

#define assert_has(tokens, word)                                               \
	do {                                                                   \
		if (!has(tokens, word))                                        \
			fail_msg("no word \"%s\"", word);                      \
	} while (0)
#define assert_has_not(tokens, word) assert_false(has(tokens, word))

static struct junk_tokens
read_words(struct arena *arena, const char *message)
{
	struct junk_tokens tokens;

	message_words(arena, text_from(message), NULL, &tokens);
	return tokens;
}

static void
header_fields_have_their_name_in_front(void **state)
{
	struct junk_tokens t =
	    read_words(*state, "From: \"Ann Lee\" <ann@Shop.Example>\r\n"
			       "To: bob@example.com\r\n"
			       "Subject: =?utf-8?B?R3LDvMOfZQ==?=\r\n"
			       " =?iso-8859-1?Q?_caf=E9?= now\r\n"
			       "List-Id: <news.shop.example>\r\n"
			       "X-Mailer: Sendalot 3\r\n"
			       "In-Reply-To: <x@y>\r\n"
			       "X-Other: secretword\r\n"
			       "\r\nHello\r\n");

	assert_has(&t, "From:ann");
	assert_has(&t, "From:lee");
	assert_has(&t, "From:@shop.example");
	assert_has(&t, "To:@example.com");
	assert_has(&t, "Subject:gr\xc3\xbc\xc3\x9f"
		       "e");
	assert_has(&t, "Subject:caf\xc3\xa9");
	assert_has(&t, "Subject:now");
	assert_has(&t, "List-Id:news");
	assert_has(&t, "Mailer:sendalot");
	assert_has(&t, "has:in-reply-to");
	assert_has(&t, "hello");
	assert_has(&t, "text:hardly-any");
	assert_has_not(&t, "secretword");
	assert_has_not(&t, "X-Other:secretword");
}

static void
all_text_parts_are_read(void **state)
{
	struct junk_tokens t = read_words(
	    *state,
	    "Content-Type: multipart/mixed; boundary=b\n\n"
	    "--b\nContent-Type: text/plain; charset=koi8-r\n"
	    "Content-Transfer-Encoding: base64\n\n0NLJ18XU\n"
	    "--b\nContent-Type: text/html; charset=utf-8\n"
	    "Content-Transfer-Encoding: quoted-printable\n\n"
	    "<p>Che=\nap <a href=3D\"https://www.Pills.example/buy\">he"
	    "re</a><style>unseen</style>\n"
	    "--b\nContent-Type: message/rfc822\n\n"
	    "Subject: within\nContent-Type: text/plain\n\nnested words\n"
	    "--b\nContent-Type: application/zip; name=\"Invoice.ZIP\"\n\n"
	    "binarywords\n"
	    "--b--\n");

	assert_has(&t, "\xd0\xbf\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82");
	assert_has(&t, "charset:koi8-r");
	assert_has(&t, "cheap");
	assert_has(&t, "here");
	assert_has(&t, "url:pills.example");
	assert_has(&t, "type:text/html");
	assert_has(&t, "nested");
	assert_has(&t, "file:.zip");
	assert_has(&t, "file:invoice");
	assert_has_not(&t, "unseen");
	assert_has_not(&t, "binarywords");
}

static void
what_passed_is_a_word(void **state)
{
	const struct text passed[] = {TEXT_INIT("dmarc=example.com"),
				      TEXT_INIT("spf=example.com")};
	struct message_words_options options = {passed, 2};
	struct junk_tokens t;

	message_words(*state, TEXT("Subject: x\n\nbody\n"), &options, &t);
	assert_has(&t, "auth:dmarc=example.com");
	assert_has(&t, "auth:spf=example.com");
	/* what a message says of itself is none */
	t = read_words(*state, "Authentication-Results: me; dmarc=pass "
			       "header.from=example.com\n\nbody\n");
	assert_has_not(&t, "auth:dmarc=example.com");
}

static void
links_lead_to_hosts(void **state)
{
	struct junk_tokens t =
	    read_words(*state, "Subject: x\n\nSee http://a.b.shop.example/x "
			       "(https://user@Evil.example:8080/) or "
			       "www.third.example. mailto:x@fourth.example\n");

	assert_has(&t, "url:a.b.shop.example");
	assert_has(&t, "url:b.shop.example");
	assert_has(&t, "url:shop.example");
	assert_has_not(&t, "url:example");
	assert_has(&t, "url:evil.example");
	assert_has(&t, "url:third.example");
	assert_has_not(&t, "url:fourth.example");
}

static void
what_cannot_be_read_still_has_words(void **state)
{
	struct junk_tokens t;
	struct buf buf;
	int i;

	t = read_words(*state, "");
	assert_false(t.cut);
	read_words(*state, "no header at all");
	read_words(*state, "\n\n\n");
	buf_init(&buf, *state, 10000000);
	buf_string(&buf, "Subject: flood\n");
	for (i = 0; i <= LIMIT_MIME_LINES; i++)
		buf_string(&buf, "X: y\n");
	buf_string(&buf, "\nbodyword\n");
	message_words(*state, buf_view(&buf), NULL, &t);
	assert_has(&t, "Subject:flood");
	assert_has(&t, "mime:unreadable");
	assert_has(&t, "bodyword");
}

static void
text_is_read_up_to_the_limit(void **state)
{
	struct junk_tokens t;
	struct buf buf;

	buf_init(&buf, *state, 4u << 20);
	buf_string(&buf, "Subject: x\n\n");
	while (buf.len < LIMIT_JUNK_TEXT_BYTES + 1000)
		buf_string(&buf, "filler words without an end\n");
	buf_string(&buf, "beyond\n");
	message_words(*state, buf_view(&buf), NULL, &t);
	assert_has(&t, "filler");
	assert_has_not(&t, "beyond");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(header_fields_have_their_name_in_front),
	    arena_unit_test(all_text_parts_are_read),
	    arena_unit_test(what_passed_is_a_word),
	    arena_unit_test(links_lead_to_hosts),
	    arena_unit_test(what_cannot_be_read_still_has_words),
	    arena_unit_test(text_is_read_up_to_the_limit),
	};

	return cmocka_run_group_tests_name("message_words", tests, NULL, NULL);
}
