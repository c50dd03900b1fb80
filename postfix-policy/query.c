#include "postfix-policy/query.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "base/xalloc.h"
#include "io/clock.h"
#include "io/in_work.h"
#include "io/log.h"
#include "postfix-policy/answer_cache.h"
#include "postfix-policy/feed.h"
#include "postfix-policy/query_flights.h"
#include "postfix-policy/share.h"

#define SHARE_LOOK_MS 1000
/* Parents come after each "not found" and are no question for anybody. */
static void
make_parents(struct query *query)
{
	struct nexthop nexthop;
	struct text reply;
	unsigned i;

	query->parents_arena = arena_new();
	for (i = 0; i < TLS_DIALECTS; i++)
		if (lookup_at_once(&query->options.lookup, query->scratch,
				   TEXT(".parent"), tls_dialect_at(i), &nexthop,
				   &reply))
			query->parents[i] =
			    lookup_frame(query->parents_arena, reply);
}

struct query *
query_new(const struct query_options *options, struct server *server)
{
	struct query *query = xcalloc(1, sizeof(*query));

	query->options = *options;
	query->server = server;
	query->scratch = arena_new();
	query->cache =
	    answer_cache_new(options->cache_entries, options->cache_bytes);
	pthread_mutex_init(&query->lock, NULL);
	make_parents(query);
	return query;
}

void
query_free(struct query *query)
{
	struct flight *flight, *next;

	if (query == NULL)
		return;
	for (flight = query->done; flight != NULL; flight = next) {
		next = flight->next;
		flight_free(flight);
	}
	answer_cache_free(query->cache);
	arena_free(query->parents_arena);
	arena_free(query->scratch);
	pthread_mutex_destroy(&query->lock);
	free(query);
}

/* --- questions --- */

/* The name of most keys as they are; false for all others. */
static bool
fold_plain(struct text key, char *to, struct text *name)
{
	size_t length = key.len, i;

	if (length > 0 && key.at[length - 1] == '.')
		length--;
	if (length == 0 || length > LIMIT_DOMAIN_BYTES)
		return false;
	for (i = 0; i < length; i++) {
		char c = ascii_lower(key.at[i]);

		if (!ascii_is_alnum(c) && c != '-' && c != '.' && c != '_')
			return false;
		to[i] = c;
	}
	*name = text_of(to, length);
	return true;
}

static struct text
name_of(struct arena *arena, const struct nexthop *nexthop)
{
	struct text domain = nexthop->domain.name;

	if (nexthop->port == NEXTHOP_PORT)
		return domain;
	return text_from(arena_printf(arena, TEXT_FMT ":%u", TEXT_ARG(domain),
				      nexthop->port));
}

static bool
answer_from_cache(struct query *query, struct reply *reply, struct text name)
{
	int64_t now_ms = server_now_ms(reply->connection);
	struct answer answer;

	if (!answer_cache_find(query->cache, name, now_ms, &answer))
		return false;
	reply->frame = answer.replies[query_place_of(reply->dialect)];
	reply->tells = answer.tells;
	reply->told = answer.told;
	reply->source = ANSWER_FROM_CACHE;
	/* a dialect that nobody asked before, or a collector that has come
	 * since: it is looked up again, most of it from other caches */
	reply->is_known = true;
	if (reply->frame.len == 0 ||
	    (answer.tells && answer.told.len == 0 &&
	     feed_is_heard(query->options.feed, now_ms)))
		return false;
	query_send_reply(query, reply);
	return true;
}

static enum server_step
answer_full(struct query *query, struct reply *reply)
{
	reply->frame = lookup_frame(
	    query->scratch, TEXT("TEMP too many destinations are being looked "
				 "up; try again"));
	reply->source = ANSWER_FROM_DEADLINE;
	reply->tells = true;
	query_send_reply(query, reply);
	return SERVER_ANSWERED;
}

static enum server_step
wait_for_lookup(struct query *query, struct reply *reply, struct text name,
		const struct nexthop *nexthop)
{
	int64_t now_ms = server_now_ms(reply->connection);
	struct flight *flight = flight_find(&query->table, name);
	struct ask **own = connection_own(reply->connection);

	if (flight == NULL)
		flight = query_begin_flight(
		    query, name, nexthop,
		    reply->is_known ? FLIGHT_AGAIN : FLIGHT_ASKED, now_ms);
	else
		worker_pool_hurry(query->options.pool, &flight->work);
	if (flight == NULL) {
		reply->domain = nexthop->domain.name;
		return answer_full(query, reply);
	}
	*own = ask_add(&query->table, flight, reply->key,
		       now_ms + query->options.deadline_ms);
	(*own)->connection = reply->connection;
	(*own)->dialect = reply->dialect;
	return SERVER_WAITING;
}

