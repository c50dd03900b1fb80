#include "unit.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/why.h"
#include "io/clock.h"
#include "io/spool.h"

#define PATIENCE_MS 20000

static char top[64];

static int
make_top(void **state)
{
	snprintf(top, sizeof(top), "/tmp/spool_test.XXXXXX");
	return mkdtemp(top) == NULL ? -1 : unit_arena_new(state);
}

static void
remove_folder(const char *path)
{
	char inside[512];
	struct dirent *entry;
	DIR *dir = opendir(path);

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 ||
		    strcmp(entry->d_name, "..") == 0)
			continue;
		snprintf(inside, sizeof(inside), "%s/%s", path, entry->d_name);
		if (unlink(inside) != 0)
			remove_folder(inside);
	}
	if (dir != NULL)
		closedir(dir);
	rmdir(path);
}

static int
remove_top(void **state)
{
	remove_folder(top);
	return unit_arena_free(state);
}

static struct spool *
open_spool(enum spool_sync sync, uint64_t most_bytes)
{
	struct spool_options options = {.directory = top,
					.program = "test",
					.host = "host.example",
					.sync = sync,
					.most_bytes = most_bytes};
	struct why why;
	struct spool *spool = spool_open(&options, &why);

	if (spool == NULL)
		fail_msg("%s", why.text);
	return spool;
}

struct seen {
	unsigned files, lines, bad;
	char first_name[256];
	unsigned char marks[20000];
};

/* Reads every file of a folder; a line must be {"n":NUMBER,"pad":"x..."}. */
static void
read_folder(const char *name, struct seen *seen)
{
	char path[512], *line = NULL;
	struct dirent *entry;
	size_t room = 0;
	ssize_t length;
	unsigned n;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/%s", top, name);
	dir = opendir(path);
	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL) {
		FILE *file;

		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s/%s", top, name,
			 entry->d_name);
		file = fopen(path, "r");
		assert_non_null(file);
		seen->files++;
		snprintf(seen->first_name, sizeof(seen->first_name), "%s",
			 entry->d_name);
		while ((length = getline(&line, &room, file)) > 0) {
			seen->lines++;
			if (line[length - 1] != '\n' ||
			    sscanf(line, "{\"n\":%u,", &n) != 1 ||
			    line[length - 2] != '}')
				seen->bad++;
			else
				seen->marks[n]++;
		}
		fclose(file);
	}
	closedir(dir);
	free(line);
}

static struct seen
read_all_new(void)
{
	struct seen seen;

	memset(&seen, 0, sizeof(seen));
	read_folder("new", &seen);
	return seen;
}

static bool
append_number(struct spool *spool, unsigned n, unsigned pad)
{
	char line[8192];
	int length = snprintf(line, sizeof(line), "{\"n\":%u,\"pad\":\"%0*d\"}",
			      n, (int)pad, 0);

	return spool_append(spool, text_of(line, (size_t)length), NULL);
}

static void
file_comes_within_seconds(void **state)
{
	struct spool *spool = open_spool(SPOOL_SYNC_SECOND, 0);
	struct deadline deadline = clock_deadline_in(PATIENCE_MS);
	struct seen seen;
	char want[64];

	assert_true(append_number(spool, 7, 10));
	do {
		seen = read_all_new();
		unit_look_again();
	} while (seen.files == 0 &&
		 deadline_left_ms(deadline, clock_monotonic_ms()) > 0);
	assert_int_equal(seen.lines, 1);
	assert_int_equal(seen.bad, 0);
	assert_int_equal(seen.marks[7], 1);
	snprintf(want, sizeof(want), "-test.host.example.%d.0.jsonl",
		 (int)getpid());
	assert_string_equal(seen.first_name + 13, want);
	assert_true(spool_waiting_bytes(spool) > 0);
	spool_close(spool);
}

static void
close_keeps_everything(void **state)
{
	struct spool *spool = open_spool(SPOOL_SYNC_NEVER, 0);
	struct seen seen = {0};

	for (unsigned i = 0; i < 1000; i++)
		assert_true(append_number(spool, i, 3000));
	spool_close(spool);
	read_folder("open", &seen);
	assert_int_equal(seen.files, 0);
	seen = read_all_new();
	assert_true(seen.files >= 3); /* 3 MB in files of 1 MiB */
	assert_int_equal(seen.lines, 1000);
	assert_int_equal(seen.bad, 0);
}

