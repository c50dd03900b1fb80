#include "unit.h"

#include "base/buf.h"
#include "base/limits.h"
#include "mailauth/body_digest.h"
#include "mailauth/line_limit.h"

static void
put(void *to, struct text piece)
{
	buf_text(to, piece);
}

/* The text broken at `limit`, given in pieces of `piece` bytes. */
static struct text
broken(struct arena *arena, struct text text, size_t limit, size_t piece)
{
	struct line_limit line;
	struct buf out;

	buf_init(&out, arena, 1u << 20);
	line_limit_init(&line, limit, put, &out);
	for (; text.len > 0; text = text_skip(text, piece))
		line_limit_update(&line, text_first(text, piece));
	line_limit_finish(&line);
	return buf_view(&out);
}

static void
want(struct arena *arena, const char *text, const char *wanted)
{
	for (size_t piece = 1; piece <= strlen(text) + 1; piece++)
		assert_text(broken(arena, text_from(text), 5, piece), wanted);
}

static void
lines(void **state)
{
	want(*state, "", "");
	want(*state, "12345\r\n12345\r\n", "12345\r\n12345\r\n");
	want(*state, "12345", "12345");
	want(*state, "123456\r\n", "12345\r\n 6\r\n");
	want(*state, "123456789\r\n", "12345\r\n 6789\r\n");
	want(*state, "1234567890\r\n1", "12345\r\n 6789\r\n 0\r\n1");
	want(*state, "1\r\n\r\n123456", "1\r\n\r\n12345\r\n 6");
	/* a CR alone is a byte like others, a LF alone ends a line */
	want(*state, "1234\r\r\n", "1234\r\r\n");
	want(*state, "1234\r6\r\n", "1234\r\r\n 6\r\n");
	want(*state, "12345\r6", "12345\r\n \r6");
	want(*state, "12345\n12345\n", "12345\n12345\n");
	want(*state, "12345\r", "12345\r\n \r");
	want(*state, "12345\r\n\r", "12345\r\n\r");
}

/* Once more makes no difference, and no line is longer than told. */
static void
any_text(void **state)
{
	uint32_t dice = 1;
	char text[3000];
	struct text once;
	size_t len, i, line;

	for (int round = 0; round < 300; round++) {
		len = (size_t)round * 10;
		for (i = 0; i < len; i++) {
			dice = dice * 1664525 + 1013904223;
			text[i] = "abcdefgh\r\n  .."[(dice >> 16) % 14];
		}
		once = broken(*state, text_of(text, len), 20, 1 + len / 3);
		for (line = 0, i = 0; i < once.len; i++) {
			line = once.at[i] == '\n' ? 0 : line + 1;
			assert_true(line <= 21);
		}
		assert_true(text_equal(broken(*state, once, 20, 7), once));
		arena_reset(*state);
	}
}

static void
header_fields(void **state)
{
	const struct message *copy;
	struct message message;

	message_init(&message, *state);
	message_add(&message, TEXT("A"), TEXT(" 3456"));
	message_add(&message, TEXT("B"), TEXT(" 3\r\n 3456"));
	assert_ptr_equal(line_limit_message(*state, &message, 7), &message);
	message_add(&message, TEXT("Long"), TEXT(" 789\r\n\t23456789"));
	copy = line_limit_message(*state, &message, 7);
	assert_ptr_not_equal(copy, &message);
	assert_int_equal(copy->count, 3);
	assert_text(copy->top->value, " 3456");
	assert_text(copy->bottom->name, "Long");
	assert_text(copy->bottom->value, " 7\r\n 89\r\n\t234567\r\n 89");
	assert_false(copy->truncated);
	/* the name alone takes all room */
	message_add(&message, TEXT("Longer-name"), TEXT(" 1"));
	copy = line_limit_message(*state, &message, 7);
	assert_text(copy->bottom->value, "\r\n  1");
}

static void
too_large_a_header(void **state)
{
	struct text value;
	struct message message;

	value = text_of(memset(arena_alloc(*state, LIMIT_HEADER_BYTES), 'x',
			       LIMIT_HEADER_BYTES),
			LIMIT_HEADER_BYTES - 20);
	message_init(&message, *state);
	message_add(&message, TEXT("A"), value);
	assert_false(message.truncated);
	assert_true(line_limit_message(*state, &message, 998)->truncated);
	assert_true(line_limit_message(*state, &message, 2)->truncated);
}

static struct text
digest_of(struct arena *arena, size_t limit, const char *body, size_t piece)
{
	struct body_digests *digests = body_digests_new(arena);
	struct text text = text_from(body);
	unsigned number;

	if (limit > 0)
		body_digests_limit_lines(digests, limit);
	number =
	    body_digests_want(digests, DKIM_SIMPLE, CRYPTO_SHA256, BODY_WHOLE);
	for (; text.len > 0; text = text_skip(text, piece))
		body_digests_update(digests, text_first(text, piece));
	body_digests_finish(digests);
	return body_digests_get(digests, number, NULL);
}

static void
digests_of_broken_lines(void **state)
{
	for (size_t piece = 1; piece < 20; piece++) {
		assert_true(text_equal(
		    digest_of(*state, 5, "1234567\r\n1\r\n\r\n", piece),
		    digest_of(*state, 0, "12345\r\n 67\r\n1\r\n", 100)));
		assert_true(
		    text_equal(digest_of(*state, 5, "12345\r", piece),
			       digest_of(*state, 0, "12345\r\n \r", 9)));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(lines),
	    arena_unit_test(any_text),
	    arena_unit_test(header_fields),
	    arena_unit_test(too_large_a_header),
	    arena_unit_test(digests_of_broken_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
