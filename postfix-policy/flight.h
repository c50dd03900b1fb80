/* flight.h - a lookup on its way, and who waits for it
 *
 * The inside of query.h.
 */
#ifndef POLICY_FLIGHT_H
#define POLICY_FLIGHT_H

#include "base/limits.h"
#include "postfix-policy/lookup.h"
#include "postfix-policy/worker_pool.h"

struct connection;
struct flight;
struct query;

/* A domain, and ":65535". */
#define FLIGHT_NAME_BYTES (LIMIT_DOMAIN_BYTES + 7)

/* One connection's question. */
struct ask {
	struct connection *connection;
	struct flight *flight;
	struct ask *next, *previous; /* of the same flight */
	struct ask *later, *earlier; /* in the order of deadlines */
	int64_t deadline_ms;
	enum tls_dialect dialect;
	size_t key_bytes;
	char key[]; /* as asked */
};

enum flight_reason {
	FLIGHT_ASKED, /* somebody waits for what is not known */
	FLIGHT_AGAIN, /* somebody waits, and most of it is known */
	FLIGHT_AHEAD  /* what is in use is about to end */
};

struct flight {
	struct work work;    /* must be first */
	struct flight *next; /* in the bucket */
	struct flight *done_next;
	struct query *query;
	struct ask *asks;
	uint64_t epoch; /* of what holds, at its beginning */
	struct lookup lookup;
	struct nexthop nexthop; /* borrows from the arena */
	enum flight_reason reason;
	uint32_t old_life_ms; /* AHEAD: of the answer that ends; not for
				 the lookup */
	bool wants_told;
	bool is_late; /* somebody could not wait */
	struct arena *arena;
	struct lookup_result result;
	size_t name_bytes;
	char name[FLIGHT_NAME_BYTES];
};

#define FLIGHT_BUCKETS 1024

struct flight_table {
	struct flight *buckets[FLIGHT_BUCKETS];
	struct ask *earliest, *latest;
	size_t flights;
};

struct flight *flight_find(const struct flight_table *table, struct text name);
/* A new one, not yet begun. */
struct flight *flight_add(struct flight_table *table, struct text name);
/* Takes it out of the table; nobody may wait for it. */
void flight_remove(struct flight_table *table, struct flight *flight);
/* Its memory. */
void flight_free(struct flight *flight);

struct ask *ask_add(struct flight_table *table, struct flight *flight,
		    struct text key, int64_t deadline_ms);
void ask_remove(struct flight_table *table, struct ask *ask);

#endif
