#include "unit.h"

#include <dirent.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/why.h"
#include "io/in_work.h"
#include "io/in_work_file.h"

/* Then more than what is ours may be in the program. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define IS_SANITIZED true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define IS_SANITIZED true
#endif
#endif
#ifndef IS_SANITIZED
#define IS_SANITIZED false
#endif

static char spool[] = "/tmp/in-work-XXXXXX";

static struct in_work *
open_it(void)
{
	struct why why;
	struct in_work *work = in_work_open(spool, "program", NULL, &why);

	if (work == NULL)
		fail_msg("%s", why.text);
	return work;
}

static void
remove_files(const char *path)
{
	DIR *all = opendir(path);
	struct dirent *one;

	while (all != NULL && (one = readdir(all)) != NULL)
		if (one->d_name[0] != '.')
			unlinkat(dirfd(all), one->d_name, 0);
	closedir(all);
}

static int
forget(void **state)
{
	char path[100];

	snprintf(path, sizeof(path), "%s/work", spool);
	remove_files(path);
	return 0;
}

enum end {
	END_WELL,
	END_ABORT,
	END_FAULT,
	END_DEEP,
	END_KILL,
	END_KILL_BETWEEN,
	END_TOLD
};

static volatile int more = 1;

static int
deeper(void)
{
	volatile char room[4096];

	room[0] = (char)more;
	return more != 0 ? deeper() + room[0] : 0;
}

/* Until the stack of the thread ends. */
static void *
go_deep(void *piece)
{
	in_work_try("the piece", text_from(piece), text_from(piece));
	(void)!deeper();
	return NULL;
}

static void
end_deep(const char *piece)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, go_deep, (void *)(uintptr_t)piece) ==
	    0)
		pthread_join(thread, NULL);
}

/* What a signal of another process ends says nothing. */
static void
end_as(enum end how, struct in_work *work, const char *piece)
{
	switch (how) {
	case END_WELL:
		in_work_done();
		in_work_close(work);
		_exit(0);
	case END_ABORT:
		abort();
	case END_FAULT:
		raise(SIGSEGV);
		break;
	case END_DEEP:
		in_work_done();
		end_deep(piece);
		break;
	case END_KILL_BETWEEN:
		in_work_done();
		kill(getpid(), SIGKILL);
		break;
	case END_KILL:
		kill(getpid(), SIGKILL);
		break;
	case END_TOLD: /* as a supervisor's watchdog does it */
		kill(getpid(), SIGABRT);
		break;
	}
	_exit(9);
}

/* A process that works on the piece and ends so.  True if it was not told to
 * leave the piece alone. */
static bool
work_on(const char *piece, enum end how)
{
	int status, ends[2];
	char touched = 'n';
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	pid = fork();
	if (pid == 0) {
		struct in_work *work;

		/* not as cmocka has them */
		signal(SIGSEGV, SIG_DFL);
		signal(SIGABRT, SIG_DFL);
		work = open_it();

		if (!in_work_try("the piece", text_from(piece),
				 text_from(piece)))
			_exit(0);
		(void)!write(ends[1], "y", 1);
		end_as(how, work, piece);
	}
	close(ends[1]);
	(void)!read(ends[0], &touched, 1);
	close(ends[0]);
	waitpid(pid, &status, 0);
	return touched == 'y';
}

static void
test_crash_is_met_once(void **state)
{
	assert_true(work_on("poison", END_ABORT));
	assert_false(work_on("poison", END_ABORT));
	assert_true(work_on("food", END_FAULT));
	assert_false(work_on("food", END_WELL));
	assert_true(work_on("soup", END_DEEP));
	assert_false(work_on("soup", END_WELL));
	/* for good, and not only until it was passed over once */
	assert_false(work_on("poison", END_WELL));
	assert_true(work_on("bread", END_WELL));
	assert_true(work_on("bread", END_WELL));
}

static void
test_ends_from_outside(void **state)
{
	int i;

	for (i = 0; i < 8; i++)
		assert_true(work_on("a", i % 2 ? END_KILL : END_KILL_BETWEEN));
	assert_true(work_on("a", END_TOLD));
	assert_true(work_on("a", END_ABORT));
	assert_false(work_on("a", END_WELL));
}

static struct in_work_file *
map_it(int *fd)
{
	struct why why;

	return in_work_file_map(spool, "program", NULL, fd, &why);
}

/* As a process of this boot left it. */
static void
leave_slots(const uint32_t *states, size_t count)
{
	int fd;
	struct in_work_file *file = map_it(&fd);
	size_t i;

	assert_non_null(file);
	in_work_file_judge(file, 1000);
	for (i = 0; i < count; i++) {
		file->slots[i].digest = 100 + i;
		file->slots[i].state = states[i];
	}
	in_work_file_unmap(file, fd);
}

static bool
is_accused(const struct in_work_file *file, uint64_t digest)
{
	size_t i;

	for (i = 0; i < LIMIT_IN_WORK_ACCUSED; i++)
		if (file->accused[i].digest == digest)
			return true;
	return false;
}

static void
test_those_beside_are_innocent(void **state)
{
	static const uint32_t states[] = {IN_WORK_BUSY, IN_WORK_CRASHED,
					  IN_WORK_IDLE, IN_WORK_BUSY};
	struct in_work_file *file;
	int fd;

	leave_slots(states, 4);
	file = map_it(&fd);
	in_work_file_judge(file, 2000);
	assert_false(is_accused(file, 100));
	assert_true(is_accused(file, 101));
	assert_false(is_accused(file, 102));
	assert_false(is_accused(file, 103));
	/* it has an end */
	in_work_file_judge(file, 2000 + 5 * 86400 + 1);
	assert_false(is_accused(file, 101));
	in_work_file_unmap(file, fd);
}

