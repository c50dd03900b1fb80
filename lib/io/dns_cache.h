/* dns_cache.h - finished answers, kept for a part of their time to live
 *
 * Bounded in entries and bytes; the least recently used leaves first.
 * Threads meet only when their names fall into the same of 16 parts.  An
 * entry ends at nine tenths of its TTL: a message may use an answer for a while
 * after it got it.  Only answers that hold are kept: FOUND, NODATA and
 * NXDOMAIN.
 */
#ifndef IO_DNS_CACHE_H
#define IO_DNS_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/dns.h"

struct arena;
struct dns_cache;

/* An entry is never older than this, whatever its TTL: a mistake in
 * somebody's zone that was mended is not believed for longer. */
#define DNS_CACHE_TTL_S 3600
/* The same for "is not there": a record that was just published counts soon. */
#define DNS_CACHE_NEGATIVE_S 600

struct dns_cache *dns_cache_new(size_t most_entries);
void dns_cache_free(struct dns_cache *cache);

/* `name` in lower case.  On a hit the answer is copied into the arena, with
 * what is left of its TTL. */
bool dns_cache_get(struct dns_cache *cache, struct text name,
		   enum dns_type type, int64_t now_ms, struct arena *arena,
		   struct dns_answer *answer);

/* Copies the answer; one that must not be kept (TEMPFAIL, BOGUS, TTL 0, very
 * large) is passed over. */
void dns_cache_put(struct dns_cache *cache, struct text name,
		   enum dns_type type, int64_t now_ms,
		   const struct dns_answer *answer);

/* Entries and bytes held now: for metrics and tests. */
size_t dns_cache_entries(struct dns_cache *cache);
size_t dns_cache_bytes(struct dns_cache *cache);

#endif
