#include "postfix-policy/query_flights.h"

#include "base/arena.h"
#include "io/clock.h"
#include "io/in_work.h"
#include "io/log.h"
#include "postfix-policy/answer_cache.h"
#include "postfix-policy/feed.h"

#define TELL_MS 10000
/* A look ahead that failed is tried again, as long as what is known holds. */
#define LOOK_AGAIN_MS 5000

_Static_assert(ANSWER_DIALECTS == (int)TLS_DIALECTS, "as many replies");

unsigned
query_place_of(enum tls_dialect dialect)
{
	return (unsigned)dialect - TLS_DIALECT_POLICY;
}

/* --- replies --- */

static struct text
payload_of(struct text frame)
{
	struct text payload = text_skip(frame, text_find(frame, ':') + 1);

	return text_first(payload, payload.len > 0 ? payload.len - 1 : 0);
}

/* An answer that is no bare "not found" is told, even if nothing more is
 * known than its words. */
static void
tell_feed(struct query *query, const struct reply *reply)
{
	struct feed_answer answer = {
	    .peer = connection_peer(reply->connection),
	    .key = reply->key,
	    .map = text_from(tls_dialect_name(reply->dialect)),
	    .reply = payload_of(reply->frame),
	    .rest = reply->told,
	};

	/* a domain is made of letters, digits, hyphens and dots */
	if (answer.rest.len == 0)
		answer.rest = text_from(arena_printf(query->scratch,
						     "\"domain\":\"" TEXT_FMT
						     "\",\"policy\":null}",
						     TEXT_ARG(reply->domain)));
	feed_tell(query->options.feed, &answer,
		  server_now_ms(reply->connection));
}

void
query_send_reply(struct query *query, const struct reply *reply)
{
	counters_answer(reply->dialect, reply->source, reply->frame);
	if (reply->tells)
		tell_feed(query, reply);
	server_reply(reply->connection, reply->frame);
}

/* --- lookups --- */

/* In a thread of the pool. */
static void
run_flight(struct work *work)
{
	struct flight *flight = (struct flight *)work;
	struct query *query = flight->query;
	int64_t begun_ms = clock_monotonic_ms();

	if (in_work_try("the destination", flight->nexthop.domain.name,
			flight->nexthop.domain.name))
		lookup_run(&flight->lookup, flight->arena, &flight->nexthop,
			   flight->reason == FLIGHT_ASKED, flight->wants_told,
			   &flight->result);
	else
		lookup_pass_over(flight->arena, &flight->result);
	in_work_done();
	counters_lookup(flight->reason == FLIGHT_AHEAD,
			clock_monotonic_ms() - begun_ms);
	pthread_mutex_lock(&query->lock);
	flight->done_next = query->done;
	query->done = flight;
	__atomic_store_n(&query->has_news, true, __ATOMIC_RELEASE);
	pthread_mutex_unlock(&query->lock);
	server_wake(query->server);
}

void
query_drop(struct work *work)
{
	flight_free((struct flight *)work);
}

static void
tell_full(struct query *query, int64_t now_ms)
{
	if (query->told_ms != 0 && now_ms - query->told_ms < TELL_MS)
		return;
	query->told_ms = now_ms;
	log_warning("too many destinations are being looked up (%zu): others "
		    "are told to try again; see [policy] lookups",
		    query->table.flights);
}

/* NULL when there is no room for one more. */
struct flight *
query_begin_flight(struct query *query, struct text name,
		   const struct nexthop *nexthop, enum flight_reason reason,
		   int64_t now_ms)
{
	struct flight *flight = flight_add(&query->table, name);

	flight->work.run = run_flight;
	flight->work.background = reason == FLIGHT_AHEAD;
	flight->reason = reason;
	flight->query = query;
	flight->epoch = query->epoch;
	flight->lookup = query->options.lookup;
	flight->wants_told = feed_is_heard(query->options.feed, now_ms);
	flight->nexthop = *nexthop;
	flight->nexthop.domain.name =
	    text_copy(flight->arena, nexthop->domain.name);
	if (worker_pool_add(query->options.pool, &flight->work))
		return flight;
	flight_remove(&query->table, flight);
	flight_free(flight);
	if (reason != FLIGHT_AHEAD)
		tell_full(query, now_ms);
	return NULL;
}

/* --- what has ended --- */

/* One who waits is answered and forgotten. */
static void
answer_ask(struct query *query, struct ask *ask, struct reply *reply)
{
	struct ask **own = connection_own(ask->connection);

	reply->connection = ask->connection;
	reply->key = text_of(ask->key, ask->key_bytes);
	reply->dialect = ask->dialect;
	*own = NULL;
	query_send_reply(query, reply);
	ask_remove(&query->table, ask);
}

