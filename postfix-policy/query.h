/* query.h - questions to the socketmap, from key to reply
 *
 * In the thread that serves.  What the cache knows is answered at once; all
 * who ask for the same destination, in whatever dialect, wait for one lookup.
 * Who has waited for the deadline is told to try again, while the lookup goes
 * on and fills the cache.  What is in use is looked up again shortly before
 * it ends.
 */
#ifndef POLICY_QUERY_H
#define POLICY_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "postfix-policy/lookup.h"
#include "postfix-policy/server.h"

struct feed;
struct query;
struct worker_pool;

struct query_options {
	struct lookup lookup;
	int64_t deadline_ms;
	size_t cache_entries, cache_bytes;
	struct worker_pool *pool;
	struct feed *feed;
};

/* `server` is woken when a lookup has ended. */
struct query *query_new(const struct query_options *options,
			struct server *server);
/* No lookup may be running. */
void query_free(struct query *query);

/* For the protocol: SERVER_ANSWERED or SERVER_WAITING. */
enum server_step query_ask(struct query *query, struct connection *connection,
			   struct text key, enum tls_dialect dialect);
void query_gone(struct query *query, struct connection *connection);

/* In each round; when it wants to be called again. */
int64_t query_tick(struct query *query, int64_t now_ms);

/* From the next round on `lookup` and `deadline_ms` hold, and all that is
 * known is asked again.  Any thread. */
void query_change(struct query *query, const struct lookup *lookup,
		  int64_t deadline_ms);

/* Work of the pool that was not begun. */
struct work;
void query_drop(struct work *work);

#endif