static enum server_step
answer_passed_over(struct query *query, struct reply *reply)
{
	arena_reset(query->scratch);
	reply->frame = lookup_frame(query->scratch, TEXT(LOOKUP_PASSED_OVER));
	reply->source = ANSWER_FROM_RULE;
	query_send_reply(query, reply);
	return SERVER_ANSWERED;
}

static enum server_step
ask_slowly(struct query *query, struct reply *reply)
{
	struct nexthop nexthop;
	struct text payload, name;

	arena_reset(query->scratch);
	if (lookup_at_once(&query->options.lookup, query->scratch, reply->key,
			   reply->dialect, &nexthop, &payload)) {
		reply->domain = nexthop.domain.name;
		reply->frame = lookup_frame(query->scratch, payload);
		reply->source = ANSWER_FROM_RULE;
		reply->tells = !text_starts(payload, TEXT("NOTFOUND"));
		query_send_reply(query, reply);
		return SERVER_ANSWERED;
	}
	name = name_of(query->scratch, &nexthop);
	if (answer_from_cache(query, reply, name))
		return SERVER_ANSWERED;
	return wait_for_lookup(query, reply, name, &nexthop);
}

enum server_step
query_ask(struct query *query, struct connection *connection, struct text key,
	  enum tls_dialect dialect)
{
	struct reply reply = {
	    .connection = connection,
	    .key = key,
	    .dialect = dialect,
	};
	char folded[LIMIT_DOMAIN_BYTES];
	enum server_step step;
	struct text name;

	query->dialects |= 1u << query_place_of(dialect);
	if (key.len > 0 && key.at[0] == '.') {
		reply.frame = query->parents[query_place_of(dialect)];
		reply.source = ANSWER_FROM_RULE;
		if (reply.frame.len > 0) {
			query_send_reply(query, &reply);
			return SERVER_ANSWERED;
		}
	}
	if (fold_plain(key, folded, &name) &&
	    answer_from_cache(query, &reply, name))
		return SERVER_ANSWERED;
	if (in_work_try("the key", key, key))
		step = ask_slowly(query, &reply);
	else
		step = answer_passed_over(query, &reply);
	in_work_done();
	return step;
}

void
query_gone(struct query *query, struct connection *connection)
{
	struct ask **own = connection_own(connection);

	if (*own != NULL)
		ask_remove(&query->table, *own);
	*own = NULL;
}

static void
forget_all(struct query *query)
{
	query->epoch++;
	answer_cache_clear(query->cache);
}

static void
look_at_overrides(struct query *query, int64_t now_ms)
{
	struct share *share = query->options.lookup.share;
	uint64_t generation;

	if (share == NULL || now_ms < query->share_look_ms)
		return;
	query->share_look_ms = now_ms + SHARE_LOOK_MS;
	generation = share_generation(share);
	if (generation == query->share_generation)
		return;
	query->share_generation = generation;
	forget_all(query);
}

static void
take_change(struct query *query)
{
	bool is_changed;

	pthread_mutex_lock(&query->lock);
	is_changed = query->is_changed;
	query->is_changed = false;
	if (is_changed) {
		query->options.lookup = query->new_lookup;
		query->options.deadline_ms = query->new_deadline_ms;
	}
	pthread_mutex_unlock(&query->lock);
	if (is_changed)
		forget_all(query);
}

void
query_change(struct query *query, const struct lookup *lookup,
	     int64_t deadline_ms)
{
	pthread_mutex_lock(&query->lock);
	query->new_lookup = *lookup;
	query->new_deadline_ms = deadline_ms;
	query->is_changed = true;
	__atomic_store_n(&query->has_news, true, __ATOMIC_RELEASE);
	pthread_mutex_unlock(&query->lock);
	server_wake(query->server);
}

int64_t
query_tick(struct query *query, int64_t now_ms)
{
	int64_t next_ms;

	if (__atomic_load_n(&query->has_news, __ATOMIC_ACQUIRE) &&
	    __atomic_exchange_n(&query->has_news, false, __ATOMIC_ACQ_REL)) {
		take_change(query);
		query_finish_flights(query, now_ms);
	}
	look_at_overrides(query, now_ms);
	query_answer_late(query, now_ms);
	query_look_ahead(query, now_ms);
	counters_cache(answer_cache_entries(query->cache),
		       answer_cache_bytes(query->cache));
	next_ms = answer_cache_next_ms(query->cache);
	if (query->table.earliest != NULL &&
	    query->table.earliest->deadline_ms < next_ms)
		next_ms = query->table.earliest->deadline_ms;
	if (query->options.lookup.share != NULL && next_ms != INT64_MAX &&
	    query->share_look_ms < next_ms)
		next_ms = query->share_look_ms;
	return next_ms;
}
