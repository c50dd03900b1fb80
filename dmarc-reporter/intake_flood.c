#include "dmarc-reporter/intake_flood.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/date.h"
#include "base/why.h"

/* No domain has capital letters. */
#define ALL_SENDERS "ALL"

static void
remove_day(struct arena *arena, const char *counts, const char *day)
{
	const char *path = arena_printf(arena, "%s/%s", counts, day);
	DIR *directory = opendir(path);
	struct dirent *entry;

	if (directory == NULL)
		return;
	while ((entry = readdir(directory)) != NULL)
		if (entry->d_name[0] != '.')
			unlinkat(dirfd(directory), entry->d_name, 0);
	closedir(directory);
	rmdir(path);
}

/* The first of a day takes the days before away. */
static void
remove_other_days(struct arena *arena, const char *counts, const char *today)
{
	DIR *directory = opendir(counts);
	struct dirent *entry;

	if (directory == NULL)
		return;
	while ((entry = readdir(directory)) != NULL)
		if (entry->d_name[0] != '.' && strcmp(entry->d_name, today) < 0)
			remove_day(arena, counts, entry->d_name);
	closedir(directory);
}

/* -1: nothing can be counted. */
static int
open_day(struct arena *arena, const char *directory, int64_t now_ms)
{
	const char *counts = arena_printf(arena, "%s/counts", directory);
	const char *path;
	char day[DATE_STRING_BYTES];

	date_write_iso(now_ms, day);
	day[10] = '\0';
	path = arena_printf(arena, "%s/%s", counts, day);
	mkdir(directory, 0700);
	mkdir(counts, 0700);
	if (mkdir(path, 0700) == 0)
		remove_other_days(arena, counts, day);
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* False if the file has `most` bytes already; else it gets one more.  Others
 * that count wait. */
static bool
count(int day_fd, const char *name, uint64_t most)
{
	struct stat info;
	bool is_full;
	int fd;

	if (most == 0)
		return true;
	fd = openat(day_fd, name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC,
		    0600);
	if (fd < 0)
		return true;
	while (flock(fd, LOCK_EX) != 0 && errno == EINTR)
		continue;
	is_full = fstat(fd, &info) == 0 && (uint64_t)info.st_size >= most;
	if (!is_full)
		(void)!write(fd, ".", 1);
	close(fd);
	return !is_full;
}

bool
intake_flood_admit(struct arena *arena, const struct intake_flood *flood,
		   struct domain sender, int64_t now_ms, struct why *why)
{
	int day_fd = open_day(arena, flood->directory, now_ms);
	bool fine = true;

	if (day_fd < 0)
		return true;
	if (!count(day_fd, ALL_SENDERS, flood->daily_all))
		fine = why_set(why,
			       "more than %llu reports today: daily_all tells "
			       "how many are taken",
			       (unsigned long long)flood->daily_all);
	else if (!count(day_fd, text_string(arena, sender.name), flood->daily))
		fine = why_set(why,
			       "more than %llu reports from " TEXT_FMT
			       " today: daily tells how many are taken",
			       (unsigned long long)flood->daily,
			       TEXT_ARG(sender.name));
	close(day_fd);
	return fine;
}
