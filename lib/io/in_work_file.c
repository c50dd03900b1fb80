#include "io/in_work_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/why.h"
#include "io/log.h"
#include "io/random.h"

#define MAGIC "signet in work 1\n"
#define FORGET_S (5 * 86400)

static void
read_boot(char *to, size_t room)
{
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t n;

	memset(to, 0, room);
	if (fd < 0)
		return;
	n = read(fd, to, room - 1);
	if (n <= 0)
		memset(to, 0, room);
	close(fd);
}

/* What another build wrote is of no use: it may have mended what crashed. */
static void
write_magic(char *to, size_t room)
{
	struct stat st = {0};

	memset(to, 0, room);
	(void)!stat("/proc/self/exe", &st);
	snprintf(to, room, MAGIC "%lld %lld\n", (long long)st.st_mtime,
		 (long long)st.st_size);
}

static bool
begin_anew(struct in_work_file *file, struct why *why)
{
	memset(file, 0, sizeof(*file));
	write_magic(file->magic, sizeof(file->magic));
	if (random_fill(file->key, sizeof(file->key)))
		return true;
	return why_set(why, "the system gives no random bytes");
}

static struct in_work_file *
map_descriptor(int fd, struct why *why)
{
	char magic[sizeof(((struct in_work_file *)NULL)->magic)];
	struct in_work_file *file;
	int error = posix_fallocate(fd, 0, sizeof(*file));

	if (error != 0) {
		why_set(why, "no room: %s", strerror(error));
		return NULL;
	}
	file = mmap(NULL, sizeof(*file), PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		    0);
	if (file == MAP_FAILED) {
		why_set(why, "cannot be mapped: %s", strerror(errno));
		return NULL;
	}
	write_magic(magic, sizeof(magic));
	if (memcmp(file->magic, magic, sizeof(magic)) == 0 ||
	    begin_anew(file, why))
		return file;
	munmap(file, sizeof(*file));
	return NULL;
}

/* A file of ours that nobody else has locked; -1. */
static int
lock_file(int directory, const char *name)
{
	struct stat st;
	int fd = openat(directory, name,
			O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK,
			0600);

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    st.st_uid == geteuid() && flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	close(fd);
	return -1;
}

static int
lock_first(int directory, const char *program, const char *part,
	   struct why *why)
{
	char name[NAME_MAX + 1];
	int fd = -1, n;

	for (n = 0; fd < 0 && n < LIMIT_IN_WORK_FILES; n++) {
		snprintf(name, sizeof(name), "%s%s%s.%d", program,
			 part != NULL ? "." : "", part != NULL ? part : "", n);
		fd = lock_file(directory, name);
	}
	if (fd < 0)
		why_set(why, "no file %s can be had: %s", name,
			strerror(errno));
	return fd;
}

static int
open_directory(const char *spool, struct why *why)
{
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "%s/work", spool);
	(void)!mkdir(spool, 0770);
	if (mkdir(path, 0770) == 0)
		chmod(path, 0770);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		why_set(why, "%s: %s", path, strerror(errno));
	return fd;
}

struct in_work_file *
in_work_file_map(const char *spool, const char *program, const char *part,
		 int *fd, struct why *why)
{
	struct in_work_file *file = NULL;
	int directory = open_directory(spool, why);

	if (directory < 0)
		return NULL;
	*fd = lock_first(directory, program, part, why);
	close(directory);
	if (*fd >= 0)
		file = map_descriptor(*fd, why);
	if (file == NULL && *fd >= 0)
		close(*fd);
	return file;
}

void
in_work_file_unmap(struct in_work_file *file, int fd)
{
	munmap(file, sizeof(*file));
	close(fd);
}

/* --- who is accused --- */

/* That of the piece, else one that is free, else the oldest. */
static struct in_work_accused *
place_of(struct in_work_file *file, uint64_t digest)
{
	struct in_work_accused *best = &file->accused[0], *one;
	size_t i;

	for (i = 0; i < LIMIT_IN_WORK_ACCUSED; i++)
		if (file->accused[i].digest == digest)
			return &file->accused[i];
	for (i = 0; i < LIMIT_IN_WORK_ACCUSED && best->digest != 0; i++) {
		one = &file->accused[i];
		if (one->digest == 0 || one->at_s < best->at_s)
			best = one;
	}
	memset(best, 0, sizeof(*best));
	return best;
}

static void
accuse(struct in_work_file *file, const struct in_work_slot *slot,
       int64_t now_s)
{
	struct in_work_accused *one = place_of(file, slot->digest);

	one->digest = slot->digest;
	one->at_s = now_s;
	one->label = slot->label;
	one->label.text[sizeof(one->label.text) - 1] = '\0';
	one->signal = slot->signal;
	log_error("the program crashed (signal %u) on %s: that is passed over "
		  "from now on",
		  (unsigned)slot->signal, one->label.text);
}

/* Only a crash accuses: what was in work at an end from outside has done
 * nothing. */
void
in_work_file_judge(struct in_work_file *file, int64_t now_s)
{
	char boot[sizeof(file->boot)];
	size_t i;

	for (i = 0; i < LIMIT_IN_WORK_ACCUSED; i++)
		if (file->accused[i].at_s < now_s - FORGET_S)
			memset(&file->accused[i], 0, sizeof(file->accused[i]));
	read_boot(boot, sizeof(boot));
	for (i = 0; i < LIMIT_IN_WORK_SLOTS; i++) {
		struct in_work_slot *slot = &file->slots[i];

		if (memcmp(boot, file->boot, sizeof(boot)) == 0 &&
		    slot->digest != 0 && slot->state == IN_WORK_CRASHED)
			accuse(file, slot, now_s);
		if (slot->digest != 0 || slot->state != IN_WORK_IDLE)
			memset(slot, 0, sizeof(*slot));
	}
	memcpy(file->boot, boot, sizeof(boot));
}
