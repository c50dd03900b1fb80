#include "postfix-policy/flight.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/xalloc.h"

static struct flight **
bucket_of(const struct flight_table *table, struct text name)
{
	uint32_t hash = 2166136261u;
	size_t i;

	for (i = 0; i < name.len; i++)
		hash = (hash ^ (unsigned char)name.at[i]) * 16777619u;
	return (struct flight **)&table->buckets[hash % FLIGHT_BUCKETS];
}

static struct text
name_of(const struct flight *flight)
{
	return text_of(flight->name, flight->name_bytes);
}

struct flight *
flight_find(const struct flight_table *table, struct text name)
{
	struct flight *flight = *bucket_of(table, name);

	while (flight != NULL && !text_equal(name_of(flight), name))
		flight = flight->next;
	return flight;
}

struct flight *
flight_add(struct flight_table *table, struct text name)
{
	struct flight *flight = xcalloc(1, sizeof(*flight));
	struct flight **bucket = bucket_of(table, name);

	flight->name_bytes =
	    name.len < FLIGHT_NAME_BYTES ? name.len : FLIGHT_NAME_BYTES;
	memcpy(flight->name, name.at, flight->name_bytes);
	flight->arena = arena_new();
	flight->next = *bucket;
	*bucket = flight;
	table->flights++;
	return flight;
}

void
flight_remove(struct flight_table *table, struct flight *flight)
{
	struct flight **at = bucket_of(table, name_of(flight));

	while (*at != flight)
		at = &(*at)->next;
	*at = flight->next;
	flight->next = NULL;
	table->flights--;
}

void
flight_free(struct flight *flight)
{
	arena_free(flight->arena);
	free(flight);
}

/* Deadlines mostly come in their order: the place is near the end. */
static void
link_deadline(struct flight_table *table, struct ask *ask)
{
	struct ask *before = table->latest;

	while (before != NULL && before->deadline_ms > ask->deadline_ms)
		before = before->earlier;
	ask->earlier = before;
	ask->later = before != NULL ? before->later : table->earliest;
	*(before != NULL ? &before->later : &table->earliest) = ask;
	*(ask->later != NULL ? &ask->later->earlier : &table->latest) = ask;
}

struct ask *
ask_add(struct flight_table *table, struct flight *flight, struct text key,
	int64_t deadline_ms)
{
	struct ask *ask = xcalloc(1, sizeof(*ask) + key.len);

	ask->flight = flight;
	ask->deadline_ms = deadline_ms;
	ask->key_bytes = key.len;
	if (key.len > 0)
		memcpy(ask->key, key.at, key.len);
	ask->next = flight->asks;
	if (flight->asks != NULL)
		flight->asks->previous = ask;
	flight->asks = ask;
	link_deadline(table, ask);
	return ask;
}

void
ask_remove(struct flight_table *table, struct ask *ask)
{
	*(ask->previous != NULL ? &ask->previous->next : &ask->flight->asks) =
	    ask->next;
	if (ask->next != NULL)
		ask->next->previous = ask->previous;
	*(ask->earlier != NULL ? &ask->earlier->later : &table->earliest) =
	    ask->later;
	*(ask->later != NULL ? &ask->later->earlier : &table->latest) =
	    ask->earlier;
	free(ask);
}
