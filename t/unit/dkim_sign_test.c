#include "unit.h"

#include "dkim_bench.h"
#include "sign_bench.h"

#include "base/ascii.h"
#include "base/buf.h"
#include "base/dns_zone.h"
#include "base/limits.h"
#include "base/why.h"

static const char message[] = "From: Ann <ann@example.com>\r\n"
			      "To: bob@example.net\r\n"
			      "Subject: a  test\r\n"
			      "Date: Thu, 1 Jan 1970 00:00:00 +0000\r\n"
			      "\r\n"
			      "Hello  Bob, \r\n"
			      "\r\n";

static void
each_form_and_key(void **state)
{
	struct dkim_wish wishes[8];
	size_t count = sign_all_wishes(*state, wishes);

	sign_want_pass(*state, sign_all_zones(*state, wishes, count),
		       sign_message(*state, wishes, count, message, 1), count);
}

static struct text
signature_of(struct arena *arena, const char *raw)
{
	struct message parsed;

	message_init(&parsed, arena);
	message_parse(&parsed, text_from(raw));
	return message_find(&parsed, "DKIM-Signature")->value;
}

/* The signature holds the part, wherever its lines are folded. */
static bool
says(struct arena *arena, const char *raw, const char *part)
{
	char *value = text_string(arena, signature_of(arena, raw)), *to = value;

	for (const char *from = value; *from != '\0'; from++)
		if (*from != '\r' && *from != '\n')
			*to++ = *from == '\t' ? ' ' : *from;
	*to = '\0';
	return strstr(value, part) != NULL;
}

/* What mail servers might change must not be there. */
static void
want_plain_lines(struct text value)
{
	size_t column = strlen("DKIM-Signature:"), i;

	for (i = 0; i < value.len; i++) {
		char c = value.at[i];

		if (c == '\r') {
			assert_true(i > 0 && !ascii_is_fws(value.at[i - 1]));
			assert_true(i + 3 < value.len);
			assert_int_equal(value.at[i + 1], '\n');
			assert_int_equal(value.at[i + 2], '\t');
			assert_false(ascii_is_fws(value.at[i + 3]));
			i += 2;
			column = 8;
			continue;
		}
		assert_true(c == ' ' || ascii_is_graph(c));
		assert_true(++column < 78);
	}
	assert_false(ascii_is_fws(value.at[value.len - 1]));
}

/* RFC 6376 section 3.5, as the values were given. */
static void
the_tags(void **state)
{
	struct dkim_wish wish = {
	    .domain = sign_domain,
	    .selector = TEXT("key"),
	    .identity = TEXT("a;n=n \303\266@sub.example.com"),
	    .key = sign_ed25519(),
	    .body_canon = DKIM_SIMPLE,
	    .lifetime_s = DKIM_LIFETIME_S,
	};
	const char *raw = sign_message(*state, &wish, 1, message, 100);
	struct text value = signature_of(*state, raw);

	want_plain_lines(value);
	assert_text(text_first(value, text_find(value, '\r')),
		    " v=1; a=ed25519-sha256; c=relaxed/simple; d=example.com;");
	assert_true(says(*state, raw,
			 " s=key; i=a=3Bn=3Dn=20=C3=B6@sub.example.com;"
			 " t=1700000000; x=1701209600; h=From:From:To:"));
	assert_false(says(*state, raw, " l="));
	assert_false(says(*state, raw, " q="));
	sign_want_pass(*state, sign_zone(*state, &wish), raw, 1);

	wish.identity = text_of(NULL, 0);
	wish.lifetime_s = 0;
	raw = sign_message(*state, &wish, 1, message, 100);
	assert_false(says(*state, raw, " i="));
	assert_false(says(*state, raw, " x="));
	sign_want_pass(*state, sign_zone(*state, &wish), raw, 1);
}

