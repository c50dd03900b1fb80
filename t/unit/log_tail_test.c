#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "tlsrpt-collector/log_tail.h"

struct world {
	char folder[64], log[128], other[128];
	struct log_feed feed;
};

static int
set_up(void **state)
{
	struct world *world = calloc(1, sizeof(*world));

	snprintf(world->folder, sizeof(world->folder),
		 "/tmp/log_tail_test.XXXXXX");
	if (world == NULL || mkdtemp(world->folder) == NULL)
		return -1;
	snprintf(world->log, sizeof(world->log), "%s/mail.log", world->folder);
	*state = world;
	return 0;
}

static const char *
other(struct world *world, const char *name)
{
	snprintf(world->other, sizeof(world->other), "%s/%s", world->folder,
		 name);
	return world->other;
}

static int
tear_down(void **state)
{
	static const char *const names[] = {
	    "mail.log",		 "mail.log.1",	  "mail.log.2",
	    "mail.log-20261122", "mail.log.3.gz", "mail.logs"};
	struct world *world = *state;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unlink(other(world, names[i]));
	rmdir(world->folder);
	free(world);
	return 0;
}

static void
add(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

/* So that files have an order whatever the clock's steps are. */
static void
age(const char *path, time_t seconds)
{
	struct timespec times[2] = {{seconds, 0}, {seconds, 0}};

	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

/* All that can be read now, with '+' for line ends. */
static const char *
rest(struct world *world)
{
	static char said[4096];
	size_t len = 0;
	struct text line;

	while (world->feed.next(world->feed.handle, &line)) {
		assert_true(len + line.len + 2 < sizeof(said));
		memcpy(said + len, line.at, line.len);
		len += line.len;
		said[len++] = '+';
	}
	said[len] = '\0';
	return said;
}

static void
mark_of(struct world *world, char mark[LOG_MARK_BYTES])
{
	world->feed.mark(world->feed.handle, mark);
}

static void
shut(struct world *world)
{
	world->feed.close(world->feed.handle);
}

static void
begins_at_the_end(void **state)
{
	struct world *world = *state;

	add(world->log, "old\n");
	log_tail_open(world->log, "", &world->feed);
	assert_string_equal(rest(world), "");
	add(world->log, "a\nb");
	assert_string_equal(rest(world), "a+");
	add(world->log, "c\n\nd\n");
	assert_string_equal(rest(world), "bc++d+");
	shut(world);
}

static void
waits_for_a_file(void **state)
{
	struct world *world = *state;

	log_tail_open(world->log, "", &world->feed);
	assert_string_equal(rest(world), "");
	add(world->log, "a\n");
	assert_string_equal(rest(world), "a+");
	shut(world);
}

static void
rotated_by_name(void **state)
{
	struct world *world = *state;

	add(world->log, "");
	log_tail_open(world->log, "", &world->feed);
	add(world->log, "a\n");
	assert_string_equal(rest(world), "a+");
	rename(world->log, other(world, "mail.log.1"));
	/* the writer has it open still */
	add(other(world, "mail.log.1"), "b\n");
	assert_string_equal(rest(world), "b+");
	add(world->log, "");
	add(other(world, "mail.log.1"), "c\n");
	assert_string_equal(rest(world), "c+");
	add(other(world, "mail.log.1"), "d\n");
	add(world->log, "e\n");
	assert_string_equal(rest(world), "d+e+");
	shut(world);
}

static void
copied_and_truncated(void **state)
{
	struct world *world = *state;

	add(world->log, "");
	log_tail_open(world->log, "", &world->feed);
	add(world->log, "a\n");
	assert_string_equal(rest(world), "a+");
	add(world->log, "b\n");
	add(other(world, "mail.log.1"), "a\nb\n");
	assert_int_equal(truncate(world->log, 0), 0);
	assert_string_equal(rest(world), "b+");
	add(world->log, "c\n");
	assert_string_equal(rest(world), "c+");
	/* and grown to more than before, without a copy */
	assert_int_equal(truncate(world->log, 0), 0);
	add(world->log, "longer than before\n");
	assert_string_equal(rest(world), "longer than before+");
	shut(world);
}

static void
goes_on_after_a_restart(void **state)
{
	struct world *world = *state;
	char mark[LOG_MARK_BYTES];
	struct text line;

	add(world->log, "");
	log_tail_open(world->log, "", &world->feed);
	add(world->log, "a\nb\nc\n");
	assert_true(world->feed.next(world->feed.handle, &line));
	mark_of(world, mark);
	shut(world);
	log_tail_open(world->log, mark, &world->feed);
	assert_string_equal(rest(world), "b+c+");
	mark_of(world, mark);
	shut(world);
	add(world->log, "d\n");
	log_tail_open(world->log, mark, &world->feed);
	assert_string_equal(rest(world), "d+");
	shut(world);
}

static void
rotated_while_nobody_read(void **state)
{
	struct world *world = *state;
	char mark[LOG_MARK_BYTES];

	add(world->log, "");
	log_tail_open(world->log, "", &world->feed);
	add(world->log, "a\n");
	assert_string_equal(rest(world), "a+");
	mark_of(world, mark);
	shut(world);
	add(world->log, "b\n");
	rename(world->log, other(world, "mail.log-20261122"));
	age(other(world, "mail.log-20261122"), 2000000000);
	add(other(world, "mail.log.2"), "c\n");
	age(other(world, "mail.log.2"), 2000000001);
	add(other(world, "mail.log.1"), "d\n");
	age(other(world, "mail.log.1"), 2000000002);
	add(other(world, "mail.log.3.gz"), "packed\n");
	add(other(world, "mail.logs"), "of somebody else\n");
	add(world->log, "e\n");
	log_tail_open(world->log, mark, &world->feed);
	assert_string_equal(rest(world), "b+c+d+e+");
	add(world->log, "f\n");
	assert_string_equal(rest(world), "f+");
	shut(world);
}

static void
truncated_while_nobody_read(void **state)
{
	struct world *world = *state;
	char mark[LOG_MARK_BYTES];

	add(world->log, "");
	log_tail_open(world->log, "", &world->feed);
	add(world->log, "first\n");
	assert_string_equal(rest(world), "first+");
	/* the head is known once something was read after it */
	mark_of(world, mark);
	shut(world);
	add(other(world, "mail.log.1"), "first\nb\n");
	assert_int_equal(truncate(world->log, 0), 0);
	add(world->log, "c\n");
	age(world->log, 2000000002);
	log_tail_open(world->log, mark, &world->feed);
	assert_string_equal(rest(world), "b+c+");
	shut(world);
}

static void
what_is_gone_is_gone(void **state)
{
	struct world *world = *state;
	char mark[LOG_MARK_BYTES];

	add(world->log, "");
	log_tail_open(world->log, "", &world->feed);
	add(world->log, "a\n");
	assert_string_equal(rest(world), "a+");
	mark_of(world, mark);
	shut(world);
	/* both are there at once: the number is another one */
	add(other(world, "mail.log.1"), "x\ny\n");
	rename(other(world, "mail.log.1"), world->log);
	log_tail_open(world->log, mark, &world->feed);
	assert_string_equal(rest(world), "x+y+");
	shut(world);
}

static void
a_line_without_end(void **state)
{
	struct world *world = *state;
	static char bytes[LIMIT_MAILLOG_LINE_BYTES];

	add(world->log, "");
	log_tail_open(world->log, "", &world->feed);
	memset(bytes, 'x', sizeof(bytes) - 1);
	for (int i = 0; i < 3; i++)
		add(world->log, bytes);
	assert_string_equal(rest(world), "");
	add(world->log, "\nshort\n");
	assert_string_equal(rest(world), "short+");
	shut(world);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(begins_at_the_end),
	    TEST(waits_for_a_file),
	    TEST(rotated_by_name),
	    TEST(copied_and_truncated),
	    TEST(goes_on_after_a_restart),
	    TEST(rotated_while_nobody_read),
	    TEST(truncated_while_nobody_read),
	    TEST(what_is_gone_is_gone),
	    TEST(a_line_without_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