static void
refuses_what_is_no_line(void **state)
{
	struct spool *spool = open_spool(SPOOL_SYNC_NEVER, 0);
	char *long_line = arena_bytes(*state, LIMIT_EVENT_BYTES + 1);
	struct why why;

	memset(long_line, 'x', LIMIT_EVENT_BYTES + 1);
	assert_false(spool_append(spool, TEXT(""), &why));
	assert_false(spool_append(spool, TEXT("{}\n{}"), &why));
	assert_false(spool_append(
	    spool, text_of(long_line, LIMIT_EVENT_BYTES + 1), &why));
	assert_true(
	    spool_append(spool, text_of(long_line, LIMIT_EVENT_BYTES), &why));
	assert_int_equal(spool_lost(spool), 3);
	spool_close(spool);
}

struct writer {
	struct spool *spool;
	unsigned from, to;
	pthread_t thread;
	unsigned failed;
};

static void *
write_numbers(void *handle)
{
	struct writer *writer = handle;

	for (unsigned i = writer->from; i < writer->to; i++)
		if (!append_number(writer->spool, i, i % 2000))
			writer->failed++;
	return NULL;
}

static void
eight_threads(enum spool_sync sync, unsigned each)
{
	struct spool *spool = open_spool(sync, 0);
	struct writer writers[8];
	struct seen seen;

	for (unsigned i = 0; i < 8; i++) {
		writers[i] = (struct writer){
		    .spool = spool, .from = i * each, .to = (i + 1) * each};
		pthread_create(&writers[i].thread, NULL, write_numbers,
			       &writers[i]);
	}
	for (unsigned i = 0; i < 8; i++) {
		pthread_join(writers[i].thread, NULL);
		assert_int_equal(writers[i].failed, 0);
	}
	spool_close(spool);
	seen = read_all_new();
	assert_int_equal(seen.lines, 8 * each);
	assert_int_equal(seen.bad, 0);
	for (unsigned i = 0; i < 8 * each; i++)
		assert_int_equal(seen.marks[i], 1);
}

static void
eight_threads_mix_no_lines(void **state)
{
	eight_threads(SPOOL_SYNC_SECOND, 2000);
}

static void
eight_threads_that_sync_each_line(void **state)
{
	eight_threads(SPOOL_SYNC_ALWAYS, 100);
}

/* A child appends and tells each success through a pipe, until it is
 * killed. */
static void
append_until_killed(int told)
{
	struct spool *spool = open_spool(SPOOL_SYNC_SECOND, 0);

	for (uint32_t i = 0; i < 20000; i++)
		if (!append_number(spool, i, 500) ||
		    write(told, &i, sizeof(i)) != sizeof(i))
			_exit(1);
	_exit(0);
}

/* What the loader does: takes files that nobody has locked. */
static void
assert_open_files_are_free(void)
{
	char path[512];
	struct dirent *entry;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/open", top);
	dir = opendir(path);
	while ((entry = readdir(dir)) != NULL) {
		int fd;

		if (entry->d_name[0] == '.')
			continue;
		fd = openat(dirfd(dir), entry->d_name, O_RDONLY | O_CLOEXEC);
		assert_true(fd >= 0);
		assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
		close(fd);
	}
	closedir(dir);
}

static void
kill_loses_nothing(void **state)
{
	struct seen seen = {0};
	uint32_t i, told = 0;
	int ends[2], status;
	pid_t child;

	assert_int_equal(pipe(ends), 0);
	child = fork();
	if (child == 0)
		append_until_killed(ends[1]);
	close(ends[1]);
	while (read(ends[0], &i, sizeof(i)) == sizeof(i)) {
		told = i + 1;
		if (told == 3000)
			kill(child, SIGKILL);
	}
	close(ends[0]);
	waitpid(child, &status, 0);
	assert_true(WIFSIGNALED(status));
	assert_open_files_are_free();
	read_folder("new", &seen);
	read_folder("open", &seen);
	for (i = 0; i < told; i++)
		assert_int_equal(seen.marks[i], 1);
	assert_true(seen.bad <= 1); /* the line that was being written */
}

static void
child_of_fork_is_refused(void **state)
{
	struct spool *spool = open_spool(SPOOL_SYNC_NEVER, 0);
	int status;
	pid_t child = fork();

	if (child == 0)
		_exit(append_number(spool, 1, 1) ? 1 : 0);
	waitpid(child, &status, 0);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	spool_close(spool);
}

static void
two_spools_of_one_process(void **state)
{
	struct spool *a = open_spool(SPOOL_SYNC_NEVER, 0);
	struct spool *b = open_spool(SPOOL_SYNC_NEVER, 0);
	struct seen seen;

	for (unsigned i = 0; i < 100; i++)
		assert_true(append_number(i % 2 == 0 ? a : b, i, 100));
	spool_close(a);
	spool_close(b);
	seen = read_all_new();
	assert_int_equal(seen.files, 2);
	assert_int_equal(seen.lines, 100);
	assert_int_equal(seen.bad, 0);
}

