#include "dmarc-reporter/intake_cell.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/why.h"
#include "base/xalloc.h"
#include "dmarc-reporter/intake_sandbox.h"
#include "io/clock.h"

/* --- the child --- */

static bool
write_all(int fd, const char *bytes, size_t len)
{
	ssize_t done;

	while (len > 0) {
		done = write(fd, bytes, len);
		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return false;
		bytes += done;
		len -= (size_t)done;
	}
	return true;
}

/* A piece is its length and its bytes. */
static bool
send_piece(void *handle, struct text bytes, struct why *why)
{
	const int *fd = handle;
	uint32_t len = (uint32_t)bytes.len;

	if (bytes.len > INTAKE_PIECE_BYTES)
		return why_set(why, "a piece is too long");
	if (!write_all(*fd, (const char *)&len, sizeof(len)) ||
	    !write_all(*fd, bytes.at, bytes.len))
		return why_set(why, "nobody reads any more");
	return true;
}

static void __attribute__((noreturn))
be_child(bool writes_files, bool (*work)(void *data, struct sink to),
	 void *data, int fd)
{
	struct why why;
	bool fine;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	fine = intake_sandbox_reader(writes_files, &why);
	if (!fine)
		fprintf(stderr, "signet-report-intake: %s\n", why.text);
	fine = fine && work(data, (struct sink){send_piece, &fd});
	fflush(stdout);
	_exit(fine ? 0 : 1);
}

/* --- the parent --- */

struct wire {
	int fd;
	struct deadline deadline;
	char *bytes; /* INTAKE_PIECE_BYTES */
};

/* 1: all of it is there; 0: the end; -1: it took too long. */
static int
receive(struct wire *wire, char *to, size_t len)
{
	struct pollfd watch = {wire->fd, POLLIN, 0};
	int64_t left_ms;
	ssize_t got;

	while (len > 0) {
		left_ms =
		    deadline_left_ms(wire->deadline, clock_monotonic_ms());
		if (left_ms == 0)
			return -1;
		if (poll(&watch, 1, (int)left_ms) <= 0)
			continue;
		got = read(wire->fd, to, len);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return 0;
		to += got;
		len -= (size_t)got;
	}
	return 1;
}

static bool
say_too_long(struct why *why)
{
	return why_set(why, "reading took longer than %u seconds",
		       INTAKE_WALL_S);
}

/* Until the end of the pipe; false when the child must be ended. */
static bool
pass_pieces(struct wire *wire, struct sink to, enum cell_end *end,
	    struct why *why)
{
	uint32_t len;
	int status;

	for (;;) {
		status = receive(wire, (char *)&len, sizeof(len));
		if (status == 0)
			return true;
		if (status > 0 && len > INTAKE_PIECE_BYTES)
			return why_set(why, "the reader has gone wild");
		if (status > 0)
			status = receive(wire, wire->bytes, len);
		if (status < 0)
			return say_too_long(why);
		if (status == 0)
			return true;
		if (!to.put(to.handle, text_of(wire->bytes, len), why)) {
			*end = CELL_REFUSED;
			return false;
		}
	}
}

static enum cell_end
judge_status(int status, struct why *why)
{
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return CELL_DONE;
	if (!WIFSIGNALED(status))
		why_set(why, "the reader gave up (status %d)",
			WEXITSTATUS(status));
	else if (WTERMSIG(status) == SIGXCPU || WTERMSIG(status) == SIGKILL)
		why_set(why,
			"reading took more than %u seconds of processor "
			"time",
			INTAKE_CPU_S);
	else
		why_set(why, "the reader died (%s)",
			strsignal(WTERMSIG(status)));
	return CELL_FAILED;
}

static uint64_t
milliseconds(const struct timeval *time)
{
	return (uint64_t)time->tv_sec * 1000 + (uint64_t)time->tv_usec / 1000;
}

static enum cell_end
be_parent(pid_t child, int fd, struct sink to, struct cell_cost *cost,
	  struct why *why)
{
	struct wire wire = {.fd = fd,
			    .deadline = clock_deadline_in(INTAKE_WALL_S * 1000),
			    .bytes = xcalloc(1, INTAKE_PIECE_BYTES)};
	enum cell_end end = CELL_FAILED;
	bool fine = pass_pieces(&wire, to, &end, why);
	struct rusage usage = {0};
	int status = 0;

	if (!fine)
		kill(child, SIGKILL);
	while (wait4(child, &status, 0, &usage) < 0 && errno == EINTR)
		continue;
	cost->memory_bytes = (uint64_t)usage.ru_maxrss * 1024;
	cost->cpu_ms =
	    milliseconds(&usage.ru_utime) + milliseconds(&usage.ru_stime);
	free(wire.bytes);
	return fine ? judge_status(status, why) : end;
}

enum cell_end
cell_run(bool writes_files, bool (*work)(void *data, struct sink to),
	 void *data, struct sink to, struct cell_cost *cost, struct why *why)
{
	enum cell_end end;
	int fds[2];
	pid_t child;

	if (pipe(fds) != 0) {
		why_set(why, "cannot make a pipe: %s", strerror(errno));
		return CELL_REFUSED;
	}
	*cost = (struct cell_cost){0};
	fflush(stdout);
	child = fork();
	if (child == 0) {
		close(fds[0]);
		be_child(writes_files, work, data, fds[1]);
	}
	close(fds[1]);
	if (child > 0) {
		end = be_parent(child, fds[0], to, cost, why);
	} else {
		why_set(why, "cannot start a process: %s", strerror(errno));
		end = CELL_REFUSED;
	}
	close(fds[0]);
	return end;
}
