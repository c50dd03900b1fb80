#include "base/dns_memo.h"

#include "base/arena.h"
#include "base/limits.h"

struct dns_memo {
	struct resolver resolver;
	struct resolver for_dmarc;
	struct resolver *inner;
	struct arena *arena;
	struct dns_question **asked;
	size_t count, room;
};

static struct dns_question *
find_asked(struct dns_memo *memo, const struct dns_question *question)
{
	size_t i;

	for (i = 0; i < memo->count; i++)
		if (memo->asked[i]->type == question->type &&
		    text_equal(memo->asked[i]->name, question->name))
			return memo->asked[i];
	return NULL;
}

static void
remember(struct dns_memo *memo, struct dns_question *question)
{
	struct dns_question **grown;

	if (memo->count == memo->room) {
		memo->room = memo->room > 0 ? memo->room * 2 : 8;
		grown = arena_new_array(memo->arena, struct dns_question *,
					memo->room);
		if (memo->count > 0)
			memcpy(grown, memo->asked,
			       memo->count * sizeof(*grown));
		memo->asked = grown;
	}
	memo->asked[memo->count++] = question;
}

static void
take_answer(struct dns_question *question, const struct dns_question *from)
{
	question->answered = from->answered;
	question->answer = from->answer;
}

static void
ask_within(struct dns_memo *memo, struct dns_question *question, size_t limit)
{
	struct dns_question *inner = find_asked(memo, question);

	if (inner == NULL && memo->count >= limit) {
		question->answer.status = DNS_TEMPFAIL;
		question->answer.reason = "too many questions for one message";
		question->answered = true;
		return;
	}
	if (inner == NULL) {
		inner = dns_ask(memo->arena, memo->inner, question->name,
				question->type);
		remember(memo, inner);
	}
	question->state = inner;
	take_answer(question, inner);
}

static void
memo_ask(struct resolver *resolver, struct dns_question *question)
{
	ask_within((struct dns_memo *)resolver, question, LIMIT_DNS_QUESTIONS);
}

static void
memo_ask_for_dmarc(struct resolver *resolver, struct dns_question *question)
{
	char *at = (char *)resolver - offsetof(struct dns_memo, for_dmarc);

	ask_within((struct dns_memo *)(void *)at, question,
		   LIMIT_DNS_QUESTIONS + LIMIT_DNS_QUESTIONS_DMARC);
}

static void
memo_wait(struct resolver *resolver, struct dns_question *question,
	  struct deadline deadline)
{
	struct dns_question *inner = question->state;

	dns_wait(inner, deadline, NULL);
	take_answer(question, inner);
}

struct dns_memo *
dns_memo_new(struct arena *arena, struct resolver *inner)
{
	struct dns_memo *memo = arena_new_value(arena, struct dns_memo);

	memo->resolver.ask = memo_ask;
	memo->resolver.wait = memo_wait;
	memo->for_dmarc.ask = memo_ask_for_dmarc;
	memo->for_dmarc.wait = memo_wait;
	memo->inner = inner;
	memo->arena = arena;
	return memo;
}

struct resolver *
dns_memo_resolver(struct dns_memo *memo)
{
	return &memo->resolver;
}

struct resolver *
dns_memo_dmarc_resolver(struct dns_memo *memo)
{
	return &memo->for_dmarc;
}

size_t
dns_memo_count(const struct dns_memo *memo)
{
	return memo->count;
}

const struct dns_question *
dns_memo_question(const struct dns_memo *memo, size_t index)
{
	return memo->asked[index];
}
