#include "tlsrpt-collector/inbox.h"

#include <pthread.h>

#include "base/xalloc.h"

/* what malloc adds, about */
#define OVERHEAD 16

struct inbox {
	pthread_mutex_t lock;
	pthread_cond_t filled;
	struct inbox_item *first, **end;
	struct inbox_counts counts;
	uint64_t most_bytes;
	bool closed;
};

static uint64_t
cost(size_t len)
{
	return sizeof(struct inbox_item) + len + OVERHEAD;
}

struct inbox *
inbox_new(uint64_t most_bytes)
{
	struct inbox *inbox = xcalloc(1, sizeof(*inbox));

	pthread_mutex_init(&inbox->lock, NULL);
	pthread_cond_init(&inbox->filled, NULL);
	inbox->end = &inbox->first;
	inbox->most_bytes = most_bytes;
	return inbox;
}

void
inbox_free(struct inbox *inbox)
{
	struct inbox_item *item;

	while ((item = inbox->first) != NULL) {
		inbox->first = item->next;
		free(item);
	}
	pthread_cond_destroy(&inbox->filled);
	pthread_mutex_destroy(&inbox->lock);
	free(inbox);
}

/* Counts before it is there, so that the memory is bounded too. */
static bool
reserve(struct inbox *inbox, size_t len)
{
	bool fits;

	pthread_mutex_lock(&inbox->lock);
	fits = inbox->counts.bytes + cost(len) <= inbox->most_bytes;
	if (fits)
		inbox->counts.bytes += cost(len);
	else
		inbox->counts.dropped++;
	pthread_mutex_unlock(&inbox->lock);
	return fits;
}

bool
inbox_put(struct inbox *inbox, unsigned place, struct text bytes, int64_t at_ms)
{
	struct inbox_item *item;

	if (!reserve(inbox, bytes.len))
		return false;
	item = xrealloc(NULL, 1, sizeof(*item) + bytes.len);
	*item = (struct inbox_item){NULL, at_ms, place, bytes.len};
	if (bytes.len > 0)
		memcpy(item->bytes, bytes.at, bytes.len);
	pthread_mutex_lock(&inbox->lock);
	*inbox->end = item;
	inbox->end = &item->next;
	inbox->counts.put++;
	pthread_cond_signal(&inbox->filled);
	pthread_mutex_unlock(&inbox->lock);
	return true;
}

struct inbox_item *
inbox_take(struct inbox *inbox)
{
	struct inbox_item *all;

	pthread_mutex_lock(&inbox->lock);
	while (inbox->first == NULL && !inbox->closed)
		pthread_cond_wait(&inbox->filled, &inbox->lock);
	all = inbox->first;
	inbox->first = NULL;
	inbox->end = &inbox->first;
	pthread_mutex_unlock(&inbox->lock);
	return all;
}

void
inbox_done(struct inbox *inbox, struct inbox_item *item)
{
	pthread_mutex_lock(&inbox->lock);
	inbox->counts.bytes -= cost(item->len);
	pthread_mutex_unlock(&inbox->lock);
	free(item);
}

void
inbox_close(struct inbox *inbox)
{
	pthread_mutex_lock(&inbox->lock);
	inbox->closed = true;
	pthread_cond_signal(&inbox->filled);
	pthread_mutex_unlock(&inbox->lock);
}

struct inbox_counts
inbox_counts(struct inbox *inbox)
{
	struct inbox_counts counts;

	pthread_mutex_lock(&inbox->lock);
	counts = inbox->counts;
	pthread_mutex_unlock(&inbox->lock);
	return counts;
}
