/* mapload - asks a socketmap server over many connections
 *
 * usage: mapload ADDRESS CONNECTIONS SECONDS MAP FILE
 *
 * FILE has a key in each line.  Each connection asks, waits for the reply and
 * asks again, going through the keys; with SECONDS 0 each key is asked once.
 * Prints "name value" lines: queries, rate, p50_us, p99_us, cpu (its own, in
 * seconds), and how many replies began with each word.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/netstring.h"
#include "base/why.h"
#include "base/xalloc.h"
#include "io/file.h"
#include "io/listen.h"

#define EVENTS 256
#define MOST_KEYS 200000
#define MOST_FILE_BYTES (64u << 20)
#define MOST_REPLY_BYTES (100u << 10)
/* 100 buckets for each power of ten, from 1 us on */
#define BUCKETS 800

struct client {
	int fd;
	int64_t asked_ns;
	size_t got;
	char *reply;
};

struct load {
	struct listen_address address;
	struct text *questions; /* netstrings */
	size_t count, next;
	bool once;
	int64_t end_ns;
	size_t replies, open;
	size_t words[256];
	uint64_t buckets[BUCKETS];
	int epoll_fd;
};

static int64_t
now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void
die(const char *what)
{
	fprintf(stderr, "mapload: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* --- latencies --- */

static void
note(struct load *load, int64_t ns)
{
	double us = (double)ns / 1000, power = 1;
	size_t bucket = 0;

	while (us >= power * 10 && bucket + 100 < BUCKETS) {
		power *= 10;
		bucket += 100;
	}
	if (us > power)
		bucket += (size_t)((us / power - 1) / 9 * 100);
	load->buckets[bucket < BUCKETS ? bucket : BUCKETS - 1]++;
}

static double
percentile(const struct load *load, double part)
{
	uint64_t wanted = (uint64_t)((double)load->replies * part), seen = 0;
	double power = 1;
	size_t i;

	for (i = 0; i < BUCKETS; i++) {
		if (i > 0 && i % 100 == 0)
			power *= 10;
		seen += load->buckets[i];
		if (seen > wanted)
			break;
	}
	return power * (1 + ((double)(i % 100) + 0.5) / 100 * 9);
}

/* --- asking --- */

static void
ask(struct load *load, struct client *client)
{
	struct text question;

	if (load->once && load->next == load->count) {
		close(client->fd);
		load->open--;
		return;
	}
	question = load->questions[load->next++ % load->count];
	client->got = 0;
	client->asked_ns = now_ns();
	if (send(client->fd, question.at, question.len, MSG_NOSIGNAL) !=
	    (ssize_t)question.len)
		die("send");
}

static void
take(struct load *load, struct client *client)
{
	ssize_t got = read(client->fd, client->reply + client->got,
			   MOST_REPLY_BYTES - client->got);
	struct text payload;
	size_t used;

	if (got <= 0)
		die("the server closed a connection");
	client->got += (size_t)got;
	if (netstring_parse(text_of(client->reply, client->got),
			    MOST_REPLY_BYTES, &payload,
			    &used) != NETSTRING_WHOLE)
		return;
	load->replies++;
	load->words[payload.len > 0 ? (unsigned char)payload.at[0] : 0]++;
	note(load, now_ns() - client->asked_ns);
	ask(load, client);
}

static void
connect_one(struct load *load, struct client *client)
{
	struct epoll_event event = {.events = EPOLLIN, .data = {.ptr = client}};

	client->reply = xcalloc(1, MOST_REPLY_BYTES);
	client->fd = socket(load->address.socket.ss_family,
			    SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (client->fd < 0 ||
	    connect(client->fd, (const struct sockaddr *)&load->address.socket,
		    load->address.length) != 0)
		die("connect");
	if (epoll_ctl(load->epoll_fd, EPOLL_CTL_ADD, client->fd, &event) != 0)
		die("epoll_ctl");
	load->open++;
}

/* A connection is a descriptor. */
static void
raise_files(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static void
run(struct load *load, struct client *clients, size_t count)
{
	struct epoll_event events[EVENTS];
	int got, i;
	size_t n;

	for (n = 0; n < count; n++)
		connect_one(load, &clients[n]);
	for (n = 0; n < count; n++)
		ask(load, &clients[n]);
	while (load->open > 0 && (load->once || now_ns() < load->end_ns)) {
		got = epoll_wait(load->epoll_fd, events, EVENTS, 1000);
		for (i = 0; i < got; i++)
			take(load, events[i].data.ptr);
	}
}

static void
read_keys(struct load *load, struct arena *arena, const char *map,
	  const char *path)
{
	struct text file, key;
	struct why why;
	char *question;
	size_t length;

	if (!file_read(arena, path, MOST_FILE_BYTES, &file, &why)) {
		fprintf(stderr, "mapload: %s\n", why.text);
		exit(1);
	}
	load->questions = arena_new_array(arena, struct text, MOST_KEYS);
	while (file.len > 0 && load->count < MOST_KEYS) {
		key = text_first(file, text_find(file, '\n'));
		file = text_skip(file, key.len + 1);
		length = strlen(map) + 1 + key.len;
		question = arena_printf(arena, "%zu:%s " TEXT_FMT ",", length,
					map, TEXT_ARG(key));
		load->questions[load->count++] = text_from(question);
	}
}

static void
report(const struct load *load, int64_t spent_ns)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	printf("queries %zu\n", load->replies);
	printf("rate %.0f\n", (double)load->replies * 1e9 / (double)spent_ns);
	printf("p50_us %.0f\n", percentile(load, 0.5));
	printf("p99_us %.0f\n", percentile(load, 0.99));
	printf("cpu %.3f\n",
	       (double)usage.ru_utime.tv_sec + (double)usage.ru_stime.tv_sec +
		   (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) /
		       1e6);
	printf("ok %zu\n", load->words['O']);
	printf("notfound %zu\n", load->words['N']);
	printf("temp %zu\n", load->words['T']);
	printf("perm %zu\n", load->words['P']);
}

int
main(int argc, char **argv)
{
	struct arena *arena = arena_new();
	struct load load = {0};
	struct client *clients;
	size_t count, i;
	int64_t begun;
	struct why why;

	if (argc != 6) {
		fputs("usage: mapload ADDRESS CONNECTIONS SECONDS MAP FILE\n",
		      stderr);
		return 2;
	}
	if (!listen_parse(argv[1], &load.address, &why)) {
		fprintf(stderr, "mapload: %s\n", why.text);
		return 2;
	}
	count = (size_t)strtoul(argv[2], NULL, 10);
	load.once = strtod(argv[3], NULL) <= 0;
	read_keys(&load, arena, argv[4], argv[5]);
	if (count == 0 || load.count == 0)
		return 2;
	raise_files();
	clients = xcalloc(count, sizeof(*clients));
	load.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	begun = now_ns();
	load.end_ns = begun + (int64_t)(strtod(argv[3], NULL) * 1e9);
	run(&load, clients, count);
	report(&load, now_ns() - begun);
	for (i = 0; i < count; i++)
		free(clients[i].reply);
	free(clients);
	arena_free(arena);
	return 0;
}
