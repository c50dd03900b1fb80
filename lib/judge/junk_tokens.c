#include "judge/junk_tokens.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/crypto.h"
#include "base/limits.h"

/* a power of two, at most half full */
#define SLOTS 65536u
#define SLOTS_FIRST 1024u

struct junk_set {
	struct arena *arena;
	struct text *slots;
	size_t slot_count, count;
	bool cut;
};

int64_t
junk_word_id(struct text word)
{
	unsigned char digest[32];
	uint64_t id = 0;
	int i;

	crypto_sha256(word, digest);
	for (i = 0; i < 8; i++)
		id = id << 8 | digest[i];
	return (int64_t)id;
}

struct junk_set *
junk_set_new(struct arena *arena)
{
	struct junk_set *set = arena_new_value(arena, struct junk_set);

	set->arena = arena;
	set->slot_count = SLOTS_FIRST;
	set->slots = arena_new_array(arena, struct text, SLOTS_FIRST);
	return set;
}

/* FNV-1a over both; the spread of the slots alone hangs on it, and a sender
 * who makes words collide gains no more than LIMIT_JUNK_TOKENS / 2 looks for
 * each of them. */
static uint64_t
hash_more(uint64_t hash, struct text text)
{
	size_t i;

	for (i = 0; i < text.len; i++)
		hash = (hash ^ (unsigned char)text.at[i]) * 0x100000001b3u;
	return hash;
}

static bool
is_both(struct text whole, struct text prefix, struct text word)
{
	return whole.len == prefix.len + word.len &&
	       text_starts(whole, prefix) &&
	       text_equal(text_skip(whole, prefix.len), word);
}

/* Where the word is, or the empty slot where it belongs. */
static struct text *
find_slot(const struct junk_set *set, struct text prefix, struct text word)
{
	uint64_t hash = hash_more(hash_more(0xcbf29ce484222325u, prefix), word);
	size_t i = (size_t)(hash ^ hash >> 32) & (set->slot_count - 1);

	while (set->slots[i].len > 0 && !is_both(set->slots[i], prefix, word))
		i = (i + 1) & (set->slot_count - 1);
	return &set->slots[i];
}

static void
grow(struct junk_set *set)
{
	struct text *old = set->slots;
	size_t count = set->slot_count, i;

	set->slot_count = count * 4 < SLOTS ? count * 4 : SLOTS;
	set->slots = arena_new_array(set->arena, struct text, set->slot_count);
	for (i = 0; i < count; i++)
		if (old[i].len > 0)
			*find_slot(set, text_of("", 0), old[i]) = old[i];
}

static struct text
joined(struct arena *arena, struct text prefix, struct text word)
{
	char *at = arena_bytes(arena, prefix.len + word.len);

	if (prefix.len > 0)
		memcpy(at, prefix.at, prefix.len);
	if (word.len > 0)
		memcpy(at + prefix.len, word.at, word.len);
	return text_of(at, prefix.len + word.len);
}

void
junk_set_add(struct junk_set *set, struct text prefix, struct text word)
{
	struct text *slot;

	if (prefix.len + word.len == 0)
		return;
	slot = find_slot(set, prefix, word);
	if (slot->len > 0)
		return;
	if (set->count == LIMIT_JUNK_TOKENS) {
		set->cut = true;
		return;
	}
	*slot = joined(set->arena, prefix, word);
	set->count++;
	if (set->count * 2 > set->slot_count)
		grow(set);
}

static int
compare_tokens(const void *a, const void *b)
{
	const struct junk_token *left = a, *right = b;

	if (left->id != right->id)
		return left->id < right->id ? -1 : 1;
	return text_compare(left->word, right->word);
}

/* Two words of one number are one row: somebody who looks for such words
 * finds some. */
static size_t
without_twins(struct junk_token *at, size_t count)
{
	size_t i, kept = 0;

	for (i = 0; i < count; i++)
		if (kept == 0 || at[kept - 1].id != at[i].id)
			at[kept++] = at[i];
	return kept;
}

void
junk_set_finish(struct junk_set *set, struct junk_tokens *tokens)
{
	size_t i, count = 0;

	tokens->at = arena_new_array(set->arena, struct junk_token,
				     set->count > 0 ? set->count : 1);
	for (i = 0; i < set->slot_count; i++) {
		if (set->slots[i].len == 0)
			continue;
		tokens->at[count].word = set->slots[i];
		tokens->at[count++].id = junk_word_id(set->slots[i]);
	}
	qsort(tokens->at, count, sizeof(*tokens->at), compare_tokens);
	tokens->count = without_twins(tokens->at, count);
	tokens->cut = set->cut;
}
