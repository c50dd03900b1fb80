#include "unit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/why.h"
#include "io/spool.h"
#include "io/spool_file.h"

#define NOT_POSSIBLE 77

static char top[64];

static int
make_top(void **state)
{
	snprintf(top, sizeof(top), "/tmp/spool_file_test.XXXXXX");
	return mkdtemp(top) == NULL ? -1 : 0;
}

static int
remove_top(void **state)
{
	static const char *const folders[] = {"open", "new", "bad"};
	char path[128];

	for (int i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s/%s", top, folders[i]);
		rmdir(path);
	}
	return rmdir(top);
}

static struct spool_folder
opened(void)
{
	struct spool_folder folder;
	struct why why;

	if (!spool_folder_open(&folder, top, &why))
		fail_msg("%s", why.text);
	return folder;
}

static void
folders_are_for_user_and_group(void **state)
{
	mode_t before = umask(077);
	struct spool_folder folder = opened();
	struct stat st;

	umask(before);
	assert_int_equal(fstat(folder.open_fd, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0770);
	assert_int_equal(fstat(folder.new_fd, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0770);
	spool_folder_close(&folder);
}

static void
a_name_that_is_taken_is_passed_over(void **state)
{
	struct spool_folder folder = opened();
	struct spool_file *file;
	uint64_t sequence = 0;
	struct why why;

	close(openat(folder.open_fd, "a.0.jsonl", O_CREAT | O_WRONLY, 0600));
	file = spool_file_create(&folder, "a", &sequence, &why);
	assert_non_null(file);
	assert_string_equal(file->name, "a.1.jsonl");
	assert_int_equal(sequence, 2);
	/* nothing was written: nothing is left */
	assert_true(spool_file_publish(&folder, file));
	spool_file_free(file);
	assert_int_equal(unlinkat(folder.open_fd, "a.0.jsonl", 0), 0);
	spool_folder_close(&folder);
}

static void
writer_holds_the_lock_until_the_end(void **state)
{
	struct spool_folder folder = opened();
	uint64_t sequence = 0;
	struct spool_file *file =
	    spool_file_create(&folder, "a", &sequence, NULL);
	int fd = openat(folder.open_fd, "a.0.jsonl", O_RDONLY);

	assert_true(fd >= 0);
	assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), -1);
	assert_int_equal(errno, EWOULDBLOCK);
	spool_file_free(file);
	assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
	close(fd);
	assert_int_equal(unlinkat(folder.open_fd, "a.0.jsonl", 0), 0);
	spool_folder_close(&folder);
}

static bool
first_name(int folder_fd, char name[NAME_MAX + 1])
{
	DIR *dir = fdopendir(openat(folder_fd, ".", O_RDONLY | O_DIRECTORY));
	struct dirent *entry;

	do {
		entry = readdir(dir);
	} while (entry != NULL && entry->d_name[0] == '.');
	if (entry != NULL)
		snprintf(name, NAME_MAX + 1, "%s", entry->d_name);
	closedir(dir);
	return entry != NULL;
}

static void
waiting_bytes_are_counted(void **state)
{
	struct spool_folder folder = opened();
	uint64_t sequence = 0;
	struct spool_file *file =
	    spool_file_create(&folder, "a", &sequence, NULL);
	char published[NAME_MAX + 1];

	assert_true(spool_file_append(file, TEXT("{\"n\":1}"), NULL));
	assert_true(spool_file_append(file, TEXT("{}"), NULL));
	assert_int_equal(file->bytes, 11);
	assert_int_equal(spool_folder_waiting(&folder).bytes, 0);
	assert_true(spool_file_publish(&folder, file));
	assert_int_equal(spool_folder_waiting(&folder).bytes, 11);
	assert_int_equal(spool_folder_waiting(&folder).files, 1);
	spool_file_free(file);
	assert_true(first_name(folder.new_fd, published));
	assert_int_equal(unlinkat(folder.new_fd, published, 0), 0);
	assert_false(first_name(folder.new_fd, published));
	spool_folder_close(&folder);
}

static void
mount_small_disk(void)
{
	if (unshare(CLONE_NEWNS) != 0 ||
	    mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) != 0 ||
	    mount("tmpfs", top, "tmpfs", 0, "size=256k") != 0)
		_exit(NOT_POSSIBLE);
}

/* In a process of its own; the exit status tells what was wrong. */
static void
fill_a_disk(void)
{
	struct spool_options options = {
	    .directory = top, .program = "t", .host = "h"};
	struct spool_folder folder;
	static char line[5000];
	struct spool *spool;
	unsigned kept = 0;

	mount_small_disk();
	memset(line, 'x', sizeof(line));
	spool = spool_open(&options, NULL);
	if (spool == NULL)
		_exit(1);
	while (kept < 1000 &&
	       spool_append(spool, text_of(line, sizeof(line)), NULL))
		kept++;
	if (kept < 20 || kept > 60 || spool_lost(spool) != 1)
		_exit(2);
	spool_close(spool);
	if (!spool_folder_open(&folder, top, NULL))
		_exit(3);
	_exit(spool_folder_waiting(&folder).bytes == kept * (sizeof(line) + 1)
		  ? 0
		  : 4);
}

static void
full_disk_keeps_whole_lines(void **state)
{
	int status;
	pid_t child = fork();

	if (child == 0)
		fill_a_disk();
	waitpid(child, &status, 0);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == NOT_POSSIBLE) {
		print_message("no right to mount a small file system\n");
		skip();
	}
	assert_int_equal(WEXITSTATUS(status), 0);
}

#define top_test(f) cmocka_unit_test_setup_teardown(f, make_top, remove_top)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    top_test(folders_are_for_user_and_group),
	    top_test(a_name_that_is_taken_is_passed_over),
	    top_test(writer_holds_the_lock_until_the_end),
	    top_test(waiting_bytes_are_counted),
	    top_test(full_disk_keeps_whole_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
