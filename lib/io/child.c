#include "io/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/utf8.h"
#include "base/why.h"
#include "io/clock.h"

#define PATH_FOR_CHILDREN                                                      \
	"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

struct files {
	int input, output, words; /* `words` is its standard error */
};

static bool
write_all(int fd, struct text bytes)
{
	ssize_t n;

	for (; bytes.len > 0; bytes = text_skip(bytes, (size_t)n)) {
		n = write(fd, bytes.at, bytes.len);
		if (n <= 0)
			return false;
	}
	return true;
}

static void
close_files(struct files *files)
{
	if (files->input >= 0)
		close(files->input);
	if (files->output >= 0)
		close(files->output);
}

/* In memory: nobody waits for the other. */
static bool
open_files(struct files *files, struct text input, struct why *why)
{
	files->input = memfd_create("input", MFD_CLOEXEC);
	files->output = memfd_create("output", MFD_CLOEXEC);
	files->words = files->output;
	if (files->input >= 0 && files->output >= 0 &&
	    write_all(files->input, input) &&
	    lseek(files->input, 0, SEEK_SET) == 0)
		return true;
	why_set(why, "cannot prepare a program's files: %s", strerror(errno));
	close_files(files);
	return false;
}

/* In a group of its own, with no signal blocked or ignored. */
static void
set_attributes(posix_spawnattr_t *attributes)
{
	sigset_t none, all;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawnattr_init(attributes);
	posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETPGROUP |
						 POSIX_SPAWN_SETSIGMASK |
						 POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setpgroup(attributes, 0);
	posix_spawnattr_setsigmask(attributes, &none);
	posix_spawnattr_setsigdefault(attributes, &all);
}

static int
start(const char *const *arguments, const struct files *files, pid_t *pid)
{
	static char path[] = PATH_FOR_CHILDREN, locale[] = "LC_ALL=C";
	char *const environment[] = {path, locale, NULL};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int error;

	set_attributes(&attributes);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, files->input, 0);
	posix_spawn_file_actions_adddup2(&actions, files->output, 1);
	posix_spawn_file_actions_adddup2(&actions, files->words, 2);
	posix_spawn_file_actions_addclosefrom_np(&actions, 3);
	error = posix_spawn(pid, arguments[0], &actions, &attributes,
			    (char *const *)(uintptr_t)arguments, environment);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	return error;
}

/* False if its time ran out first. */
static bool
wait_until(pid_t pid, struct deadline deadline)
{
	struct pollfd watch = {.fd = pidfd_open(pid, 0), .events = POLLIN};
	int64_t left;
	int ready = 0;

	if (watch.fd < 0)
		return false;
	do {
		left = deadline_left_ms(deadline, clock_monotonic_ms());
		ready = poll(&watch, 1, left > 60000 ? 60000 : (int)left);
	} while (ready <= 0 && left > 0);
	close(watch.fd);
	return ready > 0;
}

static struct text
read_output(struct arena *arena, int fd)
{
	char *bytes = arena_bytes(arena, CHILD_OUTPUT_BYTES);
	ssize_t n = pread(fd, bytes, CHILD_OUTPUT_BYTES, 0);

	return text_of(bytes, n > 0 ? (size_t)n : 0);
}

static bool
run(struct arena *arena, const char *const *arguments,
    const struct files *files, int64_t time_ms, struct child_result *result,
    struct why *why)
{
	bool in_time;
	int status, error;
	pid_t pid;

	error = start(arguments, files, &pid);
	if (error != 0)
		return why_set(why, "cannot run %s: %s", arguments[0],
			       strerror(error));
	in_time = wait_until(pid, clock_deadline_in(time_ms));
	if (!in_time)
		kill(-pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	result->status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	result->output = read_output(arena, files->words);
	return in_time ||
	       why_set(why, "%s did not end in %lld s and was killed",
		       arguments[0], (long long)(time_ms / 1000));
}

bool
child_run(struct arena *arena, const char *const *arguments, struct text input,
	  int64_t time_ms, struct child_result *result, struct why *why)
{
	struct files files;
	bool done;

	if (!open_files(&files, input, why))
		return false;
	done = run(arena, arguments, &files, time_ms, result, why);
	close_files(&files);
	return done;
}

bool
child_run_files(struct arena *arena, const char *const *arguments, int input,
		int output, int64_t time_ms, struct child_result *result,
		struct why *why)
{
	struct files files = {.input = input, .output = output};
	bool done;

	files.words = memfd_create("words", MFD_CLOEXEC);
	if (files.words < 0)
		return why_set(why, "cannot prepare a program's files: %s",
			       strerror(errno));
	done = run(arena, arguments, &files, time_ms, result, why);
	close(files.words);
	return done;
}

bool
child_ask(struct arena *arena, const char *const *arguments, int64_t time_ms,
	  struct text *answer, struct child_result *result, struct why *why)
{
	struct files files;
	bool done;

	if (!open_files(&files, TEXT(""), why))
		return false;
	done = child_run_files(arena, arguments, files.input, files.output,
			       time_ms, result, why);
	*answer = read_output(arena, files.output);
	close_files(&files);
	return done;
}

struct text
child_words(struct arena *arena, const struct child_result *result, size_t most)
{
	char *line = text_string(arena, text_trim(result->output)), *at;

	if (line[0] == '\0')
		return TEXT("it said nothing");
	for (at = line; *at != '\0'; at++)
		if (*at == '\n' || *at == '\t')
			*at = ' ';
	return utf8_for_log(arena, text_from(line), most);
}

bool
child_follow(const char *const *arguments, pid_t *pid, int *output,
	     struct why *why)
{
	int ends[2], none = open("/dev/null", O_RDWR | O_CLOEXEC), error;
	struct files files = {.input = none, .words = none};

	if (none < 0 || pipe2(ends, O_CLOEXEC) != 0) {
		error = errno;
		if (none >= 0)
			close(none);
		return why_set(why, "%s: %s", arguments[0], strerror(error));
	}
	files.output = ends[1];
	error = start(arguments, &files, pid);
	close(none);
	close(ends[1]);
	if (error == 0) {
		fcntl(ends[0], F_SETFL, O_NONBLOCK);
		*output = ends[0];
		return true;
	}
	close(ends[0]);
	return why_set(why, "%s: %s", arguments[0], strerror(error));
}

void
child_end(pid_t pid)
{
	kill(-pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}
