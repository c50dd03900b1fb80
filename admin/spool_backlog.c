#include "admin/spool_backlog.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <sys/stat.h>

#include "base/why.h"
#include "io/clock.h"

typedef void visit(const struct stat *st, struct spool_backlog *backlog);

static void
visit_waiting(const struct stat *st, struct spool_backlog *backlog)
{
	int64_t age = clock_unix_ms() / 1000 - (int64_t)st->st_mtime;

	backlog->files++;
	backlog->bytes += (uint64_t)st->st_size;
	if (age > backlog->oldest_s)
		backlog->oldest_s = age;
}

static void
visit_bad(const struct stat *st, struct spool_backlog *backlog)
{
	if (st->st_size > 0)
		backlog->bad_files++;
}

static bool
walk(const char *directory, const char *part, visit *each,
     struct spool_backlog *backlog, struct why *why)
{
	char path[PATH_MAX];
	struct dirent *entry;
	struct stat st;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/%s", directory, part);
	dir = opendir(path);
	if (dir == NULL)
		return why_set(why, "cannot read %s: %s", path,
			       strerror(errno));
	while ((entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.' &&
		    fstatat(dirfd(dir), entry->d_name, &st, 0) == 0 &&
		    S_ISREG(st.st_mode))
			each(&st, backlog);
	closedir(dir);
	return true;
}

bool
spool_backlog_read(const char *directory, struct spool_backlog *backlog,
		   struct why *why)
{
	memset(backlog, 0, sizeof(*backlog));
	return walk(directory, "new", visit_waiting, backlog, why) &&
	       walk(directory, "bad", visit_bad, backlog, why);
}
