#include "milter/failure_limit.h"

#include <stdatomic.h>

#include "base/ascii.h"
#include "base/xalloc.h"

#define SLOTS 1024

/* The minute in the upper half, what was told in it in the lower. */
struct counter {
	_Atomic uint64_t minute_and_count;
	_Atomic uint64_t left_out;
};

struct failure_limit {
	struct counter all, slots[SLOTS];
};

struct failure_limit *
failure_limit_new(void)
{
	return xcalloc(1, sizeof(struct failure_limit));
}

void
failure_limit_free(struct failure_limit *limit)
{
	free(limit);
}

/* FNV-1a */
static struct counter *
slot_of(struct failure_limit *limit, struct text domain)
{
	uint32_t hash = 2166136261u;
	size_t i;

	for (i = 0; i < domain.len; i++)
		hash = (hash ^ (unsigned char)ascii_lower(domain.at[i])) *
		       16777619u;
	return &limit->slots[(hash ^ hash >> 16) % SLOTS];
}

static bool
count(struct counter *counter, uint32_t minute, uint32_t most)
{
	uint64_t was = atomic_load(&counter->minute_and_count), next;

	do {
		next =
		    was >> 32 == minute ? was + 1 : (uint64_t)minute << 32 | 1;
		if ((uint32_t)next > most)
			return false;
	} while (!atomic_compare_exchange_weak(&counter->minute_and_count, &was,
					       next));
	return true;
}

bool
failure_limit_take(struct failure_limit *limit, struct text domain,
		   int64_t now_s, uint64_t *left_out)
{
	struct counter *slot = slot_of(limit, domain);
	uint32_t minute = (uint32_t)(now_s / 60);

	if (!count(slot, minute, FAILURE_LIMIT_DOMAIN) ||
	    !count(&limit->all, minute, FAILURE_LIMIT_ALL)) {
		atomic_fetch_add(&slot->left_out, 1);
		*left_out = 0;
		return false;
	}
	*left_out = atomic_exchange(&slot->left_out, 0);
	return true;
}
