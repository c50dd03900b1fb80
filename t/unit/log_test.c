#include "unit.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/limits.h"
#include "io/log.h"

static int saved_stderr, captured;

/* What goes to standard error lands in a file. */
static int
capture(void **state)
{
	char path[] = "/tmp/log_test.XXXXXX";

	captured = mkstemp(path);
	unlink(path);
	saved_stderr = dup(STDERR_FILENO);
	fcntl(captured, F_SETFL, O_APPEND);
	dup2(captured, STDERR_FILENO);
	log_open("prog", "stderr", false);
	return unit_arena_new(state);
}

static int
give_back(void **state)
{
	dup2(saved_stderr, STDERR_FILENO);
	close(saved_stderr);
	close(captured);
	unsetenv("JOURNAL_STREAM");
	return unit_arena_free(state);
}

static struct text
written(struct arena *arena)
{
	off_t length = lseek(captured, 0, SEEK_END);
	char *at = arena_bytes(arena, (size_t)length + 1);

	assert_int_equal(pread(captured, at, (size_t)length, 0), length);
	return text_of(at, (size_t)length);
}

static void
lines_and_levels(void **state)
{
	log_info("one %d", 1);
	log_debug("not wanted");
	log_open("prog", "stderr-journal", true);
	log_error("two");
	log_debug("three");
	assert_text(written(*state), "prog: one 1\n<3>two\n<7>three\n");
}

static void
finds_the_journal(void **state)
{
	struct stat st;
	char stream[64];

	fstat(STDERR_FILENO, &st);
	snprintf(stream, sizeof(stream), "%ju:%ju", (uintmax_t)st.st_dev,
		 (uintmax_t)st.st_ino);
	log_open("prog", "auto", false);
	log_info("plain");
	setenv("JOURNAL_STREAM", stream, 1);
	log_open("prog", "auto", false);
	log_info("journal");
	setenv("JOURNAL_STREAM", "1:1", 1);
	log_open("prog", "auto", false);
	log_info("plain");
	assert_text(written(*state), "prog: plain\n<6>journal\nprog: plain\n");
}

static void
control_bytes_do_no_harm(void **state)
{
	log_info("%s", "a\nb\r\x1b[31m\x7f\tc");
	assert_text(written(*state), "prog: a?b??[31m??c\n");
}

static void
long_line_is_cut(void **state)
{
	char line[3 * LIMIT_LOG_LINE_BYTES];
	struct text got;

	/* a character of two bytes stands across the end */
	memset(line, 'x', sizeof(line));
	for (size_t i = 0; i + 1 < sizeof(line); i += 2)
		memcpy(line + i, "\xc3\xa9", 2);
	line[sizeof(line) - 1] = '\0';
	log_info("%s", line);
	log_info("x%s", line);
	got = written(*state);
	for (int i = 0; i < 2; i++) {
		struct text one = text_first(got, text_find(got, '\n'));

		got = text_skip(got, one.len + 1);
		assert_true(one.len <= LIMIT_LOG_LINE_BYTES + 6);
		assert_true(one.len > LIMIT_LOG_LINE_BYTES - 10);
		assert_text(text_skip(one, one.len - 5), "\xc3\xa9...");
	}
	assert_int_equal(got.len, 0);
}

static void *
write_lines(void *handle)
{
	for (int i = 0; i < 500; i++)
		log_info("%0200d", i);
	return NULL;
}

static void
threads_mix_no_lines(void **state)
{
	pthread_t threads[4];
	struct text got;
	int lines = 0;

	for (int i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, write_lines, NULL);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	for (got = written(*state); got.len > 0; lines++) {
		assert_int_equal(text_find(got, '\n'), 206);
		got = text_skip(got, 207);
	}
	assert_int_equal(lines, 2000);
}

static void
pairs(void **state)
{
	struct buf line;

	buf_init(&line, *state, 1000);
	log_pair(&line, "plain", TEXT("pass"));
	log_pair(&line, "empty", TEXT(""));
	log_pair(&line, "space", TEXT("a b"));
	log_pair(&line, "quote", TEXT("a\"b\\c"));
	log_pair(&line, "equal", TEXT("a=b"));
	log_pair(&line, "bad", TEXT("a\nx=y\xff"));
	assert_text(buf_view(&line),
		    "plain=pass empty=\"\" space=\"a b\" "
		    "quote=\"a\\\"b\\\\c\" equal=\"a=b\" bad=\"a?x=y?\"");
}

#define log_test(f) cmocka_unit_test_setup_teardown(f, capture, give_back)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    log_test(lines_and_levels),		log_test(finds_the_journal),
	    log_test(control_bytes_do_no_harm), log_test(long_line_is_cut),
	    log_test(threads_mix_no_lines),	arena_unit_test(pairs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
