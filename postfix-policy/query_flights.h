/* query_flights.h - lookups that are on their way for questions
 *
 * The inside of query.h: how they begin, who is answered when they end, what
 * is kept, and what is looked up before it ends.
 */
#ifndef POLICY_QUERY_FLIGHTS_H
#define POLICY_QUERY_FLIGHTS_H

#include <pthread.h>

#include "postfix-policy/counters.h"
#include "postfix-policy/flight.h"
#include "postfix-policy/query.h"

struct answer_cache;
struct arena;

struct query {
	struct query_options options;
	struct server *server;
	struct answer_cache *cache;
	struct flight_table table;
	struct arena *scratch;
	struct text parents[TLS_DIALECTS]; /* replies; in an arena of theirs */
	struct arena *parents_arena;
	unsigned dialects; /* bits of those that were asked */
	uint64_t epoch;	   /* of settings and overrides */
	uint64_t share_generation;
	int64_t share_look_ms, told_ms;
	uint32_t random; /* spreads work, and keeps no secret */

	bool has_news;	      /* something of what follows is set; atomic */
	pthread_mutex_t lock; /* of what follows */
	struct flight *done;
	bool is_changed;
	struct lookup new_lookup;
	int64_t new_deadline_ms;
};

/* One answer on its way to one client. */
struct reply {
	struct connection *connection;
	struct text key;
	enum tls_dialect dialect;
	enum answer_source source;
	struct text frame;
	bool tells;
	bool is_known;	    /* in another dialect, or not to be told */
	struct text told;   /* empty: no more than its words */
	struct text domain; /* with that */
};

void query_send_reply(struct query *query, const struct reply *reply);

/* Where a dialect stands in lists of replies. */
unsigned query_place_of(enum tls_dialect dialect);

/* NULL when there is no room for one more. */
struct flight *query_begin_flight(struct query *query, struct text name,
				  const struct nexthop *nexthop,
				  enum flight_reason reason, int64_t now_ms);

/* Those that have ended: their answers are kept, who waits is answered. */
void query_finish_flights(struct query *query, int64_t now_ms);

/* Those who have waited for long enough are told so. */
void query_answer_late(struct query *query, int64_t now_ms);

/* What is in use and about to end is looked up again. */
void query_look_ahead(struct query *query, int64_t now_ms);

#endif
