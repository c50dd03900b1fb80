#include "unit.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/why.h"
#include "io/child.h"
#include "io/clock.h"

#define TIME_MS 20000

static struct child_result
run(struct arena *arena, const char *const *arguments, struct text input)
{
	struct child_result result;
	struct why why;

	if (!child_run(arena, arguments, input, TIME_MS, &result, &why))
		fail_msg("%s", why.text);
	return result;
}

static void
reads_its_input(void **state)
{
	const char *const arguments[] = {"/bin/cat", NULL};

	assert_text(run(*state, arguments, TEXT("a\nb")).output, "a\nb");
}

static void
arguments_are_not_a_command_line(void **state)
{
	const char *const arguments[] = {"/bin/echo", "$(id)", "; id", "a  b",
					 NULL};

	assert_text(run(*state, arguments, TEXT("")).output,
		    "$(id) ; id a  b\n");
}

static void
status_and_both_streams_are_told(void **state)
{
	const char *const arguments[] = {
	    "/bin/sh", "-c", "echo out; echo err >&2; exit 3", NULL};
	const char *const killed[] = {"/bin/sh", "-c", "kill -9 $$", NULL};
	struct child_result result = run(*state, arguments, TEXT(""));

	assert_int_equal(result.status, 3);
	assert_text(result.output, "out\nerr\n");
	assert_int_equal(run(*state, killed, TEXT("")).status, -1);
}

static void
has_nothing_of_ours(void **state)
{
	const char *const environment[] = {"/usr/bin/env", NULL};
	const char *const open_files[] = {"/bin/sh", "-c",
					  "test ! -e /proc/self/fd/77", NULL};
	int fd = open("/dev/null", O_RDONLY), copy = dup2(fd, 77);
	struct text said;

	setenv("SECRET", "x", 1);
	said = run(*state, environment, TEXT("")).output;
	if (strstr(text_string(*state, said), "SECRET") != NULL)
		fail_msg("the environment was passed on");
	assert_int_equal(run(*state, open_files, TEXT("")).status, 0);
	close(copy);
	close(fd);
}

static void
ends_when_its_time_is_up(void **state)
{
	const char *const arguments[] = {"/bin/sh", "-c", "sleep 60 & sleep 60",
					 NULL};
	int64_t begin = clock_monotonic_ms();
	struct child_result result;
	struct why why;

	assert_false(
	    child_run(*state, arguments, TEXT(""), 200, &result, &why));
	assert_non_null(strstr(why.text, "did not end"));
	assert_true(clock_monotonic_ms() - begin < 20000);
}

static void
much_output_is_cut(void **state)
{
	const char *const arguments[] = {"/usr/bin/head", "-c", "100000",
					 "/dev/zero", NULL};

	assert_int_equal(run(*state, arguments, TEXT("")).output.len,
			 CHILD_OUTPUT_BYTES);
}

static void
much_goes_through_files(void **state)
{
	const char *const arguments[] = {"/bin/sh", "-c",
					 "echo note >&2; tr x y", NULL};
	int from = memfd_create("from", MFD_CLOEXEC),
	    to = memfd_create("to", MFD_CLOEXEC);
	struct child_result result;
	char bytes[8192];
	struct why why;
	int i;

	memset(bytes, 'x', sizeof(bytes));
	for (i = 0; i < 100; i++)
		assert_int_equal(write(from, bytes, sizeof(bytes)),
				 sizeof(bytes));
	assert_int_equal(lseek(from, 0, SEEK_SET), 0);
	if (!child_run_files(*state, arguments, from, to, TIME_MS, &result,
			     &why))
		fail_msg("%s", why.text);
	assert_int_equal(result.status, 0);
	assert_text(result.output, "note\n");
	assert_int_equal(lseek(to, 0, SEEK_END), 100 * sizeof(bytes));
	assert_int_equal(pread(to, bytes, 1, 819199), 1);
	assert_int_equal(bytes[0], 'y');
	close(from);
	close(to);
}

static void
an_answer_stands_alone(void **state)
{
	const char *const arguments[] = {
	    "/bin/sh", "-c", "echo careful >&2; cat; echo 42", NULL};
	const char *const counts[] = {
	    "/bin/sh", "-c",
	    "echo careful >&2; grep '^pos:' /proc/self/fdinfo/1", NULL};
	struct child_result result;
	struct text answer;
	struct why why;

	if (!child_ask(*state, arguments, TIME_MS, &answer, &result, &why))
		fail_msg("%s", why.text);
	assert_int_equal(result.status, 0);
	assert_text(answer, "42\n");
	assert_text(result.output, "careful\n");
	assert_true(child_ask(*state, counts, TIME_MS, &answer, &result, &why));
	assert_text(answer, "pos:\t0\n");
}

static void
words_fit_for_a_line(void **state)
{
	const struct child_result said = {.output =
					      TEXT_INIT("a\n\tb\033[2J\xff\n")},
				  silent = {0};

	assert_text(child_words(*state, &said, 100), "a  b?[2J?");
	assert_text(child_words(*state, &silent, 100), "it said nothing");
}

static void
what_is_not_there_is_told(void **state)
{
	const char *const arguments[] = {"/nonexistent/program", NULL};
	struct child_result result;
	struct why why;

	assert_false(
	    child_run(*state, arguments, TEXT(""), TIME_MS, &result, &why));
	assert_string_equal(why.text, "cannot run /nonexistent/program: No "
				      "such file or directory");
}

static void
one_that_is_followed(void **state)
{
	const char *const arguments[] = {
	    "/bin/sh", "-c", "echo one; echo no >&2; exec sleep 600", NULL};
	const char *const missing[] = {"/nonexistent", NULL};
	char said[64] = "";
	struct why why;
	pid_t pid = 0;
	int output = -1;
	ssize_t got;

	(void)state;
	assert_true(child_follow(arguments, &pid, &output, &why));
	while ((got = read(output, said, sizeof(said) - 1)) < 0)
		unit_look_again();
	assert_string_equal(said, "one\n");
	child_end(pid);
	assert_int_equal(read(output, said, sizeof(said)), 0);
	close(output);
	assert_false(child_follow(missing, &pid, &output, &why));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(reads_its_input),
	    arena_unit_test(arguments_are_not_a_command_line),
	    arena_unit_test(status_and_both_streams_are_told),
	    arena_unit_test(has_nothing_of_ours),
	    arena_unit_test(ends_when_its_time_is_up),
	    arena_unit_test(much_output_is_cut),
	    arena_unit_test(much_goes_through_files),
	    arena_unit_test(an_answer_stands_alone),
	    arena_unit_test(words_fit_for_a_line),
	    arena_unit_test(what_is_not_there_is_told),
	    cmocka_unit_test(one_that_is_followed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
