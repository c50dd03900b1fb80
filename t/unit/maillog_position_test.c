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
	struct maillog_position *position =
	    maillog_position_open(path, source, mark);

	maillog_position_close(position);
}

static void
the_mark_before_the_line_is_saved(void **state)
{
	char mark[LOG_MARK_BYTES];
	struct maillog_position *position;
	struct why why;

	(void)state;
	position = maillog_position_open(path, "/var/log/mail.log", mark);
	assert_string_equal(mark, "");
	assert_true(maillog_position_save(position, 5, &why));
	maillog_position_note(position, 0, "zero");
	maillog_position_note(position, 100, "hundred");
	maillog_position_note(position, 100, "hundred again");
	maillog_position_note(position, 200, "two hundred");
	assert_true(maillog_position_save(position, 199, &why));
	saved("/var/log/mail.log", mark);
	assert_string_equal(mark, "hundred again");
	saved("journal", mark);
	assert_string_equal(mark, "");
	/* what is behind is not gone back to */
	assert_true(maillog_position_save(position, 50, &why));
	saved("/var/log/mail.log", mark);
	assert_string_equal(mark, "hundred again");
	assert_true(maillog_position_save(position, 200, &why));
	saved("/var/log/mail.log", mark);
	assert_string_equal(mark, "two hundred");
	maillog_position_close(position);
}

static void
marks_are_bounded(void **state)
{
	char mark[LOG_MARK_BYTES];
	struct maillog_position *position;
	struct why why;

	(void)state;
	position = maillog_position_open(path, "log", mark);
	for (unsigned i = 0; i <= 100000; i++) {
		snprintf(mark, sizeof(mark), "%u", i);
		maillog_position_note(position, i, mark);
	}
	assert_true(maillog_position_save(position, 70000, &why));
	saved("log", mark);
	/* never a line too late */
	assert_true(strtoul(mark, NULL, 10) <= 70000);
	maillog_position_close(position);
}

static void
a_folder_that_is_not_there(void **state)
{
	char mark[LOG_MARK_BYTES];
	struct maillog_position *position =
	    maillog_position_open("/nonexistent/position", "log", mark);
	struct why why;

	(void)state;
	maillog_position_note(position, 0, "zero");
	assert_false(maillog_position_save(position, 0, &why));
	assert_non_null(strstr(why.text, "/nonexistent"));
	maillog_position_close(position);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_mark_before_the_line_is_saved),
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
