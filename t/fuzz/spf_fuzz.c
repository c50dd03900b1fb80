/* A whole check in a world that the input describes: its lines are the TXT
 * records, of which each name gets the one its hash chooses; every name has
 * addresses, MX and PTR records. */
#include <assert.h>

#include "base/arena.h"
#include "base/limits.h"
#include "base/scan.h"
#include "mailauth/spf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LINES_MAX 16
/* policy, terms, MX hosts, PTR with its names, sent ahead, exp= */
#define QUESTIONS_MAX (1 + 10 + 100 + 11 + LIMIT_SPF_AHEAD + 1)

struct world {
	struct resolver resolver;
	struct text lines[LINES_MAX];
	size_t count;
	unsigned questions;
};

static const struct deadline any_time = {INT64_MAX};

static unsigned
hash_of(struct text name)
{
	unsigned hash = 5381;
	size_t i;

	for (i = 0; i < name.len; i++)
		hash = hash * 33 + (unsigned char)name.at[i];
	return hash >> 3;
}

/* Twelve hosts for some MX, which is above the limit. */
static void
give_names(struct dns_question *question, unsigned hash)
{
	size_t count = 1 + hash % 12, i;
	struct dns_record *records =
	    arena_new_array(question->arena, struct dns_record, count);

	for (i = 0; i < count; i++)
		records[i].name = text_from(
		    arena_printf(question->arena, "h%zu.example.com", i));
	question->answer.records = records;
	question->answer.count = count;
}

static void
world_ask(struct resolver *resolver, struct dns_question *question)
{
	struct world *world = (struct world *)resolver;
	unsigned hash = hash_of(question->name);
	struct dns_record *record =
	    arena_new_value(question->arena, struct dns_record);

	world->questions++;
	question->answered = true;
	question->answer.status = hash % 16 == 0 ? DNS_NXDOMAIN : DNS_FOUND;
	question->answer.records = record;
	question->answer.count = question->answer.status == DNS_FOUND;
	if (question->answer.status != DNS_FOUND)
		return;
	if (question->type == DNS_TXT)
		record->text = world->lines[hash % world->count];
	else if (question->type == DNS_MX || question->type == DNS_PTR)
		give_names(question, hash);
	else
		ipaddr_parse(question->type == DNS_AAAA ? TEXT("2001:db8::1")
							: TEXT("192.0.2.9"),
			     &record->address);
}

static void
world_wait(struct resolver *resolver, struct dns_question *question,
	   struct deadline deadline)
{
}

static void
check_as(struct world *world, const char *client, struct text sender)
{
	struct arena *arena = arena_new();
	struct spf_query query = {.sender = sender, .helo = sender};
	struct spf_verdict verdict;
	size_t i;

	world->questions = 0;
	assert(ipaddr_parse(text_from(client), &query.client));
	spf_finish(spf_begin(arena, &world->resolver, &query), any_time,
		   &verdict);
	assert(verdict.result != SPF_NOT_EVALUATED);
	assert(verdict.reason != NULL);
	assert(verdict.lookups <= LIMIT_SPF_TERMS);
	assert(world->questions <= QUESTIONS_MAX);
	assert(verdict.explanation.len <= LIMIT_SPF_EXPLANATION_BYTES);
	assert(verdict.explanation.len == 0 || verdict.result == SPF_FAIL);
	for (i = 0; i < verdict.explanation.len; i++)
		assert(verdict.explanation.at[i] >= ' ' &&
		       verdict.explanation.at[i] <= '~');
	arena_free(arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct world world = {.resolver = {world_ask, world_wait}};
	struct scan in;

	scan_init(&in, text_of((const char *)data, size));
	do
		world.lines[world.count++] = scan_until(&in, '\n');
	while (!scan_at_end(&in) && world.count < LINES_MAX);
	check_as(&world, "192.0.2.9", TEXT("a-b+c@example.com"));
	check_as(&world, "2001:db8::2", TEXT("x@y.example.net"));
	check_as(&world, "192.0.2.1", world.lines[world.count - 1]);
	return 0;
}
