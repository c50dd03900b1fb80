#include "io/dns_flight.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "base/xalloc.h"
#include "io/dns_packed.h"

#define BUCKETS 1024

struct dns_flight {
	struct dns_flight *next; /* in the bucket */
	atomic_uint holders;	 /* askers, and the table until it landed */
	pthread_mutex_t lock;
	pthread_cond_t landed;
	struct dns_packed *answer; /* set once, under the lock */
	void *owner;
	enum dns_type type;
	size_t name_bytes;
	char name[];
};

struct dns_flights {
	void *owner;
	pthread_mutex_t lock; /* of the table */
	size_t count;
	struct dns_flight *buckets[BUCKETS];
};

struct dns_flights *
dns_flights_new(void *owner)
{
	struct dns_flights *flights = xcalloc(1, sizeof(*flights));

	flights->owner = owner;
	pthread_mutex_init(&flights->lock, NULL);
	return flights;
}

static struct dns_flight *
new_flight(struct text name, enum dns_type type)
{
	struct dns_flight *flight = xcalloc(1, sizeof(*flight) + name.len);
	pthread_condattr_t monotonic;

	atomic_store(&flight->holders, 1);
	pthread_mutex_init(&flight->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&flight->landed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	flight->type = type;
	flight->name_bytes = name.len;
	memcpy(flight->name, name.at, name.len);
	return flight;
}

void
dns_flight_release(struct dns_flight *flight)
{
	if (atomic_fetch_sub(&flight->holders, 1) > 1)
		return;
	pthread_cond_destroy(&flight->landed);
	pthread_mutex_destroy(&flight->lock);
	free(flight->answer);
	free(flight);
}

static struct dns_flight **
bucket_of(struct dns_flights *flights, struct text name, enum dns_type type)
{
	unsigned hash = 2166136261u ^ (unsigned)type;
	size_t i;

	for (i = 0; i < name.len; i++)
		hash = (hash ^ (unsigned char)name.at[i]) * 16777619u;
	return &flights->buckets[hash % BUCKETS];
}

struct dns_flight *
dns_flight_join(struct dns_flights *flights, struct text name,
		enum dns_type type, bool *is_first)
{
	struct dns_flight **bucket = bucket_of(flights, name, type);
	struct dns_flight *flight;

	pthread_mutex_lock(&flights->lock);
	for (flight = *bucket; flight != NULL; flight = flight->next)
		if (flight->type == type &&
		    text_equal(dns_flight_name(flight), name))
			break;
	*is_first = flight == NULL;
	if (flight == NULL) {
		flight = new_flight(name, type);
		flight->owner = flights->owner;
		flight->next = *bucket;
		*bucket = flight;
		flights->count++;
	}
	atomic_fetch_add(&flight->holders, 1);
	pthread_mutex_unlock(&flights->lock);
	return flight;
}

static void
tell(struct dns_flight *flight, const struct dns_answer *answer)
{
	struct dns_packed *packed = dns_packed_new(answer);

	pthread_mutex_lock(&flight->lock);
	flight->answer = packed;
	pthread_cond_broadcast(&flight->landed);
	pthread_mutex_unlock(&flight->lock);
	dns_flight_release(flight);
}

void
dns_flight_land(struct dns_flights *flights, struct dns_flight *flight,
		const struct dns_answer *answer)
{
	struct dns_flight **at =
	    bucket_of(flights, dns_flight_name(flight), flight->type);

	pthread_mutex_lock(&flights->lock);
	while (*at != flight)
		at = &(*at)->next;
	*at = flight->next;
	flights->count--;
	pthread_mutex_unlock(&flights->lock);
	tell(flight, answer);
}

void
dns_flights_free(struct dns_flights *flights, const char *reason)
{
	struct dns_answer lost = {.status = DNS_TEMPFAIL, .reason = reason};
	struct dns_flight *flight;
	size_t i;

	for (i = 0; i < BUCKETS; i++)
		while ((flight = flights->buckets[i]) != NULL) {
			flights->buckets[i] = flight->next;
			tell(flight, &lost);
		}
	pthread_mutex_destroy(&flights->lock);
	free(flights);
}

const struct dns_packed *
dns_flight_wait(struct dns_flight *flight, struct deadline deadline)
{
	struct timespec until = {deadline.at_ms / 1000,
				 deadline.at_ms % 1000 * 1000000};
	const struct dns_packed *answer;

	pthread_mutex_lock(&flight->lock);
	while (flight->answer == NULL)
		if (pthread_cond_timedwait(&flight->landed, &flight->lock,
					   &until) == ETIMEDOUT)
			break;
	answer = flight->answer;
	pthread_mutex_unlock(&flight->lock);
	return answer;
}

struct text
dns_flight_name(const struct dns_flight *flight)
{
	return text_of(flight->name, flight->name_bytes);
}

enum dns_type
dns_flight_type(const struct dns_flight *flight)
{
	return flight->type;
}

void *
dns_flight_owner(const struct dns_flight *flight)
{
	return flight->owner;
}

size_t
dns_flights_count(struct dns_flights *flights)
{
	size_t count;

	pthread_mutex_lock(&flights->lock);
	count = flights->count;
	pthread_mutex_unlock(&flights->lock);
	return count;
}
