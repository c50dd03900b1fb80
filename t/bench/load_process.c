#include "load_process.h"

#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Ticks of user and of all time; the fields stand behind the name's ')'. */
static void
read_ticks(pid_t pid, double *user, double *all)
{
	char path[64], line[1024];
	const char *at;
	char *end;
	FILE *in;
	int field;

	snprintf(path, sizeof(path), "/proc/%ld/stat", (long)pid);
	if ((in = fopen(path, "r")) == NULL ||
	    fgets(line, sizeof(line), in) == NULL)
		err(1, "%s", path);
	fclose(in);
	if ((at = strrchr(line, ')')) == NULL)
		errx(1, "%s: unexpected form", path);
	/* proc(5): utime is field 14, stime 15; ')' ends field 2. */
	for (field = 2; field < 14 && at != NULL; field++)
		at = strchr(at + 1, ' ');
	if (at == NULL)
		errx(1, "%s: unexpected form", path);
	*user = strtod(at, &end);
	*all = *user + strtod(end, NULL);
}

static double
read_cpu(pid_t pid)
{
	struct timespec used;
	clockid_t clock;

	if ((errno = clock_getcpuclockid(pid, &clock)) != 0 ||
	    clock_gettime(clock, &used) != 0)
		err(1, "process %ld", (long)pid);
	return (double)used.tv_sec + (double)used.tv_nsec / 1e9;
}

static long
read_rss(pid_t pid)
{
	char path[64], line[256];
	long rss = -1;
	FILE *in;

	snprintf(path, sizeof(path), "/proc/%ld/status", (long)pid);
	if ((in = fopen(path, "r")) == NULL)
		err(1, "%s", path);
	while (fgets(line, sizeof(line), in) != NULL) {
		if (strncmp(line, "VmRSS:", 6) == 0)
			rss = strtol(line + 6, NULL, 10);
	}
	fclose(in);
	return rss;
}

struct usage
processes_usage(const pid_t *pids, size_t n)
{
	struct usage sum = {0, 0, 0};
	size_t i;

	for (i = 0; i < n; i++) {
		double user, all, cpu = read_cpu(pids[i]);

		read_ticks(pids[i], &user, &all);
		sum.cpu_s += cpu;
		sum.user_s += all > 0 ? cpu * user / all : 0;
		sum.rss_kib += read_rss(pids[i]);
	}
	return sum;
}
