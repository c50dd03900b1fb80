#include "unit.h"

#include "base/publicsuffix.h"
#include "base/why.h"
#include "dmarc-reporter/intake_sender.h"
#include "mailauth/message.h"

#define OURS "Authentication-Results: mx.example.org;"
#define FROM "From: R <r@mail.reporter.example>\r\n"
#define PASS " dmarc=pass header.from=mail.reporter.example\r\n"
#define SIGNED                                                                 \
	" dkim=pass header.d=reporter.example header.s=s1 header.b=abcd\r\n"
#define SIGNATURE "DKIM-Signature: v=1; d=Reporter.example; s=s1; b=ab cdEF\r\n"
#define RECEIVED "Received: from x by y; Sun, 22 Nov 2026 06:00:00 +0000\r\n"

static bool
find(struct arena *arena, const char *header, uint64_t above,
     struct intake_sender *sender, struct why *why)
{
	struct public_suffix_list *suffixes =
	    public_suffix_list_open(NULL, why);
	struct intake_trust trust = {TEXT("MX.example.org"), above, suffixes};
	struct message message;
	bool found;

	assert_non_null(suffixes);
	message_init(&message, arena);
	message_parse(&message, text_from(header));
	found = intake_sender_find(arena, &message, &trust, sender, why);
	public_suffix_list_close(suffixes);
	return found;
}

static struct intake_sender
sender_of(struct arena *arena, const char *header)
{
	struct intake_sender sender;
	struct why why;

	if (!find(arena, header, 0, &sender, &why))
		fail_msg("%s: %s", header, why.text);
	return sender;
}

static void
what_the_milter_found(void **state)
{
	struct intake_sender sender =
	    sender_of(*state, OURS PASS RECEIVED SIGNATURE FROM);

	assert_true(sender.dmarc_pass);
	assert_text(sender.from.name, "mail.reporter.example");
	assert_false(domain_is_set(sender.signer));
	assert_string_equal(sender.signer_reason, "no DKIM signature passed");
	sender = sender_of(*state, OURS SIGNED RECEIVED SIGNATURE FROM);
	assert_false(sender.dmarc_pass);
	assert_string_equal(sender.dmarc_reason, "no DMARC result");
	assert_text(sender.signer.name, "reporter.example");
	sender = sender_of(*state, OURS " dmarc=fail header.from=mail.reporter"
					".example\r\n" FROM);
	assert_string_equal(sender.dmarc_reason, "dmarc=fail");
	sender = sender_of(*state, OURS " dmarc=pass header.from=other.example"
					"\r\n" FROM);
	assert_false(sender.dmarc_pass);
	assert_string_equal(sender.dmarc_reason,
			    "dmarc=pass is for another domain");
}

static void
item_39_fields_that_came_with_the_mail(void **state)
{
	static const char *const forged[] = {
	    RECEIVED OURS PASS FROM,
	    FROM,
	    "Authentication-Results: mx.example.net;" PASS FROM,
	    /* one that may be ours is not passed over for a lower one */
	    "Authentication-Results: mx.example.org; dmarc=\r\n" OURS PASS FROM,
	};
	struct intake_sender sender;
	struct why why;
	size_t i;

	for (i = 0; i < sizeof(forged) / sizeof(*forged); i++)
		if (find(*state, forged[i], 0, &sender, &why))
			fail_msg("%s", forged[i]);
	/* the topmost of ours counts */
	sender = sender_of(*state, OURS " dmarc=fail\r\n" OURS PASS FROM);
	assert_false(sender.dmarc_pass);
	/* those of others above it do not hide it */
	sender = sender_of(*state, "Authentication-Results: mx.example.net; "
				   "dmarc=fail\r\n" OURS PASS FROM);
	assert_true(sender.dmarc_pass);
}

static void
received_fields_of_ours(void **state)
{
	static const char header[] = RECEIVED OURS PASS RECEIVED FROM;
	struct intake_sender sender;
	struct why why;

	assert_false(find(*state, header, 0, &sender, &why));
	assert_non_null(strstr(why.text, "no Authentication-Results of"));
	assert_true(find(*state, header, 1, &sender, &why));
	assert_true(sender.dmarc_pass);
	assert_false(
	    find(*state, RECEIVED RECEIVED OURS PASS FROM, 1, &sender, &why));
}

static void
signatures_that_prove_nothing(void **state)
{
	static const struct {
		const char *header, *reason;
	} cases[] = {
	    {OURS
	     " dkim=fail header.d=reporter.example header.s=s1\r\n" SIGNATURE
		 FROM,
	     "no DKIM signature passed"},
	    {OURS " dkim=pass header.d=other.example header.s=s1\r\n"
		  "DKIM-Signature: d=other.example; s=s1; b=abcd\r\n" FROM,
	     "no DKIM signature that passed is aligned"},
	    /* below the author, and a public suffix above it */
	    {OURS
	     " dkim=pass header.d=a.mail.reporter.example header.s=s1\r\n"
	     "DKIM-Signature: d=a.mail.reporter.example; s=s1; b=a\r\n" FROM,
	     "no DKIM signature that passed is aligned"},
	    {OURS " dkim=pass header.d=co.uk header.s=s1\r\n"
		  "DKIM-Signature: d=co.uk; s=s1; b=a\r\n"
		  "From: r@reporter.co.uk\r\n",
	     "no DKIM signature that passed is aligned"},
	    {OURS SIGNED "DKIM-Signature: d=reporter.example; s=s1; l=10;"
			 " b=abcdEF\r\n" FROM,
	     "the DKIM signature does not cover all of it (l=)"},
	    /* the field that the result speaks of is not there */
	    {OURS SIGNED "DKIM-Signature: d=reporter.example; s=s2;"
			 " b=abcdEF\r\n" FROM,
	     "the DKIM signature does not cover all of it (l=)"},
	};
	struct intake_sender sender;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		sender = sender_of(*state, cases[i].header);
		assert_false(domain_is_set(sender.signer));
		assert_string_equal(sender.signer_reason, cases[i].reason);
	}
}

static void
one_author(void **state)
{
	static const char *const none[] = {
	    OURS PASS,
	    OURS PASS FROM "From: x@other.example\r\n",
	    OURS PASS "From: a@mail.reporter.example, b@other.example\r\n",
	    OURS PASS "From: undisclosed\r\n",
	};
	struct intake_sender sender;
	struct why why;
	size_t i;

	for (i = 0; i < sizeof(none) / sizeof(*none); i++) {
		if (find(*state, none[i], 0, &sender, &why))
			fail_msg("%s", none[i]);
		assert_memory_equal(why.text, "From: ", 6);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(what_the_milter_found),
	    arena_unit_test(item_39_fields_that_came_with_the_mail),
	    arena_unit_test(received_fields_of_ours),
	    arena_unit_test(signatures_that_prove_nothing),
	    arena_unit_test(one_author),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
