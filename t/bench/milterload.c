/*
 * milterload - sends a corpus of messages to milters, as a mail server would
 *
 * usage: milterload -m ADDRESS [-m ADDRESS ...] -d CORPUS [options]
 *   -m ADDRESS   unix:PATH or inet:PORT@ADDRESS; several form a chain
 *   -c N         connections at a time, closed loop (1)
 *   -n N         messages to measure (all of the corpus once)
 *   -w N         messages to send before measuring (0)
 *   -t SECONDS   begin no message after this time
 *   -k N         messages per connection (1)
 *   -q PREFIX    begin of each queue id, up to 20 letters (4B)
 *   -r N         begin so many messages a second, as connections allow; a
 *                message's time counts from when it was due
 *   -p PID       process whose CPU time and memory are measured; several
 *   -o FILE      one line per message: outcome and changed header fields
 *   -H STEP      open N connections up to STEP (connect, rcpt or body), say
 *                "held N", and keep them until standard input ends
 *
 * Results are lines "name value" on standard output.
 */
#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include "load_process.h"
#include "load_session.h"

/* No milter may be silent for longer; libmilter's own limit is 2 h. */
enum { SILENCE_MS = 60000, EVENTS = 128 };

struct options {
	const char *corpus;
	size_t connections, messages, warm_up;
	double seconds, rate;
	pid_t pids[PROCESSES_MAX];
	size_t n_pids;
};

static size_t
number(const char *string)
{
	char *end;
	unsigned long value = strtoul(string, &end, 10);

	if (*string == '\0' || *end != '\0')
		errx(2, "not a number: %s", string);
	return value;
}

static enum step
hold_step(const char *name)
{
	if (strcmp(name, "connect") == 0)
		return STEP_CONNECT;
	if (strcmp(name, "rcpt") == 0)
		return STEP_RCPT;
	if (strcmp(name, "body") == 0)
		return STEP_BODY;
	errx(2, "connections can be held at connect, rcpt or body");
}

static void
take_option(int option, struct options *options, struct load *load)
{
	switch (option) {
	case 'm':
		if (load->n_links == LINKS_MAX)
			errx(2, "at most %d milters", LINKS_MAX);
		load->addresses[load->n_links++] = optarg;
		return;
	case 'd':
		options->corpus = optarg;
		return;
	case 'c':
		options->connections = number(optarg);
		return;
	case 'n':
		options->messages = number(optarg);
		return;
	case 'w':
		options->warm_up = number(optarg);
		return;
	case 't':
		options->seconds = strtod(optarg, NULL);
		return;
	case 'r':
		options->rate = strtod(optarg, NULL);
		return;
	case 'k':
		load->messages_per_connection = (unsigned)number(optarg);
		return;
	case 'q':
		if (strlen(optarg) > 20)
			errx(2, "a longer queue id than mail servers have");
		load->id_prefix = optarg;
		return;
	case 'p':
		if (options->n_pids == PROCESSES_MAX)
			errx(2, "at most %d processes", PROCESSES_MAX);
		options->pids[options->n_pids++] = (pid_t)number(optarg);
		return;
	case 'o':
		if ((load->dump = fopen(optarg, "w")) == NULL)
			err(1, "%s", optarg);
		return;
	case 'H':
		load->hold = hold_step(optarg);
		return;
	}
	errx(2, "usage: milterload -m ADDRESS -d CORPUS [-c N] [-n N] [-w N] "
		"[-t SECONDS] [-k N] [-q PREFIX] [-r N] [-p PID] "
		"[-o FILE] [-H STEP]");
}

