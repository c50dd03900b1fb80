#include "unit.h"

#include "base/limits.h"
#include "mailauth/author.h"

static void
find(struct arena *arena, const char *raw, struct author *author)
{
	struct message message;

	message_init(&message, arena);
	message_parse(&message, text_from(raw));
	author_find(arena, &message, author);
}

struct author_case {
	const char *raw;
	enum author_status status;
	const char *reason, *domain;
	size_t domains;
};

static void
statuses(void **state)
{
	static const struct author_case cases[] = {
	    {"From: A <a@b.example>\n", AUTHOR_ONE, NULL, "b.example", 1},
	    {"From: a@b.example, c@B.example\n", AUTHOR_ONE, NULL, "b.example",
	     1},
	    {"From: a@b.example, c@d.example\n", AUTHOR_SEVERAL_DOMAINS, NULL,
	     "b.example", 2},
	    {"To: x\n", AUTHOR_NONE, "no From field", "", 0},
	    {"From:\n", AUTHOR_NONE, "no domain in From", "", 0},
	    {"From: Bob\n", AUTHOR_NONE, "no domain in From", "", 0},
	    {"From: Nobody:;\n", AUTHOR_NONE, "no domain in From", "", 0},
	    {"From: <>\n", AUTHOR_NONE, "local part lacks a word", "", 0},
	    {"From: a@[192.0.2.1]\n", AUTHOR_NONE, "no domain in From", "", 0},
	    {"From: a@[192.0.2.1], a@b.example\n", AUTHOR_AMBIGUOUS,
	     "address literal next to a domain", "b.example", 1},
	    {"From: a@b.example\nfrom: a@b.example\n", AUTHOR_AMBIGUOUS,
	     "several From fields", "b.example", 1},
	    {"From: a@b.example\nFrom: x@\n", AUTHOR_AMBIGUOUS,
	     "several From fields", "b.example", 1},
	    {"From:\nFrom: c@d.example\n", AUTHOR_AMBIGUOUS,
	     "several From fields", "d.example", 1},
	    {"From : a@b.example\n", AUTHOR_AMBIGUOUS,
	     "space before the colon of From", "b.example", 1},
	    {"From: a@b.example c@d.example\n", AUTHOR_AMBIGUOUS,
	     "text behind an address", "", 0},
	    {"From: <@x.example:a@b.example>\n", AUTHOR_AMBIGUOUS,
	     "source route", "b.example", 1},
	    {"From: =?utf-8?q?a=40b.example?\n", AUTHOR_NONE,
	     "no domain in From", "", 0},
	    {"From: <=?utf-8?q?a=40b.example?=>\n", AUTHOR_AMBIGUOUS,
	     "address without '@'", "", 0},
	    {"From: a@b.example\r c@d.example\n", AUTHOR_AMBIGUOUS,
	     "byte 0x0d in a header field", "", 0},
	    {"From: a@b.example\n c@d.example\n", AUTHOR_AMBIGUOUS,
	     "text behind an address", "", 0},
	};
	struct author author;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		find(*state, cases[i].raw, &author);
		if (author.status != cases[i].status)
			fail_msg("%s: %s (%s)", cases[i].raw,
				 author_status_name(author.status),
				 author.reason ? author.reason : "-");
		assert_text(text_from(author.reason),
			    cases[i].reason ? cases[i].reason : "");
		assert_int_equal(author.domain_count, cases[i].domains);
		assert_text(author.domains[0].name, cases[i].domain);
	}
}

static void
domains_are_capped(void **state)
{
	struct author author;

	find(*state,
	     "From: a@a.example, a@b.example, a@c.example, "
	     "a@a.example, a@d.example\n",
	     &author);
	assert_int_equal(author.status, AUTHOR_SEVERAL_DOMAINS);
	assert_int_equal(author.domain_count, LIMIT_FROM_DOMAINS);
	assert_false(author.too_many);
	assert_int_equal(author.mailboxes.count, 5);
	find(*state,
	     "From: a@a.example, a@b.example, a@c.example, "
	     "a@e.example, a@d.example\n",
	     &author);
	assert_int_equal(author.domain_count, LIMIT_FROM_DOMAINS);
	assert_true(author.too_many);
}

/* A From below what is kept may be the one that a reader shows. */
static void
a_cut_header_section_is_ambiguous(void **state)
{
	struct message message;
	struct author author;
	size_t i;

	message_init(&message, *state);
	message_add(&message, TEXT("From"), TEXT(" a@b.example"));
	for (i = 1; i < LIMIT_HEADER_FIELDS; i++)
		message_add(&message, TEXT("X"), TEXT(" 1"));
	author_find(*state, &message, &author);
	assert_int_equal(author.status, AUTHOR_ONE);
	message_add(&message, TEXT("From"), TEXT(" c@d.example"));
	author_find(*state, &message, &author);
	assert_int_equal(author.status, AUTHOR_AMBIGUOUS);
	assert_text(text_from(author.reason), "header section too large");
}

static void
many_from_fields(void **state)
{
	struct message message;
	struct author author;
	size_t i;

	message_init(&message, *state);
	for (i = 0; i < LIMIT_HEADER_FIELDS; i++)
		message_add(&message, TEXT("From"), TEXT(" a@b.example"));
	author_find(*state, &message, &author);
	assert_int_equal(author.status, AUTHOR_AMBIGUOUS);
	assert_int_equal(author.mailboxes.count, LIMIT_FROM_MAILBOXES);
	assert_int_equal(author.domain_count, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(statuses),
	    arena_unit_test(domains_are_capped),
	    arena_unit_test(a_cut_header_section_is_ambiguous),
	    arena_unit_test(many_from_fields),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
