#include "lib.h"
#include "compat.h"
#include "signet-breaker.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

void signet_breaker_init(struct signet_breaker *breaker, const char *spool_dir)
{
	i_zero(breaker);
	if (*spool_dir != '\0') {
		breaker->path = t_strdup_printf("%s/.breaker-%s", spool_dir,
						dec2str(geteuid()));
	}
}

/* -1 if there is no file, or none of ours */
static int signet_breaker_open(const struct signet_breaker *breaker, int flags,
			       struct stat *st_r)
{
	int fd;

	if (breaker->path == NULL)
		return -1;
	fd = open(breaker->path,
		  flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	if (fd == -1)
		return -1;
	if (fstat(fd, st_r) < 0 || !S_ISREG(st_r->st_mode) ||
	    st_r->st_uid != geteuid()) {
		i_close_fd(&fd);
		return -1;
	}
	return fd;
}

/* A time that is far ahead is one of a clock that was set back. */
static bool signet_breaker_is_fresh(const struct stat *st)
{
	time_t now = time(NULL);

	return st->st_mtime > now - SIGNET_BREAKER_SECS &&
		st->st_mtime < now + SIGNET_BREAKER_SECS;
}

bool signet_breaker_allows(struct signet_breaker *breaker)
{
	struct stat st;
	bool allows = TRUE;
	int fd;

	fd = signet_breaker_open(breaker, O_WRONLY, &st);
	if (fd == -1)
		return TRUE;
	breaker->failed_before = TRUE;
	if (st.st_size >= SIGNET_BREAKER_FAILURES) {
		if (signet_breaker_is_fresh(&st))
			allows = FALSE;
		else {
			/* we try, the others wait for what comes of it */
			(void)futimens(fd, NULL);
		}
	}
	i_close_fd(&fd);
	return allows;
}

void signet_breaker_succeeded(struct signet_breaker *breaker)
{
	if (breaker->failed_before)
		(void)unlink(breaker->path);
}

bool signet_breaker_failed(struct signet_breaker *breaker)
{
	struct stat st;
	bool open = FALSE;
	int fd;

	fd = signet_breaker_open(breaker, O_WRONLY | O_APPEND | O_CREAT, &st);
	if (fd == -1)
		return FALSE;
	if (st.st_size >= SIGNET_BREAKER_FAILURES) {
		(void)futimens(fd, NULL);
		open = TRUE;
	} else {
		/* failures of long ago are none in a row with this one */
		if (!signet_breaker_is_fresh(&st) && ftruncate(fd, 0) == 0)
			st.st_size = 0;
		if (write(fd, "x", 1) == 1)
			open = st.st_size + 1 >= SIGNET_BREAKER_FAILURES;
	}
	i_close_fd(&fd);
	return open;
}
