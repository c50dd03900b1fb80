#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/why.h"
#include "sql/line_reader.h"

/* A file with these bytes, read from its start. */
static int
file_of(const char *bytes, size_t len)
{
	FILE *file = tmpfile();
	int fd;

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, len, file), len);
	assert_int_equal(fflush(file), 0);
	fd = dup(fileno(file));
	fclose(file);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

static void
expect(struct line_reader *reader, enum line_kind kind, size_t number,
       const char *text)
{
	struct text line;
	struct why why;

	assert_int_equal(line_reader_next(reader, &line, &why), kind);
	assert_int_equal(reader->number, number);
	if (text != NULL)
		assert_text(line, text);
}

static void
whole_lines_and_a_rest(void **state)
{
	static const char bytes[] = "one\n\ntwo three\nrest";
	struct line_reader reader;
	int fd = file_of(bytes, sizeof(bytes) - 1);

	line_reader_init(&reader, fd);
	expect(&reader, LINE_WHOLE, 1, "one");
	expect(&reader, LINE_WHOLE, 2, "");
	expect(&reader, LINE_WHOLE, 3, "two three");
	expect(&reader, LINE_NO_END, 4, "rest");
	expect(&reader, LINE_END, 4, NULL);
	expect(&reader, LINE_END, 4, NULL);
	line_reader_free(&reader);
	close(fd);
}

static void
empty_file(void **state)
{
	struct line_reader reader;
	int fd = file_of("", 0);

	line_reader_init(&reader, fd);
	expect(&reader, LINE_END, 0, NULL);
	line_reader_free(&reader);
	close(fd);
}

/* a, then `count` times x, then b */
static int
file_with_long_line(size_t count, const char *after)
{
	char *bytes = malloc(count + 16);
	size_t len;
	int fd;

	assert_non_null(bytes);
	memcpy(bytes, "a\n", 2);
	memset(bytes + 2, 'x', count);
	len = 2 + count;
	memcpy(bytes + len, after, strlen(after));
	fd = file_of(bytes, len + strlen(after));
	free(bytes);
	return fd;
}

static void
longest_line(void **state)
{
	struct line_reader reader;
	struct text line;
	struct why why;
	int fd = file_with_long_line(LIMIT_EVENT_BYTES, "\nb\n");

	line_reader_init(&reader, fd);
	expect(&reader, LINE_WHOLE, 1, "a");
	assert_int_equal(line_reader_next(&reader, &line, &why), LINE_WHOLE);
	assert_int_equal(line.len, LIMIT_EVENT_BYTES);
	expect(&reader, LINE_WHOLE, 3, "b");
	expect(&reader, LINE_END, 3, NULL);
	line_reader_free(&reader);
	close(fd);
}

static void
too_long_lines(void **state)
{
	static const size_t counts[] = {
	    LIMIT_EVENT_BYTES + 1,     LIMIT_EVENT_BYTES + 2,
	    2 * LIMIT_EVENT_BYTES,     2 * LIMIT_EVENT_BYTES + 2,
	    2 * LIMIT_EVENT_BYTES + 3, 5 * LIMIT_EVENT_BYTES};
	struct line_reader reader;
	size_t i;
	int fd;

	for (i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		fd = file_with_long_line(counts[i], "\nb\nc");
		line_reader_init(&reader, fd);
		expect(&reader, LINE_WHOLE, 1, "a");
		expect(&reader, LINE_TOO_LONG, 2, "");
		expect(&reader, LINE_WHOLE, 3, "b");
		expect(&reader, LINE_NO_END, 4, "c");
		expect(&reader, LINE_END, 4, NULL);
		line_reader_free(&reader);
		close(fd);
		fd = file_with_long_line(counts[i], "");
		line_reader_init(&reader, fd);
		expect(&reader, LINE_WHOLE, 1, "a");
		expect(&reader, LINE_TOO_LONG, 2, "");
		expect(&reader, LINE_END, 2, NULL);
		line_reader_free(&reader);
		close(fd);
	}
}

static void
what_cannot_be_read(void **state)
{
	struct line_reader reader;
	struct text line;
	struct why why;

	line_reader_init(&reader, -1);
	assert_int_equal(line_reader_next(&reader, &line, &why), LINE_ERROR);
	assert_non_null(strstr(why.text, "cannot read"));
	line_reader_free(&reader);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(whole_lines_and_a_rest),
	    cmocka_unit_test(empty_file),
	    cmocka_unit_test(longest_line),
	    cmocka_unit_test(too_long_lines),
	    cmocka_unit_test(what_cannot_be_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
