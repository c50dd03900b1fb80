#ifndef SIGNET_BREAKER_H
#define SIGNET_BREAKER_H

/* A daemon that hangs costs each delivery the whole deadline. After
   SIGNET_BREAKER_FAILURES of them in a row nobody asks for SIGNET_BREAKER_SECS,
   then one delivery tries again.

   lmtp of 2.4 serves one connection per process, so the state is a file:
   .breaker-UID in the spool directory, as long as there were failures, as old
   as the last one. A uid trusts its own file alone, since others can write to
   that directory, too; on a site with one uid for all mail it is the site's.
   Without the directory each question is asked. */

#define SIGNET_BREAKER_FAILURES 3
#define SIGNET_BREAKER_SECS 30

struct signet_breaker {
	const char *path;
	/* were there failures before this question? */
	bool failed_before;
};

/* The strings of the breaker live in the data stack frame. */
void signet_breaker_init(struct signet_breaker *breaker, const char *spool_dir);
/* Is it worth asking now? */
bool signet_breaker_allows(struct signet_breaker *breaker);

void signet_breaker_succeeded(struct signet_breaker *breaker);
/* Returns TRUE if nobody asks any more from now on. */
bool signet_breaker_failed(struct signet_breaker *breaker);

#endif
