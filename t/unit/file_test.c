#include "unit.h"

#include <stdlib.h>
#include <sys/stat.h>
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

static void
a_file_takes_the_place_of_another(void **state)
{
	char dir[] = "/tmp/signet-file-test-XXXXXX";
	const char *path, *nowhere;
	struct stat stat_now;
	struct text text;
	struct why why;

	assert_non_null(mkdtemp(dir));
	path = arena_printf(*state, "%s/file", dir);
	nowhere = arena_printf(*state, "%s/no/file", dir);
	assert_true(file_replace(*state, path, TEXT("one"), 0600, &why));
	assert_true(file_replace(*state, path, TEXT("two\n"), 0644, &why));
	assert_true(file_read(*state, path, 100, &text, &why));
	assert_text(text, "two\n");
	assert_int_equal(stat(path, &stat_now), 0);
	assert_int_equal(stat_now.st_mode & 07777, 0644);
	assert_false(file_replace(*state, nowhere, TEXT("x"), 0644, &why));
	unlink(path);
	assert_int_equal(rmdir(dir), 0); /* nothing else was left there */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(reads_whole_files_up_to_a_bound),
	    arena_unit_test(a_file_takes_the_place_of_another),
	    arena_unit_test(says_why_it_cannot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
