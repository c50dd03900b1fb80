#include "dovecot-plugin/event_rate.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "io/log.h"

#define MINUTE_MS 60000
/* Accounts share a counter with one in so many. */
#define COUNTERS 4096
/* Files that are known to wait; a power of two, at most half full. */
#define WAITING (1u << 17)

struct event_rate {
	uint64_t most;
	int64_t minute;
	uint64_t counts[COUNTERS];
	uint64_t *waiting; /* hash table of ids; 0: free */
	uint64_t waiting_count;
	bool told;
};

struct event_rate *
event_rate_new(uint64_t most)
{
	struct event_rate *rate = xcalloc(1, sizeof(*rate));

	rate->most = most;
	rate->minute = -1;
	rate->waiting = xcalloc(WAITING, sizeof(*rate->waiting));
	return rate;
}

void
event_rate_free(struct event_rate *rate)
{
	if (rate == NULL)
		return;
	free(rate->waiting);
	free(rate);
}

static void
set_waiting(struct event_rate *rate, uint64_t count)
{
	__atomic_store_n(&rate->waiting_count, count, __ATOMIC_RELAXED);
}

void
event_rate_begin(struct event_rate *rate, int64_t now_ms)
{
	int64_t minute = now_ms / MINUTE_MS;

	if (minute == rate->minute)
		return;
	rate->minute = minute;
	memset(rate->counts, 0, sizeof(rate->counts));
	if (rate->waiting_count > 0)
		memset(rate->waiting, 0, WAITING * sizeof(*rate->waiting));
	set_waiting(rate, 0);
	rate->told = false;
}

static uint64_t *
counter_of(struct event_rate *rate, struct text account)
{
	uint32_t hash = 2166136261u;
	size_t i;

	for (i = 0; i < account.len; i++)
		hash = (hash ^ (unsigned char)account.at[i]) * 16777619u;
	return &rate->counts[hash % COUNTERS];
}

/* Ids are random: they are their own hash. */
static size_t
place_of(const struct event_rate *rate, uint64_t id)
{
	size_t i = (size_t)id & (WAITING - 1);

	while (rate->waiting[i] != 0 && rate->waiting[i] != id)
		i = (i + 1) & (WAITING - 1);
	return i;
}

static void
note_waiting(struct event_rate *rate, uint64_t id)
{
	size_t place;

	if (id == 0 || rate->waiting_count >= WAITING / 2)
		return;
	place = place_of(rate, id);
	if (rate->waiting[place] == 0)
		set_waiting(rate, rate->waiting_count + 1);
	rate->waiting[place] = id;
}

bool
event_rate_may(struct event_rate *rate, struct text account, uint64_t id)
{
	if (++*counter_of(rate, account) <= rate->most)
		return true;
	if (!rate->told)
		log_warning("account=\"" TEXT_FMT "\" has more than %llu "
			    "events in a minute: the others wait",
			    TEXT_ARG(account), (unsigned long long)rate->most);
	rate->told = true;
	note_waiting(rate, id);
	return false;
}

bool
event_rate_is_deferred(const struct event_rate *rate, uint64_t id)
{
	return rate->waiting_count > 0 && id != 0 &&
	       rate->waiting[place_of(rate, id)] == id;
}

uint64_t
event_rate_deferred(const struct event_rate *rate)
{
	return __atomic_load_n(&rate->waiting_count, __ATOMIC_RELAXED);
}
