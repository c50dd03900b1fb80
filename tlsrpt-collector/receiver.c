#include "tlsrpt-collector/receiver.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/why.h"
#include "base/xalloc.h"
#include "io/clock.h"
#include "io/log.h"
#include "tlsrpt-collector/inbox.h"

#define TELL_MS 10000
/* one sender that never stops keeps neither the others waiting nor the end */
#define TURN 256
#define LAST_TURN 100000
/* one byte more than may come, so that what is too long is seen */
#define ROOM (LIMIT_TLSRPT_DATAGRAM_BYTES + 1)

struct receiver {
	struct receiver_place *places;
	struct pollfd *watch; /* a socket for each place, then `stop` */
	size_t count;
	struct receiver_calls calls;
	struct inbox *inbox;
	char *bytes;
	_Atomic uint64_t too_long;
	uint64_t told; /* dropped and too long, as far as they were told */
	struct deadline tell_at;
	pthread_t receives, keeps;
};

/* --- the thread that receives --- */

/* False when nothing is there. */
static bool
receive_one(struct receiver *receiver, unsigned place)
{
	ssize_t got = recv(receiver->watch[place].fd, receiver->bytes, ROOM,
			   MSG_DONTWAIT);

	if (got < 0)
		return errno == EINTR;
	if (got > LIMIT_TLSRPT_DATAGRAM_BYTES)
		atomic_fetch_add(&receiver->too_long, 1);
	else
		inbox_put(receiver->inbox, place,
			  text_of(receiver->bytes, (size_t)got),
			  clock_unix_ms());
	return true;
}

static void
drain(struct receiver *receiver, unsigned place, unsigned most)
{
	while (most-- > 0 && receive_one(receiver, place))
		;
}

static void *
receive_all(void *argument)
{
	struct receiver *receiver = argument;
	unsigned i;

	for (;;) {
		if (poll(receiver->watch, receiver->count + 1, -1) < 0)
			continue;
		for (i = 0; i < receiver->count; i++)
			if (receiver->watch[i].revents != 0)
				drain(receiver, i, TURN);
		if (receiver->watch[receiver->count].revents != 0)
			break;
	}
	for (i = 0; i < receiver->count; i++)
		drain(receiver, i, LAST_TURN);
	inbox_close(receiver->inbox);
	return NULL;
}

/* --- the thread that keeps --- */

static void
tell_losses(struct receiver *receiver, bool is_last)
{
	struct receiver_counts counts = receiver_counts(receiver);
	uint64_t lost = counts.dropped + counts.too_long;

	if (lost == receiver->told ||
	    (!is_last &&
	     deadline_left_ms(receiver->tell_at, clock_monotonic_ms()) > 0))
		return;
	log_warning("%llu datagrams were lost since the start: %llu because "
		    "the disk does not take them and %u MiB wait already, "
		    "%llu longer than %u KiB",
		    (unsigned long long)lost,
		    (unsigned long long)counts.dropped,
		    LIMIT_TLSRPT_WAITING_BYTES >> 20,
		    (unsigned long long)counts.too_long,
		    LIMIT_TLSRPT_DATAGRAM_BYTES >> 10);
	receiver->told = lost;
	receiver->tell_at = clock_deadline_in(TELL_MS);
}

static void *
keep_all(void *argument)
{
	struct receiver *receiver = argument;
	struct inbox_item *items, *item;

	while ((items = inbox_take(receiver->inbox)) != NULL) {
		while ((item = items) != NULL) {
			items = item->next;
			receiver->calls.take(receiver->calls.data, item->place,
					     text_of(item->bytes, item->len),
					     item->at_ms);
			inbox_done(receiver->inbox, item);
			tell_losses(receiver, false);
		}
	}
	tell_losses(receiver, true);
	return NULL;
}

/* --- open and close --- */

static bool
open_places(struct receiver *receiver, struct why *why)
{
	struct receiver_place *place;
	size_t i;

	receiver->watch[receiver->count] =
	    (struct pollfd){eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), POLLIN, 0};
	if (receiver->watch[receiver->count].fd < 0)
		return why_set(why, "cannot make an eventfd");
	for (i = 0; i < receiver->count; i++) {
		place = &receiver->places[i];
		receiver->watch[i] = (struct pollfd){
		    datagram_open(&place->address, &place->access, why), POLLIN,
		    0};
		if (receiver->watch[i].fd < 0)
			return false;
	}
	return true;
}

/* From now on a sender is told that nobody receives; what was sent before can
 * still be read. */
static void
close_places(struct receiver *receiver)
{
	size_t i;

	for (i = 0; i < receiver->count; i++)
		if (receiver->watch[i].fd >= 0) {
			unlink(listen_path(&receiver->places[i].address));
			shutdown(receiver->watch[i].fd, SHUT_RD);
		}
}

static void
release(struct receiver *receiver)
{
	size_t i;

	for (i = 0; i <= receiver->count; i++)
		if (receiver->watch[i].fd >= 0)
			close(receiver->watch[i].fd);
	inbox_free(receiver->inbox);
	free(receiver->watch);
	free(receiver->places);
	free(receiver->bytes);
	free(receiver);
}

static bool
start_threads(struct receiver *receiver, struct why *why)
{
	int error = pthread_create(&receiver->keeps, NULL, keep_all, receiver);

	if (error != 0)
		return why_set(why, "cannot start a thread: %s",
			       strerror(error));
	error =
	    pthread_create(&receiver->receives, NULL, receive_all, receiver);
	if (error == 0)
		return true;
	inbox_close(receiver->inbox);
	pthread_join(receiver->keeps, NULL);
	return why_set(why, "cannot start a thread: %s", strerror(error));
}

struct receiver *
receiver_open(const struct receiver_place *places, size_t count,
	      const struct receiver_calls *calls, struct why *why)
{
	struct receiver *receiver = xcalloc(1, sizeof(*receiver));
	size_t i;

	receiver->places = xcalloc(count, sizeof(*receiver->places));
	receiver->watch = xcalloc(count + 1, sizeof(*receiver->watch));
	receiver->bytes = xrealloc(NULL, 1, ROOM);
	receiver->inbox = inbox_new(LIMIT_TLSRPT_WAITING_BYTES);
	receiver->count = count;
	receiver->calls = *calls;
	for (i = 0; i < count; i++)
		receiver->places[i] = places[i];
	for (i = 0; i <= count; i++)
		receiver->watch[i].fd = -1;
	if (open_places(receiver, why) && start_threads(receiver, why))
		return receiver;
	close_places(receiver);
	release(receiver);
	return NULL;
}

void
receiver_close(struct receiver *receiver)
{
	uint64_t one = 1;

	if (receiver == NULL)
		return;
	close_places(receiver);
	(void)!write(receiver->watch[receiver->count].fd, &one, sizeof(one));
	pthread_join(receiver->receives, NULL);
	pthread_join(receiver->keeps, NULL);
	release(receiver);
}

struct receiver_counts
receiver_counts(struct receiver *receiver)
{
	struct receiver_counts counts = {0};
	struct inbox_counts inbox;

	if (receiver == NULL)
		return counts;
	inbox = inbox_counts(receiver->inbox);
	counts.received = inbox.put;
	counts.dropped = inbox.dropped;
	counts.too_long = atomic_load(&receiver->too_long);
	counts.waiting_bytes = inbox.bytes;
	return counts;
}
