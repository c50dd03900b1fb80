/*
 * load_process.h - what a process under test has used so far
 *
 * CPU time comes from the process' clock (nanoseconds, ended threads
 * included); the share of user time from /proc/PID/stat, whose ticks of
 * 10 ms only split the exact sum; memory is the resident set.
 */
#ifndef BENCH_LOAD_PROCESS_H
#define BENCH_LOAD_PROCESS_H

#include <sys/types.h>

enum { PROCESSES_MAX = 8 };

struct usage {
	double cpu_s;
	double user_s;
	long rss_kib;
};

/* The sum over `n` processes; ends the program if one is gone. */
struct usage processes_usage(const pid_t *pids, size_t n);

#endif
