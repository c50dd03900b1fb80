#include "unit.h"

#include "base/base64.h"
#include "base/private_key.h"
#include "base/scan.h"
#include "base/tag_list.h"
#include "base/why.h"
#include "mailauth/signature_writer.h"

#define NAME TEXT("DKIM-Signature")

static struct text
written(struct arena *arena, const struct text *names, size_t count)
{
	struct signature_writer writer;

	signature_write_begin(&writer, arena, NAME);
	signature_write_tag(&writer, "v", TEXT("1"));
	signature_write_names(&writer, "h", names, count);
	return text_copy(arena, buf_view(&writer.value));
}

/* A line may reach column 77, with what ends it, and no further. */
static void
folding_of_names(void **state)
{
	char wide[60];
	struct text names[2] = {{wide, 0}, TEXT_INIT("b")};

	memset(wide, 'a', sizeof(wide));
	/* "DKIM-Signature: v=1; h=" takes 23 columns */
	names[0].len = 77 - 23 - 2 - 1;
	assert_text(
	    written(*state, names, 2),
	    arena_printf(*state, " v=1; h=%.*s:b", (int)names[0].len, wide));
	names[0].len++;
	assert_text(written(*state, names, 2),
		    arena_printf(*state, " v=1; h=%.*s:\r\n\tb",
				 (int)names[0].len, wide));
	names[0].len++;
	assert_text(written(*state, names, 2),
		    arena_printf(*state, " v=1; h=%.*s:\r\n\tb",
				 (int)names[0].len, wide));
	names[0].len++;
	assert_text(written(*state, names, 2),
		    arena_printf(*state, " v=1;\r\n\th=%.*s:b",
				 (int)names[0].len, wide));
}

static void
times(void **state)
{
	struct signature_writer writer;

	signature_write_begin(&writer, *state, NAME);
	signature_write_times(&writer, 1700000000, 0);
	assert_text(buf_view(&writer.value), " t=1700000000");
	signature_write_begin(&writer, *state, NAME);
	signature_write_times(&writer, 1700000000, 60);
	assert_text(buf_view(&writer.value), " t=1700000000; x=1700000060");
}

/* base64 of any length reads back, and no line is too long. */
static void
bytes_of_all_lengths(void **state)
{
	char bytes[600];
	struct signature_writer writer;
	struct tag_list tags;
	struct text got, line;
	struct scan in;

	memset(bytes, 0x5a, sizeof(bytes));
	for (size_t len = 0; len < sizeof(bytes); len++) {
		signature_write_begin(&writer, *state, NAME);
		signature_write_tag(&writer, "v", TEXT("1"));
		signature_write_bytes(&writer, "bh", text_of(bytes, len));
		signature_write_tag(&writer, "z", TEXT("z"));
		assert_true(tag_list_parse(*state, buf_view(&writer.value),
					   &tags, NULL));
		assert_true(base64_decode(
		    *state, tag_list_get(&tags, "bh", TEXT("")), &got));
		assert_true(text_equal(got, text_of(bytes, len)));
		scan_init(&in, buf_view(&writer.value));
		line = scan_until(&in, '\n');
		assert_true(NAME.len + 1 + line.len <= 78);
		while (!scan_at_end(&in)) {
			line = scan_until(&in, '\n');
			/* tab as eight, without its CR */
			assert_true(line.len + 7 <= 78);
		}
		arena_reset(*state);
	}
}

static void
end_of_the_field(void **state)
{
	const struct private_key *key =
	    private_key_new(*state, CRYPTO_ED25519, 0, NULL);
	struct text hash = TEXT("0123456789abcdef0123456789abcdef");
	struct text b_whole, value, signature;
	struct signature_writer writer;
	struct header_field own;
	struct tag_list tags;

	signature_write_begin(&writer, *state, NAME);
	signature_write_tag(&writer, "v", TEXT("1"));
	own = signature_write_unsigned(&writer, &b_whole);
	assert_text(own.value, " v=1; b=");
	assert_int_equal(b_whole.len, 0);
	assert_ptr_equal(b_whole.at, own.value.at + own.value.len);
	assert_true(signature_write_end(&writer, key, hash, &value, NULL));
	assert_true(tag_list_parse(*state, value, &tags, NULL));
	assert_true(base64_decode(*state, tag_list_get(&tags, "b", TEXT("")),
				  &signature));
	assert_true(public_key_verify_ed25519(
	    public_key_ed25519(*state, private_key_public(*state, key), NULL),
	    hash, signature));
	assert_string_equal(signature_algorithm(key), "ed25519-sha256");
}

/* More than any reader takes is refused, not cut. */
static void
too_long(void **state)
{
	const struct private_key *key =
	    private_key_new(*state, CRYPTO_ED25519, 0, NULL);
	struct signature_writer writer;
	struct text names[300], value;
	struct why why;
	char name[60];

	memset(name, 'n', sizeof(name));
	for (size_t i = 0; i < 300; i++)
		names[i] = text_of(name, sizeof(name));
	signature_write_begin(&writer, *state, NAME);
	signature_write_names(&writer, "h", names, 300);
	assert_false(signature_write_end(
	    &writer, key, TEXT("0123456789abcdef0123456789abcdef"), &value,
	    &why));
	assert_non_null(strstr(why.text, "too long"));
}

static void
selectors(void **state)
{
	struct text selector;
	struct why why;

	assert_true(
	    signature_selector(*state, TEXT("A.b-c_1"), &selector, &why));
	assert_text(selector, "a.b-c_1");
	assert_false(signature_selector(*state, TEXT("a;b"), &selector, &why));
	assert_false(signature_selector(*state, TEXT(""), &selector, &why));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(folding_of_names),
	    arena_unit_test(times),
	    arena_unit_test(bytes_of_all_lengths),
	    arena_unit_test(end_of_the_field),
	    arena_unit_test(too_long),
	    arena_unit_test(selectors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