/* RFC 8616: A-labels whatever was given, also where lines cannot hold them */
static void
names_of_all_lengths(void **state)
{
	struct dkim_wish wish = {.key = sign_rsa(), .lifetime_s = 60};
	char name[LIMIT_DOMAIN_BYTES + 1];
	const char *raw;
	size_t len, i;

	for (len = 8; len < 200; len += 3) {
		for (i = 0; i < len; i++)
			name[i] = i % 40 == 39 ? '.' : 'a';
		name[0] = name[len - 1] = 'b';
		wish.domain.name = text_of(name, len);
		wish.selector = text_of(name, len % 37 % len + 1);
		raw = sign_message(*state, &wish, 1, message, 100);
		if (len < 60)
			want_plain_lines(signature_of(*state, raw));
		sign_want_pass(*state, sign_zone(*state, &wish), raw, 1);
	}
	wish.domain = sign_domain;
	wish.selector = TEXT("schl\303\274ssel");
	raw = sign_message(*state, &wish, 1, message, 100);
	wish.selector = TEXT("xn--schlssel-95a");
	assert_true(says(*state, raw, " s=xn--schlssel-95a;"));
	sign_want_pass(*state, sign_zone(*state, &wish), raw, 1);
}

static void
what_cannot_be_signed(void **state)
{
	struct dkim_wish wish = {.domain = sign_domain,
				 .selector = TEXT("s"),
				 .key = sign_ed25519()};
	struct dkim_signer *signer = dkim_signer_new(*state);
	struct message parsed;
	struct why why;

	wish.selector = TEXT("a; b=");
	assert_false(dkim_signer_add(signer, &wish, &why));
	wish.selector = TEXT("s");
	wish.identity = TEXT("ann@example.net");
	assert_false(dkim_signer_add(signer, &wish, &why));
	wish.identity = TEXT("ann");
	assert_false(dkim_signer_add(signer, &wish, &why));
	wish.identity = text_of(NULL, 0);
	for (int i = 0; i < LIMIT_SIGNATURES; i++)
		assert_true(dkim_signer_add(signer, &wish, &why));
	assert_false(dkim_signer_add(signer, &wish, &why));
	message_init(&parsed, *state);
	message_add(&parsed, TEXT("To"), TEXT(" bob@example.net"));
	assert_false(dkim_signer_end_of_header(signer, &parsed,
					       body_digests_new(*state), &why));
	assert_non_null(strstr(why.text, "From"));
}

/* Names that a site adds are covered like ours. */
static void
further_names(void **state)
{
	struct dkim_wish wish = {.domain = sign_domain,
				 .selector = TEXT("s"),
				 .key = sign_ed25519()};
	struct dkim_signer *signer = dkim_signer_new(*state);
	struct body_digests *digests = body_digests_new(*state);
	const struct dkim_signed *results;
	struct message parsed;
	size_t count;
	struct why why;

	assert_true(dkim_signer_add(signer, &wish, &why));
	assert_true(dkim_signer_cover(signer, TEXT("X-A"), false, &why));
	assert_true(dkim_signer_cover(signer, TEXT("X-B"), true, &why));
	assert_false(dkim_signer_cover(signer, TEXT("X;C"), true, &why));
	for (int i = 2; i < LIMIT_SIGNED_NAMES; i++)
		assert_true(dkim_signer_cover(signer, TEXT("X-B"), true, &why));
	assert_false(dkim_signer_cover(signer, TEXT("X-D"), true, &why));
	message_init(&parsed, *state);
	message_add(&parsed, TEXT("From"), TEXT(" a@example.com"));
	message_add(&parsed, TEXT("X-A"), TEXT(" 1"));
	assert_true(dkim_signer_end_of_header(signer, &parsed, digests, &why));
	body_digests_finish(digests);
	assert_true(dkim_signer_finish(signer, 1, &results, &count, &why));
	assert_non_null(strstr(
	    text_string(*state, text_without_fws(*state, results[0].value)),
	    "Content-Transfer-Encoding:X-A:X-B;bh="));
}

/* peers: a field that comes later, or is taken away, breaks the signature;
 * one that a list adds does not. */
