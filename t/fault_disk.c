/* Preloaded into a program of ours by t/90-faults-disk.t: a disk that is slow,
 * or broken.  $FAULT_DISK is the directory that lies on it, and the first line
 * of the file $FAULT_DISK_STATE says how it is: "slow MILLISECONDS" before each
 * write and sync, or "broken": they fail with EIO.  A line that was met is
 * noted in a file of that name with ".met" behind it. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static int
read_state(char *line, size_t size)
{
	const char *file = getenv("FAULT_DISK_STATE");
	int fd = file != NULL ? open(file, O_RDONLY | O_CLOEXEC) : -1;
	char met[4096];
	ssize_t got;

	if (fd < 0)
		return 0;
	got = read(fd, line, size - 1);
	close(fd);
	snprintf(met, sizeof(met), "%s.met", file);
	fd = open(met, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	if (fd >= 0)
		close(fd);
	line[got > 0 ? got : 0] = '\0';
	return got > 0;
}

static int
is_on_disk(int fd)
{
	const char *disk = getenv("FAULT_DISK");
	char link[40], path[4096];
	ssize_t len;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	len = readlink(link, path, sizeof(path) - 1);
	if (disk == NULL || len <= 0)
		return 0;
	path[len] = '\0';
	return strncmp(path, disk, strlen(disk)) == 0;
}

/* True if the disk is broken. */
static int
meet_disk(int fd)
{
	struct timespec pause = {0};
	char state[40];
	long ms;

	if (!is_on_disk(fd) || !read_state(state, sizeof(state)))
		return 0;
	if (sscanf(state, "slow %ld", &ms) == 1) {
		pause.tv_sec = ms / 1000;
		pause.tv_nsec = ms % 1000 * 1000000;
		nanosleep(&pause, NULL);
	}
	if (strncmp(state, "broken", 6) != 0)
		return 0;
	errno = EIO;
	return 1;
}

ssize_t
write(int fd, const void *bytes, size_t count)
{
	return meet_disk(fd) ? -1 : syscall(SYS_write, fd, bytes, count);
}

ssize_t
writev(int fd, const struct iovec *parts, int count)
{
	return meet_disk(fd) ? -1 : syscall(SYS_writev, fd, parts, count);
}

int
fsync(int fd)
{
	return meet_disk(fd) ? -1 : (int)syscall(SYS_fsync, fd);
}

int
fdatasync(int fd)
{
	return meet_disk(fd) ? -1 : (int)syscall(SYS_fdatasync, fd);
}
