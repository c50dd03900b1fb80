#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/limits.h"
#include "mailtls/tls_join_state.h"

#define S INT64_C(1000000)

/* A delivery may wait for each of its replies for minutes. */
#define PENDING_US (3600 * S)
/* Lines of further recipients come at once, or as slowly. */
#define DONE_US (600 * S)

#define BUCKETS 1024

struct tls_join_table {
	struct arena *arena;
	struct tls_join_process *buckets[BUCKETS], *free_ones;
	struct tls_join_process *oldest, *newest;
	size_t count;
	uint64_t forgotten;
};

struct tls_join_table *
tls_join_table_new(struct arena *arena)
{
	struct tls_join_table *table =
	    arena_new_value(arena, struct tls_join_table);

	table->arena = arena;
	return table;
}

static unsigned
bucket_of(const char *host, uint32_t pid)
{
	unsigned hash = pid * 2654435761u;

	for (; *host != '\0'; host++)
		hash = hash * 31 + (unsigned char)*host;
	return (hash >> 8) % BUCKETS;
}

void
tls_join_host_name(struct text host, char to[TLS_JOIN_HOST_BYTES])
{
	host = text_first(host, text_find(host, '.'));
	host = text_first(host, TLS_JOIN_HOST_BYTES - 1);
	if (host.len > 0)
		memcpy(to, host.at, host.len);
	to[host.len] = '\0';
}

void
tls_join_process_clear(struct tls_join_process *process)
{
	arena_reset(process->arena);
	process->sessions = NULL;
	process->sessions_end = &process->sessions;
	process->misses = NULL;
	process->misses_end = &process->misses;
	process->session_count = 0;
	process->miss_count = 0;
}

static void
unlink_age(struct tls_join_table *table, struct tls_join_process *process)
{
	if (process->older != NULL)
		process->older->newer = process->newer;
	else
		table->oldest = process->newer;
	if (process->newer != NULL)
		process->newer->older = process->older;
	else
		table->newest = process->older;
	process->older = process->newer = NULL;
}

static void
link_newest(struct tls_join_table *table, struct tls_join_process *process)
{
	process->older = table->newest;
	process->newer = NULL;
	if (table->newest != NULL)
		table->newest->newer = process;
	else
		table->oldest = process;
	table->newest = process;
}

static void
forget(struct tls_join_table *table, struct tls_join_process *process)
{
	struct tls_join_process **at =
	    &table->buckets[bucket_of(process->host, process->pid)];

	while (*at != process)
		at = &(*at)->same;
	*at = process->same;
	unlink_age(table, process);
	table->forgotten += process->session_count;
	tls_join_process_clear(process);
	arena_reset(process->answer_arena);
	arena_reset(process->spare_arena);
	process->answers = NULL;
	process->same = table->free_ones;
	table->free_ones = process;
	table->count--;
}

static void
end_arena(void *handle)
{
	arena_free(handle);
}

static struct arena *
new_arena(struct tls_join_table *table)
{
	struct arena *arena = arena_new();

	arena_defer(table->arena, end_arena, arena);
	return arena;
}

static struct tls_join_process *
take_free(struct tls_join_table *table)
{
	struct tls_join_process *process;

	if (table->count == LIMIT_TLS_JOIN_PROCESSES)
		forget(table, table->oldest);
	process = table->free_ones;
	if (process != NULL) {
		table->free_ones = process->same;
		return process;
	}
	process = arena_new_value(table->arena, struct tls_join_process);
	process->arena = new_arena(table);
	process->answer_arena = new_arena(table);
	process->spare_arena = new_arena(table);
	return process;
}

struct tls_join_process *
tls_join_table_find(struct tls_join_table *table, const char *host,
		    uint32_t pid)
{
	struct tls_join_process *process = table->buckets[bucket_of(host, pid)];

	while (process != NULL &&
	       (process->pid != pid || strcmp(process->host, host) != 0))
		process = process->same;
	return process;
}

struct tls_join_process *
tls_join_table_get(struct tls_join_table *table, const char *host, uint32_t pid,
		   int64_t at_us)
{
	struct tls_join_process *process =
	    tls_join_table_find(table, host, pid);
	struct tls_join_process **bucket;

	if (process != NULL) {
		unlink_age(table, process);
	} else {
		process = take_free(table);
		tls_join_process_clear(process);
		snprintf(process->host, sizeof(process->host), "%s", host);
		process->pid = pid;
		process->done_id[0] = process->done_at[0] = '\0';
		process->answers = NULL;
		process->copied = 0;
		process->position = UINT64_MAX;
		bucket = &table->buckets[bucket_of(host, pid)];
		process->same = *bucket;
		*bucket = process;
		table->count++;
	}
	link_newest(table, process);
	process->seen_us = at_us;
	return process;
}

bool
tls_join_process_is_pending(const struct tls_join_process *process)
{
	return process->session_count > 0 || process->miss_count > 0;
}

void
tls_join_table_expire(struct tls_join_table *table, int64_t now_us)
{
	struct tls_join_process *process, *newer;

	for (process = table->oldest; process != NULL; process = newer) {
		int64_t age_us = now_us - process->seen_us;

		newer = process->newer;
		if (age_us < DONE_US)
			return;
		if (age_us >= PENDING_US ||
		    !tls_join_process_is_pending(process))
			forget(table, process);
	}
}

uint64_t
tls_join_table_oldest(const struct tls_join_table *table)
{
	uint64_t oldest = UINT64_MAX;
	const struct tls_join_process *process;

	for (process = table->oldest; process != NULL; process = process->newer)
		if (process->position < oldest)
			oldest = process->position;
	return oldest;
}

size_t
tls_join_table_count(const struct tls_join_table *table)
{
	return table->count;
}

uint64_t
tls_join_table_forgotten(const struct tls_join_table *table)
{
	return table->forgotten;
}