static void
item_21_fields_added_to_ours(void **state)
{
	static const char *const breaking[] = {
	    "From: Eve <eve@example.com>",
	    "Subject: other",
	    "To: eve@example.net",
	    "Cc: eve@example.net",
	    "Reply-To: eve@example.net",
	    "Date: Fri, 2 Jan 1970 00:00:00 +0000",
	    "Message-ID: <1@example.com>",
	    "In-Reply-To: <1@example.com>",
	    "References: <1@example.com>",
	    "MIME-Version: 1.0",
	    "Content-Type: text/html",
	    "Content-Transfer-Encoding: base64",
	    "List-Unsubscribe: <https://evil.example>",
	};
	static const char *const harmless[] = {
	    "Received: from a by b; Thu, 1 Jan 1970 00:00:00 +0000",
	    "Sender: list-bounces@example.net",
	    "List-Id: <list.example.net>",
	    "Resent-From: carol@example.net",
	    "Authentication-Results: example.net; none",
	    "DKIM-Signature: v=1; broken",
	};
	struct dkim_wish wish = {.domain = sign_domain,
				 .selector = TEXT("s"),
				 .key = sign_ed25519()};
	const char *zone = sign_zone(*state, &wish), *raw, *changed;

	raw = sign_message(
	    *state, &wish, 1,
	    arena_printf(*state,
			 "List-Unsubscribe: <https://example.com>\r\n%s",
			 message),
	    100);
	sign_want_pass(*state, zone, raw, 1);
	for (size_t i = 0; i < sizeof(breaking) / sizeof(*breaking); i++) {
		changed = arena_printf(*state, "%s\r\n%s", breaking[i], raw);
		sign_want_no_pass(*state, zone, changed, 1);
	}
	for (size_t i = 0; i + 1 < sizeof(harmless) / sizeof(*harmless); i++) {
		changed = arena_printf(*state, "%s\r\n%s", harmless[i], raw);
		sign_want_pass(*state, zone, changed, 1);
	}
}

/* A copy that is sent again after x= fails. */
static void
item_20_ours_expire(void **state)
{
	struct dkim_wish wish = {.domain = sign_domain,
				 .selector = TEXT("s"),
				 .key = sign_ed25519(),
				 .lifetime_s = DKIM_LIFETIME_S};
	const int64_t skew = test_options.clock_skew_s;
	const char *raw = sign_message(*state, &wish, 1, message, 100);
	struct dns_zone *zone =
	    dns_zone_parse(*state, text_from(sign_zone(*state, &wish)), NULL);
	struct test_verified got;

	got = test_verify_with(*state, dns_zone_resolver(zone), raw,
			       "example.com", &test_options,
			       SIGN_NOW + DKIM_LIFETIME_S + skew);
	assert_int_equal(got.results[0].result, DKIM_PASS);
	got = test_verify_with(*state, dns_zone_resolver(zone), raw,
			       "example.com", &test_options,
			       SIGN_NOW + DKIM_LIFETIME_S + skew + 1);
	assert_int_equal(got.results[0].result, DKIM_PERMERROR);
	assert_string_equal(got.results[0].reason, "signature expired");
}

/* The rest of a message that a signature does not see is what it was: one
 * bit of body or signed header, and nothing passes. */
static void
any_change(void **state)
{
	struct dkim_wish wishes[8];
	size_t count = sign_all_wishes(*state, wishes), i, end;
	const char *zone = sign_all_zones(*state, wishes, count), *raw;
	char *changed;

	raw = sign_message(*state, wishes, 2, message, 100);
	end = strlen(raw);
	for (i = (size_t)(strstr(raw, "\r\nFrom:") + 2 - raw); i < end; i++) {
		/* names without case, and space that relaxed ignores */
		if (ascii_is_fws(raw[i]) || raw[i] == ':' ||
		    (i > 3 && raw[i - 1] == '\n'))
			continue;
		changed = arena_printf(*state, "%s", raw);
		changed[i] ^= 1;
		sign_want_no_pass(*state, zone, changed, 2);
	}
}

static int
free_keys(void **state)
{
	sign_keys_free();
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(each_form_and_key),
	    arena_unit_test(the_tags),
	    arena_unit_test(names_of_all_lengths),
	    arena_unit_test(what_cannot_be_signed),
	    arena_unit_test(further_names),
	    arena_unit_test(item_20_ours_expire),
	    arena_unit_test(item_21_fields_added_to_ours),
	    arena_unit_test(any_change),
	};

	return cmocka_run_group_tests(tests, NULL, free_keys);
}
