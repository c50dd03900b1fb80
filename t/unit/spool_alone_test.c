#include "unit.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/why.h"
#include "io/clock.h"
#include "io/spool.h"

#define PATIENCE_MS 20000

static char top[64];

static int
make_top(void **state)
{
	snprintf(top, sizeof(top), "/tmp/spool_alone_test.XXXXXX");
	return mkdtemp(top) == NULL ? -1 : unit_arena_new(state);
}

/* How many entries a folder has; they are removed on request. */
static unsigned
count_entries(const char *folder, bool take_away)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	unsigned count = 0;

	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		count++;
		if (take_away)
			unlinkat(dirfd(dir), entry->d_name, 0);
	}
	closedir(dir);
	return count;
}

static unsigned
count_in(const char *name, bool take_away)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", top, name);
	return count_entries(path, take_away);
}

static int
remove_top(void **state)
{
	static const char *const names[] = {"open", "new", "bad"};
	char path[128];

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		count_in(names[i], true);
		snprintf(path, sizeof(path), "%s/%s", top, names[i]);
		rmdir(path);
	}
	rmdir(top);
	return unit_arena_free(state);
}

static struct spool *
open_alone(uint64_t most_bytes)
{
	struct spool_options options = {.directory = top,
					.program = "test",
					.host = "host.example",
					.most_bytes = most_bytes,
					.without_thread = true};
	struct why why;
	struct spool *spool = spool_open(&options, &why);

	if (spool == NULL)
		fail_msg("%s", why.text);
	return spool;
}

static void
no_thread_is_started(void **state)
{
	unsigned before = count_entries("/proc/self/task", false);
	struct spool *spool = open_alone(0);

	assert_true(spool_append(spool, TEXT("{}"), NULL));
	assert_int_equal(count_entries("/proc/self/task", false), before);
	spool_close(spool);
	assert_int_equal(count_in("new", false), 1);
	assert_int_equal(count_in("open", false), 0);
}

/* A file that is old enough goes when the next line comes. */
static void
lines_move_files(void **state)
{
	struct spool *spool = open_alone(0);
	struct deadline deadline = clock_deadline_in(PATIENCE_MS);

	do {
		assert_true(spool_append(spool, TEXT("{}"), NULL));
		unit_look_again();
	} while (count_in("new", false) == 0 &&
		 deadline_left_ms(deadline, clock_monotonic_ms()) > 0);
	assert_int_equal(count_in("new", false), 1);
	spool_close(spool);
}

static void
spool_max_refuses_and_recovers(void **state)
{
	struct spool *spool = open_alone(100);
	struct deadline deadline = clock_deadline_in(PATIENCE_MS);
	unsigned kept = 0;
	struct why why;
	bool again;

	while (kept < 1000 && spool_append(spool, TEXT("{\"n\":1}"), &why))
		kept++;
	assert_in_range(kept, 13, 14);
	assert_string_equal(why.text, "the spool has reached spool_max");
	do {
		count_in("new", true);
		unit_look_again();
		again = spool_append(spool, TEXT("{}"), NULL);
	} while (!again &&
		 deadline_left_ms(deadline, clock_monotonic_ms()) > 0);
	assert_true(again);
	spool_close(spool);
}

#define top_test(f) cmocka_unit_test_setup_teardown(f, make_top, remove_top)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    top_test(no_thread_is_started),
	    top_test(lines_move_files),
	    top_test(spool_max_refuses_and_recovers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
