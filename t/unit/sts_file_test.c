#include "unit.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/why.h"
#include "io/file.h"
#include "postfix-policy/sts_file.h"

struct site {
	struct arena *arena;
	char directory[100];
	const char *path;
};

static int
open_site(void **state)
{
	struct site *site = test_calloc(1, sizeof(*site));

	site->arena = arena_new();
	snprintf(site->directory, sizeof(site->directory),
		 "/tmp/signet-sts-XXXXXX");
	assert_non_null(mkdtemp(site->directory));
	site->path =
	    arena_printf(site->arena, "%s/sts-policies", site->directory);
	*state = site;
	return 0;
}

static int
close_site(void **state)
{
	struct site *site = *state;
	DIR *dir = opendir(site->directory);
	struct dirent *entry;

	while ((entry = readdir(dir)) != NULL)
		(void)unlinkat(dirfd(dir), entry->d_name, 0);
	closedir(dir);
	rmdir(site->directory);
	arena_free(site->arena);
	test_free(site);
	return 0;
}

static struct text
line(struct site *site, unsigned number)
{
	struct sts_stored stored = {.fetched_s = number,
				    .checked_s = number,
				    .used_s = number,
				    .file = TEXT_INIT("some\r\nfile")};
	struct buf to;

	stored.domain.name =
	    text_from(arena_printf(site->arena, "d%u.example", number));
	buf_init(&to, site->arena, 1000);
	sts_stored_write(&to, &stored);
	return buf_view(&to);
}

struct seen {
	unsigned count;
	int64_t numbers[100];
};

static void
see(void *handle, struct arena *arena, struct sts_stored *stored)
{
	struct seen *seen = handle;

	(void)arena;
	assert_true(seen->count < 100);
	assert_text(stored->file, "some\r\nfile");
	seen->numbers[seen->count++] = stored->fetched_s;
}

static unsigned
read_back(struct site *site, struct sts_file_damage *damage)
{
	struct sts_file *file = sts_file_open(site->directory, NULL);
	struct seen seen = {0};

	assert_non_null(file);
	assert_true(sts_file_read(file, see, &seen, damage, NULL));
	sts_file_close(file);
	return seen.count;
}

static void
write_lines(struct site *site, unsigned count)
{
	struct sts_file *file = sts_file_open(site->directory, NULL);
	unsigned i;

	assert_non_null(file);
	for (i = 0; i < count; i++)
		assert_true(sts_file_append(file, line(site, i), NULL));
	assert_true(sts_file_sync(file, NULL));
	sts_file_close(file);
}

static void
appending(void **state)
{
	struct site *site = *state;
	struct sts_file_damage damage;

	assert_int_equal(read_back(site, &damage), 0);
	write_lines(site, 10);
	assert_int_equal(read_back(site, &damage), 10);
	assert_int_equal(damage.lines, 0);
	assert_false(damage.cut);
}

/* Whatever byte the file ends with, all whole lines are there. */
static void
cut_anywhere(void **state)
{
	struct site *site = *state;
	struct sts_file_damage damage;
	size_t one = line(site, 0).len, at;

	write_lines(site, 3);
	for (at = 3 * one; at > 0; at--) {
		assert_int_equal(truncate(site->path, (off_t)at), 0);
		assert_int_equal(read_back(site, &damage), at / one);
		assert_int_equal(damage.cut, at % one != 0);
		assert_int_equal(damage.lines, 0);
	}
}

/* Bytes that changed cost their line alone. */
static void
corrupt(void **state)
{
	struct site *site = *state;
	struct sts_file_damage damage;
	int fd;

	write_lines(site, 5);
	fd = open(site->path, O_WRONLY);
	assert_int_equal(pwrite(fd, "\0\0", 2, 5 + (off_t)line(site, 0).len),
			 2);
	close(fd);
	assert_int_equal(read_back(site, &damage), 4);
	assert_int_equal(damage.lines, 1);
	assert_int_equal(damage.first, 2);
	assert_string_equal(damage.reason, "the sum is wrong");
}

/* A file of something else: no line of it counts, no memory is lost in it. */
static void
garbage(void **state)
{
	struct site *site = *state;
	struct sts_file_damage damage;
	char *bytes = arena_alloc(site->arena, 2u << 20);
	int fd = open(site->path, O_WRONLY | O_CREAT, 0600);

	assert_int_equal(write(fd, bytes, 2u << 20), 2 << 20);
	assert_int_equal(write(fd, "\nx\n\n", 4), 4);
	close(fd);
	assert_int_equal(read_back(site, &damage), 0);
	assert_int_equal(damage.lines, 3);
	assert_string_equal(damage.reason, "it is too long");
}

static void
written_anew(void **state)
{
	struct site *site = *state;
	struct sts_file *file;
	struct sts_file_damage damage;
	struct stat status;

	write_lines(site, 10);
	file = sts_file_open(site->directory, NULL);
	assert_true(sts_file_begin(file, NULL));
	assert_true(sts_file_add(file, line(site, 77), NULL));
	sts_file_close(file); /* as if killed: the old file counts */
	assert_int_equal(read_back(site, &damage), 10);
	file = sts_file_open(site->directory, NULL);
	assert_true(sts_file_begin(file, NULL));
	assert_true(sts_file_add(file, line(site, 77), NULL));
	assert_true(sts_file_end(file, true, NULL));
	assert_true(sts_file_append(file, line(site, 78), NULL));
	sts_file_close(file);
	assert_int_equal(read_back(site, &damage), 2);
	assert_int_equal(
	    stat(arena_printf(site->arena, "%s.damaged", site->path), &status),
	    0);
	assert_int_equal((size_t)status.st_size, 10 * line(site, 0).len);
}

/* A full disk, here a file that may not grow: nothing of the line stays. */
static void
no_room(void **state)
{
	struct site *site = *state;
	struct sts_file *file = sts_file_open(site->directory, NULL);
	size_t one = line(site, 0).len;
	struct rlimit before, less;
	struct sts_file_damage damage;
	struct why why = {""};

	signal(SIGXFSZ, SIG_IGN);
	assert_true(sts_file_append(file, line(site, 0), NULL));
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	less = before;
	less.rlim_cur = one + one / 2;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &less), 0);
	assert_false(sts_file_append(file, line(site, 1), &why));
	assert_true(sts_file_begin(file, NULL));
	assert_false(sts_file_add(file, line(site, 1), NULL) &&
		     sts_file_add(file, line(site, 2), NULL));
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_non_null(strstr(why.text, "sts-policies: File too large"));
	assert_true(sts_file_append(file, line(site, 2), NULL));
	sts_file_close(file);
	assert_int_equal(read_back(site, &damage), 2);
	assert_int_equal(damage.lines, 0);
}

static void
one_process(void **state)
{
	struct site *site = *state;
	struct sts_file *file = sts_file_open(site->directory, NULL);
	struct why why;

	assert_non_null(file);
	assert_null(sts_file_open(site->directory, &why));
	assert_non_null(strstr(why.text, "another process has it"));
	sts_file_close(file);
	assert_null(sts_file_open("/nonexistent/directory", &why));
	assert_string_equal(
	    why.text, "/nonexistent/directory: No such file or directory");
}

#define SITE(f) cmocka_unit_test_setup_teardown(f, open_site, close_site)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    SITE(appending),   SITE(cut_anywhere), SITE(corrupt),
	    SITE(garbage),     SITE(written_anew), SITE(no_room),
	    SITE(one_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