static void
test_a_crash_of_the_host(void **state)
{
	static const uint32_t states[] = {IN_WORK_CRASHED, IN_WORK_BUSY};
	struct in_work_file *file;
	int fd;

	leave_slots(states, 2);
	file = map_it(&fd);
	file->boot[0] ^= 1;
	in_work_file_judge(file, 2000);
	assert_false(is_accused(file, 100));
	assert_false(is_accused(file, 101));
	assert_int_equal(file->slots[0].state, IN_WORK_IDLE);
	in_work_file_unmap(file, fd);
}

static void
test_bytes_that_are_no_file_of_ours(void **state)
{
	char path[100];
	struct in_work *work;
	FILE *to;

	snprintf(path, sizeof(path), "%s/work/program.0", spool);
	in_work_close(open_it());
	to = fopen(path, "w");
	assert_non_null(to);
	fputs("anything\n", to);
	fclose(to);
	work = open_it();
	assert_true(in_work_try("it", TEXT("a"), TEXT("a")));
	in_work_done();
	in_work_close(work);
	/* nor are links followed: the next name is taken */
	unlink(path);
	assert_int_equal(symlink("/dev/null", path), 0);
	work = open_it();
	in_work_close(work);
	snprintf(path, sizeof(path), "%s/work/program.1", spool);
	assert_int_equal(access(path, F_OK), 0);
}

static void
test_more_than_can_be_accused(void **state)
{
	int fd;
	struct in_work_file *file = map_it(&fd);
	uint64_t n;

	in_work_file_judge(file, 1);
	for (n = 1; n <= LIMIT_IN_WORK_ACCUSED + 5; n++) {
		file->slots[0].digest = n;
		file->slots[0].state = IN_WORK_CRASHED;
		in_work_file_judge(file, (int64_t)n);
	}
	assert_false(is_accused(file, 5));
	assert_true(is_accused(file, 6));
	assert_true(is_accused(file, n - 1));
	in_work_file_unmap(file, fd);
}

static void
test_digests(void **state)
{
	struct in_work *work = open_it();
	char long_one[1000];
	uint64_t first, second;

	memset(long_one, 'x', sizeof(long_one));
	first = in_work_digest(work, 0, TEXT("ab"));
	assert_true(first == in_work_digest(work, 0, TEXT("ab")));
	assert_true(first != in_work_digest(work, 1, TEXT("ab")));
	assert_true(first != in_work_digest(work, 0, TEXT("ac")));
	assert_true(first != in_work_digest(work, 0, text_of("ab\0", 3)));
	first = in_work_digest(work, 0, text_of(long_one, 1000));
	assert_true(first != in_work_digest(work, 0, text_of(long_one, 999)));
	long_one[999] = 'y';
	second = in_work_digest(work, 0, text_of(long_one, 1000));
	assert_true(first != second);
	long_one[159] = 'y';
	assert_true(second != in_work_digest(work, 0, text_of(long_one, 1000)));
	in_work_close(work);
}

static void
test_labels_are_one_line(void **state)
{
	struct in_work_label label;
	char many[300];

	in_work_label(&label, "a message from", TEXT("a\n\x1b[b c\xff"));
	assert_string_equal(label.text, "a message from a??[b?c?");
	memset(many, 'm', sizeof(many));
	in_work_label(&label, "it", text_of(many, sizeof(many)));
	assert_int_equal(strlen(label.text), sizeof(label.text) - 1);
}

/* The first is the program itself. */
static int
thread_bytes(struct dl_phdr_info *info, size_t size, void *bytes)
{
	int i;

	for (i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_TLS)
			*(size_t *)bytes = info->dlpi_phdr[i].p_memsz;
	return 1;
}

/* What is thread-local, each thread writes zeros to when it begins. */
static void
test_a_thread_costs_little(void **state)
{
	size_t bytes = 0;

	dl_iterate_phdr(thread_bytes, &bytes);
	assert_true(bytes > 0);
	if (!IS_SANITIZED)
		assert_true(bytes <= 1024);
}

static void
test_without_a_file(void **state)
{
	struct why why;

	assert_null(in_work_open("/dev/null", "program", NULL, &why));
	assert_true(in_work_begin(NULL, 1, NULL));
	in_work_end(NULL);
	assert_true(in_work_try("it", TEXT("a"), TEXT("a")));
	in_work_done();
	in_work_close(NULL);
	assert_int_equal(in_work_digest(NULL, 5, TEXT("a")), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(test_crash_is_met_once, forget),
	    cmocka_unit_test_setup(test_ends_from_outside, forget),
	    cmocka_unit_test_setup(test_those_beside_are_innocent, forget),
	    cmocka_unit_test_setup(test_a_crash_of_the_host, forget),
	    cmocka_unit_test_setup(test_bytes_that_are_no_file_of_ours, forget),
	    cmocka_unit_test_setup(test_more_than_can_be_accused, forget),
	    cmocka_unit_test_setup(test_digests, forget),
	    cmocka_unit_test(test_labels_are_one_line),
	    cmocka_unit_test(test_a_thread_costs_little),
	    cmocka_unit_test(test_without_a_file),
	};
	char path[100];
	int failed;

	if (mkdtemp(spool) == NULL)
		return 1;
	snprintf(path, sizeof(path), "%s/work", spool);
	mkdir(path, 0700);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	remove_files(path);
	rmdir(path);
	rmdir(spool);
	return failed;
}