/* A limit on file size makes the short write of a full disk. */
static void
short_write_is_taken_back(void **state)
{
	struct rlimit before, small;
	struct spool *spool = open_spool(SPOOL_SYNC_NEVER, 0);
	unsigned kept = 0, refused = 0;
	struct seen seen;

	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &before);
	small = before;
	small.rlim_cur = 10000;
	setrlimit(RLIMIT_FSIZE, &small);
	for (unsigned i = 0; i < 10; i++)
		if (append_number(spool, i, 3000))
			kept++;
		else
			refused++;
	setrlimit(RLIMIT_FSIZE, &before);
	assert_true(refused > 0);
	assert_int_equal(spool_lost(spool), refused);
	/* room again: the next line is kept */
	assert_true(append_number(spool, 100, 3000));
	spool_close(spool);
	seen = read_all_new();
	assert_int_equal(seen.lines, kept + 1);
	assert_int_equal(seen.bad, 0);
	assert_int_equal(seen.marks[100], 1);
}

static void
spool_max_refuses_and_recovers(void **state)
{
	struct spool *spool = open_spool(SPOOL_SYNC_NEVER, 100000);
	struct deadline deadline = clock_deadline_in(PATIENCE_MS);
	char path[512];
	unsigned kept = 0;
	struct why why;
	bool again;

	while (kept < 1000 && append_number(spool, kept, 3000))
		kept++;
	assert_in_range(kept, 30, 40);
	assert_false(spool_append(spool, TEXT("{}"), &why));
	assert_string_equal(why.text, "the spool has reached spool_max");
	do {
		struct seen seen = read_all_new();

		if (seen.files > 0) {
			snprintf(path, sizeof(path), "%s/new/%s", top,
				 seen.first_name);
			unlink(path);
		}
		unit_look_again();
		again = append_number(spool, 1, 10);
	} while (!again &&
		 deadline_left_ms(deadline, clock_monotonic_ms()) > 0);
	assert_true(again);
	spool_close(spool);
}

/* While the loader is away, a file stays open beyond its second. */
static void
backlog_makes_fewer_files(void **state)
{
	struct spool *spool = open_spool(SPOOL_SYNC_NEVER, 0);
	char path[512];
	int64_t end_ms;

	for (int i = 0; i < 700; i++) {
		snprintf(path, sizeof(path), "%s/new/%d-x", top, i);
		close(open(path, O_CREAT | O_WRONLY, 0600));
	}
	spool_close(spool);
	spool = open_spool(SPOOL_SYNC_NEVER, 0);
	assert_true(append_number(spool, 1, 10));
	/* a second and a half in which nothing may come */
	end_ms = clock_monotonic_ms() + 1500;
	while (clock_monotonic_ms() < end_ms) {
		assert_int_equal(read_all_new().files, 700);
		unit_look_again();
	}
	spool_close(spool);
	assert_int_equal(read_all_new().files, 701);
}

static void
missing_folder_tells_the_remedy(void **state)
{
	struct spool_options options = {
	    .directory = "/nonexistent/spool", .program = "test", .host = "h"};
	struct why why;

	assert_null(spool_open(&options, &why));
	assert_string_equal(why.text,
			    "cannot open the spool /nonexistent/spool: No such "
			    "file or directory; create it, owned by this "
			    "program's user");
}

static void
host_makes_no_path(void **state)
{
	struct spool_options options = {
	    .directory = top, .program = "test", .host = "../../etc/x y"};
	struct why why;
	struct spool *spool = spool_open(&options, &why);

	assert_non_null(spool);
	assert_true(append_number(spool, 3, 1));
	spool_close(spool);
	assert_int_equal(read_all_new().lines, 1);
}

#define spool_test(f) cmocka_unit_test_setup_teardown(f, make_top, remove_top)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    spool_test(file_comes_within_seconds),
	    spool_test(close_keeps_everything),
	    spool_test(refuses_what_is_no_line),
	    spool_test(eight_threads_mix_no_lines),
	    spool_test(eight_threads_that_sync_each_line),
	    spool_test(kill_loses_nothing),
	    spool_test(child_of_fork_is_refused),
	    spool_test(two_spools_of_one_process),
	    spool_test(short_write_is_taken_back),
	    spool_test(spool_max_refuses_and_recovers),
	    spool_test(backlog_makes_fewer_files),
	    spool_test(missing_folder_tells_the_remedy),
	    spool_test(host_makes_no_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