/* Sends `limit` messages over `connections`; returns the seconds it took. */
static double
run(struct load *load, struct session *sessions, size_t connections,
    size_t limit)
{
	struct epoll_event events[EVENTS];
	double began = seconds_now();
	int n, i, wait;

	load->limit = load->next + limit;
	load->active = connections;
	load->rate_began = began;
	load->rate_first = load->next;
	for (i = 0; i < (int)connections; i++)
		session_start(&sessions[i], load);
	while (load->active > 0 && load->held < connections) {
		wait = sessions_wake(load);
		n = epoll_wait(load->epoll, events, EVENTS,
			       wait >= 0 ? wait : SILENCE_MS);
		if (n < 0 && errno != EINTR)
			err(1, "epoll_wait");
		if (n == 0 && wait < 0)
			errx(1, "no milter answered for %d s",
			     SILENCE_MS / 1000);
		for (i = 0; i < n; i++)
			session_event(events[i].data.ptr, events[i].events);
	}
	return seconds_now() - began;
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void
report_latency(const char *name, double *values, size_t n)
{
	if (n == 0)
		return;
	qsort(values, n, sizeof(*values), compare);
	printf("%s_p50_ms %.3f\n", name, values[n / 2]);
	printf("%s_p99_ms %.3f\n", name, values[n * 99 / 100]);
	printf("%s_max_ms %.3f\n", name, values[n - 1]);
}

static double
own_cpu(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (double)usage.ru_utime.tv_sec + (double)usage.ru_stime.tv_sec +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static void
report(struct load *load, double seconds, double client_cpu,
       struct usage before, struct usage after)
{
	double thousands = (double)load->completed / 1000;

	printf("messages %zu\n", load->completed);
	printf("accepted %zu\n", load->accepted);
	printf("refused %zu\n", load->refused);
	printf("tempfailed %zu\n", load->tempfailed);
	printf("failed %zu\n", load->failed);
	printf("seconds %.3f\n", seconds);
	printf("rate %.1f\n", (double)load->completed / seconds);
	printf("cpu %.5f\n", (after.cpu_s - before.cpu_s) / thousands);
	printf("user %.5f\n", (after.user_s - before.user_s) / thousands);
	printf("client_cpu %.5f\n", client_cpu / thousands);
	printf("rss_before_kib %ld\n", before.rss_kib);
	printf("rss_after_kib %ld\n", after.rss_kib);
	report_latency("message", load->message_ms, load->completed);
	report_latency("eom", load->eom_ms, load->completed);
}

/* Warms up, then measures. */
static void
measure(struct load *load, struct session *sessions,
	const struct options *options)
{
	struct usage before, after;
	double seconds, client;

	if (options->warm_up > 0)
		run(load, sessions, options->connections, options->warm_up);
	load->completed = load->accepted = load->refused = 0;
	load->tempfailed = load->failed = 0;
	if (options->seconds > 0)
		load->stop_at = seconds_now() + options->seconds;
	load->rate = options->rate;
	client = own_cpu();
	before = processes_usage(options->pids, options->n_pids);
	seconds = run(load, sessions, options->connections, options->messages);
	after = processes_usage(options->pids, options->n_pids);
	report(load, seconds, own_cpu() - client, before, after);
}

static void
hold(struct load *load, struct session *sessions, const struct options *options)
{
	struct usage usage;
	char input[64];

	run(load, sessions, options->connections, options->connections);
	printf("held %zu\n", load->held);
	fflush(stdout);
	while (read(STDIN_FILENO, input, sizeof(input)) > 0)
		;
	usage = processes_usage(options->pids, options->n_pids);
	printf("rss_after_kib %ld\n", usage.rss_kib);
}

int
main(int argc, char **argv)
{
	struct options options = {.connections = 1};
	struct load load = {.messages_per_connection = 1, .id_prefix = "4B"};
	struct session *sessions;
	struct corpus corpus;
	size_t n, most;
	int option;

	while ((option = getopt(argc, argv, "m:d:c:n:w:t:k:q:r:p:o:H:")) != -1)
		take_option(option, &options, &load);
	if (load.n_links == 0 || options.corpus == NULL || optind != argc ||
	    options.connections == 0)
		take_option('?', &options, &load);
	corpus_load(&corpus, options.corpus);
	load.corpus = &corpus;
	if (options.messages == 0)
		options.messages = corpus.n_messages;
	most = options.messages + options.warm_up + options.connections;
	load.message_ms = need(most * sizeof(double));
	load.eom_ms = need(most * sizeof(double));
	load.idle = need(options.connections * sizeof(struct session *));
	sessions = need(options.connections * sizeof(*sessions));
	memset(sessions, 0, options.connections * sizeof(*sessions));
	if ((load.epoll = epoll_create1(EPOLL_CLOEXEC)) < 0)
		err(1, "epoll_create1");
	if (load.hold != 0)
		hold(&load, sessions, &options);
	else
		measure(&load, sessions, &options);
	for (n = 0; n < options.connections; n++)
		session_free(&sessions[n]);
	if (load.dump != NULL && fclose(load.dump) != 0)
		err(1, "writing the results");
	return 0;
}