void
query_answer_late(struct query *query, int64_t now_ms)
{
	struct reply reply = {.source = ANSWER_FROM_DEADLINE, .tells = true};
	struct ask *ask;

	while ((ask = query->table.earliest) != NULL &&
	       ask->deadline_ms <= now_ms) {
		struct flight *flight = ask->flight;

		arena_reset(query->scratch);
		reply.frame = lookup_frame(
		    query->scratch,
		    text_from(arena_printf(
			query->scratch,
			"TEMP nothing is known about %.*s yet; it is being "
			"looked up",
			(int)flight->name_bytes, flight->name)));
		reply.domain = flight->nexthop.domain.name;
		if (!flight->is_late)
			log_warning("domain=%.*s is late: who asked is told "
				    "to try again, the lookup goes on",
				    (int)flight->name_bytes, flight->name);
		flight->is_late = true;
		answer_ask(query, ask, &reply);
	}
}

/* A little earlier than the end, and not all at once. */
static int64_t
margin_of(struct query *query, int64_t life_ms)
{
	int64_t margin_ms = life_ms / 10;

	if (margin_ms > 60000)
		margin_ms = 60000;
	query->random = query->random * 1103515245u + 12345u;
	margin_ms += margin_ms * (int64_t)(query->random >> 24) / 256;
	return margin_ms > 250 ? margin_ms : 250;
}

/* What is known stays until its end; it is looked at again before. */
static void
keep_old(struct query *query, struct text name, int64_t now_ms)
{
	struct answer answer;

	if (!answer_cache_find(query->cache, name, now_ms, &answer))
		return;
	answer.used = true;
	answer.again_ms = now_ms + LOOK_AGAIN_MS;
	answer_cache_put(query->cache, &answer);
}

static void
keep(struct query *query, const struct flight *flight, int64_t now_ms)
{
	const struct lookup_result *result = &flight->result;
	bool is_ahead = flight->reason == FLIGHT_AHEAD;
	int64_t life_ms = result->life_ms;
	struct answer answer = {
	    .name = text_of(flight->name, flight->name_bytes),
	    .told = result->told,
	    .tells = result->tells,
	    .life_ms = (uint32_t)life_ms,
	    .ends_ms = now_ms + life_ms,
	    .again_ms = now_ms + life_ms - margin_of(query, life_ms),
	    /* What came out of a cache has the rest of its time: it is not
	     * for the few who ask within that to keep the answer alive. */
	    .used = is_ahead && life_ms * 2 < (int64_t)flight->old_life_ms,
	};
	unsigned i;

	if (flight->epoch != query->epoch)
		return;
	if (result->verdict == TLS_VERDICT_TEMP && is_ahead) {
		keep_old(query, answer.name, now_ms);
		return;
	}
	for (i = 0; i < TLS_DIALECTS; i++)
		if ((query->dialects & 1u << i) != 0)
			answer.replies[i] = result->replies[i];
	answer_cache_put(query->cache, &answer);
}

static void
finish_flight(struct query *query, struct flight *flight, int64_t now_ms)
{
	struct reply reply = {
	    .source = ANSWER_FROM_LOOKUP,
	    .tells = flight->result.tells,
	    .told = flight->result.told,
	};

	flight_remove(&query->table, flight);
	keep(query, flight, now_ms);
	while (flight->asks != NULL) {
		reply.frame =
		    flight->result
			.replies[query_place_of(flight->asks->dialect)];
		answer_ask(query, flight->asks, &reply);
	}
	flight_free(flight);
}

void
query_finish_flights(struct query *query, int64_t now_ms)
{
	struct flight *flight, *next;

	pthread_mutex_lock(&query->lock);
	flight = query->done;
	query->done = NULL;
	pthread_mutex_unlock(&query->lock);
	for (; flight != NULL; flight = next) {
		next = flight->done_next;
		finish_flight(query, flight, now_ms);
	}
}

/* --- looking ahead --- */

void
query_look_ahead(struct query *query, int64_t now_ms)
{
	struct nexthop nexthop;
	struct flight *flight;
	struct answer answer;
	struct text name;

	while (answer_cache_due(query->cache, now_ms, &answer)) {
		if (flight_find(&query->table, answer.name) != NULL)
			continue;
		arena_reset(query->scratch);
		name = text_copy(query->scratch, answer.name);
		nexthop_parse(query->scratch, name, &nexthop, NULL);
		flight = query_begin_flight(query, name, &nexthop, FLIGHT_AHEAD,
					    now_ms);
		if (flight != NULL)
			flight->old_life_ms = answer.life_ms;
	}
}
