#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/why.h"
#include "tlsrpt-collector/maillog_position.h"

static char path[64];

static void
saved(const char *source, char mark[LOG_MARK_BYTES])
{
	struct maillog_told told;
	struct maillog_position *position =
	    maillog_position_open(path, source, mark, &told);

	maillog_position_close(position);
}

static struct maillog_told
saved_told(const char *source)
{
	char mark[LOG_MARK_BYTES];
	struct maillog_told told;

	maillog_position_close(
	    maillog_position_open(path, source, mark, &told));
	return told;
}

static void
the_mark_before_the_line_is_saved(void **state)
{
	char mark[LOG_MARK_BYTES];
	struct maillog_position *position;
	struct maillog_told told;
	struct why why;

	(void)state;
	position =
	    maillog_position_open(path, "/var/log/mail.log", mark, &told);
	assert_string_equal(mark, "");
	told.number = 200;
	assert_true(maillog_position_save(position, 5, &told, &why));
	maillog_position_note(position, 0, "zero");
	maillog_position_note(position, 100, "hundred");
	maillog_position_note(position, 100, "hundred again");
	maillog_position_note(position, 200, "two hundred");
	assert_true(maillog_position_save(position, 199, &told, &why));
	saved("/var/log/mail.log", mark);
	assert_string_equal(mark, "hundred again");
	saved("journal", mark);
	assert_string_equal(mark, "");
	/* what is behind is not gone back to */
	assert_true(maillog_position_save(position, 50, &told, &why));
	saved("/var/log/mail.log", mark);
	assert_string_equal(mark, "hundred again");
	assert_true(maillog_position_save(position, 200, &told, &why));
	saved("/var/log/mail.log", mark);
	assert_string_equal(mark, "two hundred");
	maillog_position_close(position);
}

/* Counted from the mark that was saved. */
static void
what_was_told_is_saved(void **state)
{
	char mark[LOG_MARK_BYTES];
	struct maillog_position *position;
	struct maillog_told told;
	struct why why;

	(void)state;
	position = maillog_position_open(path, "told", mark, &told);
	assert_int_equal(told.number, 0);
	maillog_position_note(position, 100, "hundred");
	maillog_position_note(position, 200, "two hundred");
	told = (struct maillog_told){250, 1795900000000000};
	assert_true(maillog_position_save(position, 150, &told, &why));
	told = saved_told("told");
	assert_int_equal(told.number, 150);
	assert_true(told.newest_us == 1795900000000000);
	told = (struct maillog_told){251, 1795900000000001};
	assert_true(maillog_position_save(position, 150, &told, &why));
	told = saved_told("told");
	assert_int_equal(told.number, 151);
	assert_true(told.newest_us == 1795900000000001);
	told = saved_told("journal");
	assert_int_equal(told.number, 0);
	assert_int_equal(told.newest_us, 0);
	maillog_position_close(position);
}

static void
a_file_of_before(void **state)
{
	char mark[LOG_MARK_BYTES];
	struct maillog_told told;
	FILE *file = fopen(path, "w");

	(void)state;
	fputs("log a mark\n", file);
	fclose(file);
	saved("log", mark);
	assert_string_equal(mark, "a mark");
	told = saved_told("log");
	assert_int_equal(told.number, 0);
}

static void
marks_are_bounded(void **state)
{
	char mark[LOG_MARK_BYTES];
	struct maillog_position *position;
	struct maillog_told told = {0, 0};
	struct why why;

	(void)state;
	position = maillog_position_open(path, "bound", mark, &told);
	told.number = 100000;
	for (unsigned i = 0; i <= 100000; i++) {
		snprintf(mark, sizeof(mark), "%u", i);
		maillog_position_note(position, i, mark);
	}
	assert_true(maillog_position_save(position, 70000, &told, &why));
	saved("bound", mark);
	/* never a line too late */
	assert_true(strtoul(mark, NULL, 10) <= 70000);
	maillog_position_close(position);
}

static void
a_folder_that_is_not_there(void **state)
{
	char mark[LOG_MARK_BYTES];
	struct maillog_told told;
	struct maillog_position *position =
	    maillog_position_open("/nonexistent/position", "log", mark, &told);
	struct why why;

	(void)state;
	maillog_position_note(position, 0, "zero");
	assert_false(maillog_position_save(position, 0, &told, &why));
	assert_non_null(strstr(why.text, "/nonexistent"));
	maillog_position_close(position);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_mark_before_the_line_is_saved),
	    cmocka_unit_test(what_was_told_is_saved),
	    cmocka_unit_test(a_file_of_before),
	    cmocka_unit_test(marks_are_bounded),
	    cmocka_unit_test(a_folder_that_is_not_there),
	};
	char folder[] = "/tmp/maillog_position_test.XXXXXX";
	int failed;

	if (mkdtemp(folder) == NULL)
		return 1;
	snprintf(path, sizeof(path), "%s/position", folder);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(path);
	rmdir(folder);
	return failed;
}
