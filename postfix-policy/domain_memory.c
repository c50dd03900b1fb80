#include "postfix-policy/domain_memory.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/xalloc.h"

#define FIRST_SLOTS 256
#define DAY_S 86400

struct slot {
	uint64_t domain; /* digest; 0: free */
	uint32_t decision;
	uint16_t facts, day;
};

struct domain_memory {
	pthread_mutex_t lock;
	struct slot *slots;
	size_t count, used, most; /* slots: a power of two */
	uint64_t seed;
};

static uint64_t
digest(const struct domain_memory *memory, struct text text)
{
	uint64_t hash = memory->seed ^ text.len;
	size_t i;

	for (i = 0; i < text.len; i++) {
		hash = (hash ^ (unsigned char)text.at[i]) * 0x100000001b3u;
		hash ^= hash >> 29;
	}
	hash *= 0xd6e8feb86659fd93u;
	return (hash ^ (hash >> 32)) | 1;
}

struct domain_memory *
domain_memory_new(size_t most_domains)
{
	struct domain_memory *memory = xcalloc(1, sizeof(*memory));

	pthread_mutex_init(&memory->lock, NULL);
	memory->most = most_domains;
	memory->count = FIRST_SLOTS;
	memory->slots = xcalloc(memory->count, sizeof(struct slot));
	if (getrandom(&memory->seed, sizeof(memory->seed), 0) < 0)
		memory->seed = (uintptr_t)memory;
	return memory;
}

void
domain_memory_free(struct domain_memory *memory)
{
	if (memory == NULL)
		return;
	pthread_mutex_destroy(&memory->lock);
	free(memory->slots);
	free(memory);
}

/* The domain's own slot, or the free one where it belongs. */
static struct slot *
slot_of(struct slot *slots, size_t count, uint64_t domain)
{
	size_t at = (size_t)(domain >> 16) & (count - 1);

	while (slots[at].domain != 0 && slots[at].domain != domain)
		at = (at + 1) & (count - 1);
	return &slots[at];
}

static void
grow(struct domain_memory *memory)
{
	size_t count = memory->count * 2, i;
	struct slot *slots = xcalloc(count, sizeof(struct slot));

	for (i = 0; i < memory->count; i++)
		if (memory->slots[i].domain != 0)
			*slot_of(slots, count, memory->slots[i].domain) =
			    memory->slots[i];
	free(memory->slots);
	memory->slots = slots;
	memory->count = count;
}

static struct slot *
find_slot(struct domain_memory *memory, uint64_t domain)
{
	struct slot *slot = slot_of(memory->slots, memory->count, domain);

	if (slot->domain != 0)
		return slot;
	if (memory->used >= memory->most) {
		memset(memory->slots, 0, memory->count * sizeof(struct slot));
		memory->used = 0;
	} else if (memory->used * 4 >= memory->count * 3) {
		grow(memory);
	}
	memory->used++;
	slot = slot_of(memory->slots, memory->count, domain);
	slot->domain = domain;
	return slot;
}

struct domain_news
domain_memory_note(struct domain_memory *memory, struct text domain,
		   struct text decision, struct text facts, int64_t now_s)
{
	uint32_t decided = (uint32_t)digest(memory, decision);
	uint16_t found = (uint16_t)(digest(memory, facts) >> 8);
	uint16_t day = (uint16_t)(now_s / DAY_S);
	struct domain_news news = {false, false};
	struct slot *slot;

	pthread_mutex_lock(&memory->lock);
	slot = find_slot(memory, digest(memory, domain));
	news.decision = slot->decision != decided;
	slot->decision = decided;
	if (facts.len > 0) {
		news.facts = slot->facts != found || slot->day != day;
		slot->facts = found;
		slot->day = day;
	}
	pthread_mutex_unlock(&memory->lock);
	return news;
}
