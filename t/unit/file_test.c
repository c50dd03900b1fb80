#include "unit.h"

#include <unistd.h>

#include "base/why.h"
#include "io/file.h"

static void
reads_whole_files_up_to_a_bound(void **state)
{
	char path[] = "/tmp/signet-file-test-XXXXXX";
	int fd = mkstemp(path);
	struct text text;
	struct why why;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, "abc\0def", 7), 7);
	close(fd);
	assert_true(file_read(*state, path, 7, &text, &why));
	assert_int_equal(text.len, 7);
	assert_memory_equal(text.at, "abc\0def", 7);
	assert_false(file_read(*state, path, 6, &text, &why));
	assert_non_null(strstr(why.text, "more than 6 bytes"));
	unlink(path);
}

static void
says_why_it_cannot(void **state)
{
	struct text text;
	struct why why;

	assert_false(file_read(*state, "/nonexistent/file", 10, &text, &why));
	assert_non_null(strstr(why.text, "/nonexistent/file"));
	assert_false(file_read(*state, "/tmp", 10, &text, &why));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(reads_whole_files_up_to_a_bound),
	    arena_unit_test(says_why_it_cannot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
