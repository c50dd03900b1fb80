/* child.h - another program, run once and waited for
 *
 * No shell comes near: the arguments are the program's.  It reads `input`,
 * has nothing of our open files, PATH and LC_ALL in its environment alone, and
 * is killed with all it started when its time is up.
 */
#ifndef IO_CHILD_H
#define IO_CHILD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/text.h"

struct arena;
struct why;

/* What is kept of what a program says. */
#define CHILD_OUTPUT_BYTES 4096

struct child_result {
	int status;	    /* exit status; -1: ended by a signal */
	struct text output; /* both streams, its first CHILD_OUTPUT_BYTES */
};

/* `arguments[0]` is the path; the list ends with NULL.  False if the program
 * could not be run or did not end in time. */
bool child_run(struct arena *arena, const char *const *arguments,
	       struct text input, int64_t time_ms, struct child_result *result,
	       struct why *why);

/* The same for much: it reads the file `input` and writes the file `output`,
 * each from where it stands; both stay open.  The result's output is what it
 * said on standard error. */
bool child_run_files(struct arena *arena, const char *const *arguments,
		     int input, int output, int64_t time_ms,
		     struct child_result *result, struct why *why);

/* One that is asked something: what it says on its standard output is
 * `*answer` (its first CHILD_OUTPUT_BYTES), and what it says else the result's
 * output.  It has nothing to read. */
bool child_ask(struct arena *arena, const char *const *arguments,
	       int64_t time_ms, struct text *answer,
	       struct child_result *result, struct why *why);

/* One that goes on beside us and is read: its standard output is `*output`
 * (not blocking); what it says else is thrown away.  False with a reason. */
bool child_follow(const char *const *arguments, pid_t *pid, int *output,
		  struct why *why);
/* Kills it with all it started, and waits. */
void child_end(pid_t pid);

/* What it said, fit for one line of ours. */
struct text child_words(struct arena *arena, const struct child_result *result,
			size_t most);

#endif
