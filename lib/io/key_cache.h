/* key_cache.h - public RSA keys that were built a moment ago
 *
 * Building a key and what the library computes for its first use cost as much
 * as a third of the verification itself, and most mail comes from few senders.
 * A key is found by the very bytes that it is built from: nothing here can be
 * out of date.  At most LIMIT_CACHED_KEYS are held; what was not used for the
 * longest time makes room.  Any thread may call.
 */
#ifndef IO_KEY_CACHE_H
#define IO_KEY_CACHE_H

#include "base/crypto.h"

struct key_cache;

struct key_cache *key_cache_new(void);
/* NULL is allowed.  Keys that were handed out stay valid. */
void key_cache_free(struct key_cache *cache);

/* For dkim_options; ends with the cache. */
struct public_key_source *key_cache_source(struct key_cache *cache);

/* How many are held: for tests. */
size_t key_cache_count(struct key_cache *cache);

#endif
