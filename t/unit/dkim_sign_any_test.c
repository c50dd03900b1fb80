/* Messages of any shape, as the milter protocol gives them: what is signed
 * verifies. */
#include "unit.h"

#include "sign_bench.h"

#include "base/buf.h"

struct dice {
	uint64_t state;
};

static uint32_t
roll(struct dice *dice, uint32_t sides)
{
	dice->state = dice->state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(dice->state >> 33) % sides;
}

static const char *
one_of(struct dice *dice, const char *const *words, size_t count)
{
	return words[roll(dice, (uint32_t)count)];
}

#define ONE_OF(dice, words) one_of(dice, words, sizeof(words) / sizeof(*words))

static void
put_value(struct dice *dice, struct buf *out)
{
	static const char *const pieces[] = {
	    " ",
	    "\t",
	    "  ",
	    "word",
	    "\303\266\303\244",
	    "\r",
	    ";",
	    "\"q\"",
	    "\r\n ",
	    "\r\n\t",
	    "\n ",
	    "b=",
	    "=?x?=",
	    "\377\376",
	    "a@example.com",
	    ":",
	    "  \t",
	    "\r\r",
	    "\r\n  \t  \r\n ",
	    "x",
	};
	uint32_t n = roll(dice, 12);

	if (roll(dice, 8) > 0)
		buf_char(out, ' ');
	while (n-- > 0)
		buf_string(out, ONE_OF(dice, pieces));
	if (roll(dice, 30) == 0)
		for (n = roll(dice, 3000); n > 0; n--)
			buf_char(out, 'l');
	/* a value has no line end without white space behind it */
	buf_char(out, 'z');
}

static void
put_header(struct dice *dice, struct buf *out)
{
	static const char *const names[] = {
	    "To",	    "to",
	    "Cc",	    "Subject",
	    "SUBJECT",	    "Date",
	    "Message-ID",   "Reply-To",
	    "MIME-Version", "Content-Type",
	    "Content-Foo",  "List-Id",
	    "X-Other",	    "Received",
	    "Sender",	    "List-Unsubscribe",
	    "Resent-From",  "resent-from",
	    "TLS-Required", "References",
	    "X;Y",	    "Content-Bad;h=",
	    "Autocrypt",    "CFBL-Address",
	};
	uint32_t n = roll(dice, 14);

	while (n-- > 0) {
		buf_string(out, ONE_OF(dice, names));
		buf_char(out, ':');
		put_value(dice, out);
		buf_string(out, "\r\n");
	}
	buf_string(out, "From: a@example.com\r\n");
	if (roll(dice, 3) == 0)
		buf_string(out, "Subject:\r\n");
}

static void
put_body(struct dice *dice, struct buf *out)
{
	static const char *const pieces[] = {
	    "\r\n",  "\r\n\r\n", " ",	 "\t",	"word", "  ",
	    "\r",    "\n",	 ".",	 "..",	"\377", "\303\266",
	    " \r\n", "\t\r\n",	 "\r\r", "\n\r"};
	uint32_t n;

	switch (roll(dice, 8)) {
	case 0:
		return;
	case 1:
		for (n = roll(dice, 40); n > 0; n--)
			buf_string(out, "\r\n");
		return;
	case 2:
		for (n = roll(dice, 70000); n > 0; n--)
			buf_char(out, (char)(1 + roll(dice, 255)));
		return;
	default:
		for (n = roll(dice, 60); n > 0; n--)
			buf_string(out, ONE_OF(dice, pieces));
	}
}

static void
any_message(void **state)
{
	struct dice dice = {20260101};
	struct dkim_wish wishes[8];
	size_t count = sign_all_wishes(*state, wishes), from;
	const char *zone = sign_all_zones(*state, wishes, count);
	struct arena *arena = arena_new();
	struct buf out;

	for (int i = 0; i < 400; i++) {
		buf_init(&out, arena, 1u << 20);
		put_header(&dice, &out);
		buf_string(&out, "\r\n");
		put_body(&dice, &out);
		from = i % 4 == 0 ? 0 : roll(&dice, 8);
		sign_want_pass(
		    arena, zone,
		    sign_message(arena, wishes + from, i % 4 == 0 ? count : 1,
				 buf_cstring(&out), 1 + roll(&dice, 5000)),
		    i % 4 == 0 ? count : 1);
		arena_reset(arena);
	}
	arena_free(arena);
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
	    arena_unit_test(any_message),
	};

	return cmocka_run_group_tests(tests, NULL, free_keys);
}
