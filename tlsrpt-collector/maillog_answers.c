#include "tlsrpt-collector/maillog_answers.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/why.h"
#include "base/xalloc.h"
#include "io/log.h"
#include "tlsrpt-collector/collect_settings.h"
#include "tlsrpt-collector/receiver.h"

/* what waits for the thread that reads the log, which may wait for a disk */
#define WAITING_BYTES (32u << 20)
/* a mark that does not come back: somebody took our socket's place */
#define MARK_S 30

static const char mark_word[] = "signet-mark ";

struct told {
	struct told *next;
	size_t len;
	char bytes[];
};

struct maillog_answers {
	struct receiver_place place;
	struct receiver *receiver;
	int fd; /* sends marks */
	pthread_mutex_t lock;
	pthread_cond_t came;
	struct told *first, **end;
	size_t bytes;
	uint64_t marks_sent, marks_seen;
	bool is_lost; /* a mark did not come back */
	uint64_t received, dropped;
};

/* --- the thread that takes --- */

static bool
is_mark(struct maillog_answers *answers, struct text datagram)
{
	struct text word = text_of(mark_word, sizeof(mark_word) - 1);
	uint64_t mark;

	if (!text_starts(datagram, word))
		return false;
	if (text_to_u64(text_skip(datagram, word.len), UINT64_MAX, &mark) &&
	    mark > answers->marks_seen)
		answers->marks_seen = mark;
	answers->is_lost = false;
	pthread_cond_broadcast(&answers->came);
	return true;
}

static void
keep(struct maillog_answers *answers, struct text datagram)
{
	struct told *told;

	answers->received++;
	if (answers->bytes + datagram.len > WAITING_BYTES) {
		answers->dropped++;
		return;
	}
	told = xcalloc(1, sizeof(*told) + datagram.len);
	told->len = datagram.len;
	if (datagram.len > 0)
		memcpy(told->bytes, datagram.at, datagram.len);
	*answers->end = told;
	answers->end = &told->next;
	answers->bytes += datagram.len;
}

static void
on_datagram(void *data, unsigned place, struct text datagram, int64_t at_ms)
{
	struct maillog_answers *answers = data;

	(void)place;
	(void)at_ms;
	pthread_mutex_lock(&answers->lock);
	if (!is_mark(answers, datagram))
		keep(answers, datagram);
	pthread_mutex_unlock(&answers->lock);
}

/* --- who reads the log --- */

/* All that was sent before has been taken once our own mark has. */
static void
wait_for_mark(struct maillog_answers *answers)
{
	const struct listen_address *address = &answers->place.address;
	struct timespec until;
	char mark[64];
	int len;

	if (answers->is_lost)
		return;
	len = snprintf(mark, sizeof(mark), "%s%llu", mark_word,
		       (unsigned long long)++answers->marks_sent);
	if (sendto(answers->fd, mark, (size_t)len, MSG_NOSIGNAL,
		   (const struct sockaddr *)&address->socket,
		   address->length) < 0)
		return;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += MARK_S;
	while (answers->marks_seen < answers->marks_sent)
		if (pthread_cond_timedwait(&answers->came, &answers->lock,
					   &until) != 0) {
			answers->is_lost = true;
			return;
		}
}

void
maillog_answers_take(struct maillog_answers *answers,
		     void (*take)(void *data, struct text datagram), void *data)
{
	struct told *told, *next;

	pthread_mutex_lock(&answers->lock);
	wait_for_mark(answers);
	told = answers->first;
	answers->first = NULL;
	answers->end = &answers->first;
	answers->bytes = 0;
	pthread_mutex_unlock(&answers->lock);
	for (; told != NULL; told = next) {
		next = told->next;
		take(data, text_of(told->bytes, told->len));
		free(told);
	}
}

/* --- begin and end --- */

static bool
open_place(const struct collect_settings *settings,
	   struct receiver_place *place, struct why *why)
{
	mode_t mode;

	if (!listen_parse(settings->maillog.answers, &place->address, why) ||
	    !listen_parse_mode(settings->socket_mode, &mode, why))
		return false;
	/* signet-policy is of our group */
	place->access = (struct datagram_access){{mode, NULL}, NULL};
	return true;
}

struct maillog_answers *
maillog_answers_open(const struct collect_settings *settings, struct why *why)
{
	struct maillog_answers *answers = xcalloc(1, sizeof(*answers));
	struct receiver_calls calls = {on_datagram, answers};
	pthread_condattr_t attributes;

	pthread_mutex_init(&answers->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&answers->came, &attributes);
	pthread_condattr_destroy(&attributes);
	answers->end = &answers->first;
	answers->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (open_place(settings, &answers->place, why))
		answers->receiver =
		    receiver_open(&answers->place, 1, &calls, why);
	if (answers->receiver != NULL && answers->fd >= 0)
		return answers;
	maillog_answers_close(answers);
	return NULL;
}

void
maillog_answers_close(struct maillog_answers *answers)
{
	struct told *next;

	if (answers == NULL)
		return;
	receiver_close(answers->receiver);
	for (; answers->first != NULL; answers->first = next) {
		next = answers->first->next;
		free(answers->first);
	}
	if (answers->fd >= 0)
		close(answers->fd);
	pthread_cond_destroy(&answers->came);
	pthread_mutex_destroy(&answers->lock);
	free(answers);
}

uint64_t
maillog_answers_received(struct maillog_answers *answers)
{
	uint64_t received = 0;

	if (answers == NULL)
		return 0;
	pthread_mutex_lock(&answers->lock);
	received = answers->received;
	pthread_mutex_unlock(&answers->lock);
	return received;
}

uint64_t
maillog_answers_dropped(struct maillog_answers *answers)
{
	uint64_t dropped = 0;

	if (answers == NULL)
		return 0;
	pthread_mutex_lock(&answers->lock);
	dropped = answers->dropped;
	pthread_mutex_unlock(&answers->lock);
	return dropped + receiver_counts(answers->receiver).dropped;
}
