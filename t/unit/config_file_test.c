#include "unit.h"

#include <unistd.h>

#include "base/why.h"
#include "io/config_file.h"

static struct config_file
parsed(struct arena *arena, const char *contents)
{
	struct config_file file;
	struct why why;

	if (!config_file_parse(arena, "F", contents, strlen(contents), &file,
			       &why))
		fail_msg("%s", why.text);
	return file;
}

static void
refused(struct arena *arena, const char *contents, size_t length,
	const char *reason)
{
	struct config_file file;
	struct why why;

	assert_false(
	    config_file_parse(arena, "F", contents, length, &file, &why));
	assert_string_equal(why.text, reason);
}

#define REFUSED(arena, contents, reason)                                       \
	refused(arena, contents, sizeof(contents) - 1, reason)

static void
entries_and_sections_in_order(void **state)
{
	struct config_file file = parsed(*state, "[b]\nx = 1\n[a  name ]\n"
						 "[b]\ny: 2 ; comment\n"
						 "z = a;b # kept\n");
	struct config_entry *entry = file.entries;

	assert_string_equal(file.sections->name, "b");
	assert_int_equal(file.sections->line, 1);
	assert_string_equal(file.sections->next->name, "a  name");
	assert_null(file.sections->next->next);
	assert_string_equal(entry->name, "x");
	assert_string_equal(entry->value, "1");
	assert_int_equal(entry->line, 2);
	entry = entry->next;
	assert_string_equal(entry->section, "b");
	assert_string_equal(entry->name, "y");
	assert_string_equal(entry->value, "2");
	assert_int_equal(entry->line, 5);
	entry = entry->next;
	assert_string_equal(entry->value, "a;b # kept");
	assert_null(entry->next);
}

static void
last_line_needs_no_end(void **state)
{
	struct config_file file = parsed(*state, "[a]\n\n\nx = 1");

	assert_int_equal(file.entries->line, 4);
	assert_string_equal(file.entries->value, "1");
	assert_null(parsed(*state, "").entries);
	assert_null(parsed(*state, "\n\n").sections);
}

static void
what_is_no_configuration(void **state)
{
	REFUSED(*state, "count = 3\n",
		"F:1: option before the first section; write [common] above "
		"it");
	REFUSED(*state, "[milter\n",
		"F:1: section without a name in brackets; write [NAME]");
	REFUSED(*state, "[]\n",
		"F:1: section without a name in brackets; write [NAME]");
	REFUSED(*state, "[milter] count = 3\n",
		"F:1: text behind a section; write the options on lines of "
		"their own");
	REFUSED(*state, "[milter]\njust words\n",
		"F:2: the line is neither an option nor a section; write NAME "
		"= VALUE or [SECTION]");
	REFUSED(*state, "[milter]\n= 3\n",
		"F:2: line without a name; write NAME = VALUE");
	REFUSED(*state, "[milter]\nstring = a\0b\n",
		"F:2: the line holds a NUL byte; write the file anew with a "
		"text editor");
}

static void
long_names_are_whole(void **state)
{
	char *contents = arena_bytes(*state, 20000);
	struct config_file file;

	snprintf(contents, 20000, "[milter %0200d]\n%0300d = %07000d\n", 1, 2,
		 3);
	file = parsed(*state, contents);
	assert_int_equal(strlen(file.entries->section), 207);
	assert_int_equal(strlen(file.entries->name), 300);
	assert_int_equal(strlen(file.entries->value), 7000);
	snprintf(contents, 20000, "[milter]\nstring = %09000d\n", 1);
	refused(*state, contents, strlen(contents),
		"F:2: the line is too long; a list may go on with a further "
		"line of the same name");
}

static void
files_that_cannot_be_read(void **state)
{
	char path[] = "/tmp/config_file_test.XXXXXX";
	int fd = mkstemp(path);
	struct config_file file;
	struct why why;

	assert_false(
	    config_file_read(*state, "/nonexistent/file", &file, &why));
	assert_non_null(strstr(why.text, "name another file with -c"));
	assert_false(config_file_read(*state, "/tmp", &file, &why));
	assert_int_equal(ftruncate(fd, CONFIG_FILE_BYTES + 1), 0);
	assert_false(config_file_read(*state, path, &file, &why));
	assert_non_null(strstr(why.text, "is larger than 1 MiB"));
	close(fd);
	unlink(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(entries_and_sections_in_order),
	    arena_unit_test(last_line_needs_no_end),
	    arena_unit_test(what_is_no_configuration),
	    arena_unit_test(long_names_are_whole),
	    arena_unit_test(files_that_cannot_be_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
