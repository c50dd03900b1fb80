/* Writes the lines of the input as id, reason, comment and values, and reads
 * the field back. */
#include <assert.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/limits.h"
#include "base/scan.h"
#include "mailauth/auth_results.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* By the rules of auth_writer.h. */
static char
became(struct text value, size_t at)
{
	static const char from[] = "()\"\\;", become[] = "[]'/,";
	char c = value.at[at];

	if (c < ' ' || c >= 0x7f)
		return '?';
	if (strchr(from, c) != NULL)
		return become[strchr(from, c) - from];
	if (c == '=' && value.len - at > 4 &&
	    text_equal_nocase(text_of(value.at + at, 5), TEXT("=pass")))
		return '?';
	return c;
}

static bool
is_what_became(struct text got, struct text value)
{
	size_t whole = value.len, i;

	if (whole > LIMIT_AUTH_VALUE_BYTES)
		whole = LIMIT_AUTH_VALUE_BYTES;
	if (got.len != whole + (whole < value.len ? 3 : 0))
		return false;
	for (i = 0; i < whole; i++)
		if (got.at[i] != became(text_first(value, whole), i))
			return false;
	return whole == value.len ||
	       text_equal(text_skip(got, whole), TEXT("..."));
}

static void
check_lines(struct text text)
{
	while (text.len > 0) {
		size_t line = text_find(text, '\n');

		assert(line < 998 - 24);
		text = text_skip(text, line + 1);
		assert(text.len == 0 || text.at[0] == ' ' ||
		       text.at[0] == '\t');
	}
}

static void
check_value(const struct auth_property **property, struct text value)
{
	if (value.len == 0)
		return;
	assert(is_what_became((*property)->value, value));
	*property = (*property)->next;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct text part[5];
	const struct auth_property *property;
	struct auth_results results;
	struct auth_writer writer;
	struct scan in;
	struct buf to;
	size_t i;

	scan_init(&in, text_of((const char *)data, size));
	for (i = 0; i < 5; i++)
		part[i] = scan_until(&in, '\n');
	if (part[0].len == 0)
		part[0] = TEXT("mx.example.net");
	buf_init(&to, arena, LIMIT_AUTH_RESULTS_BYTES);
	auth_write_begin(&writer, &to, part[0]);
	auth_write_method(&writer, "dkim", "fail");
	auth_write_reason(&writer, part[1]);
	auth_write_property(&writer, "header", "d", part[2]);
	auth_write_comment(&writer, part[3]);
	auth_write_property(&writer, "header", "b", part[4]);
	auth_write_method(&writer, "spf", "none");
	auth_write_property(&writer, "smtp", "helo", scan_rest(&in));
	auth_write_end(&writer);
	assert(buf_ok(&to));
	check_lines(buf_view(&to));
	assert(auth_results_parse(arena, buf_view(&to), &results, NULL));
	assert(!results.lax && is_what_became(results.id, part[0]));
	assert(is_what_became(results.methods->reason, part[1]));
	property = results.methods->properties;
	check_value(&property, part[2]);
	check_value(&property, part[4]);
	assert(property == NULL);
	property = results.methods->next->properties;
	check_value(&property, scan_rest(&in));
	assert(property == NULL && results.methods->next->next == NULL);
	arena_free(arena);
	return 0;
}
