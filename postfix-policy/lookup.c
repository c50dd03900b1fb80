#include "postfix-policy/lookup.h"

#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/dns.h"
#include "base/limits.h"
#include "base/netstring.h"
#include "base/why.h"
#include "io/clock.h"
#include "mailtls/tls_answer.h"
#include "mailtls/tls_facts.h"
#include "postfix-policy/lookup_tell.h"
#include "postfix-policy/share.h"
#include "postfix-policy/sts_cache.h"

/* Nothing that failed is kept for longer: the outage may be over. */
#define FAILURE_LIFE_MS 5000
#define SHORTEST_LIFE_MS 1000

/* One that cannot be read says nothing of a level, and makes the mail wait: it
 * was meant to say something. */
static const struct tls_override *
find_override(const struct lookup *lookup, struct arena *arena,
	      struct domain domain, int64_t now_s)
{
	struct tls_override *override;
	struct share_override found;

	if (lookup->share == NULL || !domain_is_set(domain) ||
	    !share_override_get(lookup->share, arena, domain, now_s, &found))
		return NULL;
	override = arena_new_value(arena, struct tls_override);
	override->domain = found.domain;
	override->is_parent = found.is_parent;
	override->reason = found.reason;
	override->until_s = found.until_s != 0 ? found.until_s : INT64_MAX;
	if (!tls_override_level(found.level, override, NULL) ||
	    (found.match.len > 0 &&
	     !tls_override_match(arena, found.match, override, NULL)))
		override->level = TLS_LEVEL_UNSET;
	return override;
}

struct text
lookup_frame(struct arena *arena, struct text payload)
{
	char *frame =
	    arena_bytes(arena, payload.len + NETSTRING_FRAME_BYTES + 1);
	size_t length = netstring_head(frame, payload.len);

	memcpy(frame + length, payload.at, payload.len);
	frame[length + payload.len] = ',';
	return text_of(frame, length + payload.len + 1);
}

static struct text
write_reply(struct arena *arena, const struct tls_policy *policy,
	    enum tls_dialect dialect)
{
	struct buf reply;

	buf_init(&reply, arena, LIMIT_SOCKETMAP_REPLY_BYTES);
	tls_reply_write(&reply, policy, dialect);
	return buf_view(&reply);
}

bool
lookup_at_once(const struct lookup *lookup, struct arena *arena,
	       struct text key, enum tls_dialect dialect,
	       struct nexthop *nexthop, struct text *reply)
{
	struct tls_facts facts = {0};
	struct tls_policy policy;

	nexthop_parse(arena, key, &facts.nexthop, NULL);
	*nexthop = facts.nexthop;
	facts.override = find_override(lookup, arena, facts.nexthop.domain,
				       clock_unix_ms() / 1000);
	if (tls_policy_needs(&facts.nexthop, facts.override))
		return false;
	tls_policy_choose(arena, &facts, &lookup->choice, &policy);
	*reply = write_reply(arena, &policy, dialect);
	return true;
}

/* --- with questions --- */

/* Long enough to start a fetch, and to end one of a host that is near. */
#define STS_FIRST_MS 200

static void
get_sts(const struct lookup *lookup, struct arena *arena, struct domain domain,
	struct deadline deadline, struct sts_state *sts)
{
	sts_cache_get(lookup->sts, arena, lookup->resolver, domain,
		      clock_unix_ms(), deadline, sts);
}

/* With DANE for every host the policy is of use to Sendmail and reports alone:
 * a policy host that hangs holds no mail up. */
static struct deadline
sts_deadline(const struct lookup *lookup, const struct destination *destination,
	     struct deadline deadline)
{
	if (destination->dane != DANE_ALL ||
	    lookup->choice.dane_and_sts == TLS_LEVEL_SECURE)
		return deadline;
	return deadline_earlier(deadline,
				clock_deadline_in(lookup->patience_ms));
}

/* All that can be asked at once is on its way before anything is waited for
 * long. */
static void
find_facts(const struct lookup *lookup, struct arena *arena,
	   const struct nexthop *nexthop, struct tls_facts *facts)
{
	struct destination *destination =
	    arena_new_value(arena, struct destination);
	struct sts_state *sts = arena_new_value(arena, struct sts_state);
	struct deadline deadline = clock_deadline_in(lookup->timeout_ms);
	struct destination_inquiry *inquiry = destination_begin(
	    arena, lookup->resolver, nexthop->domain, nexthop->port);

	get_sts(lookup, arena, nexthop->domain, clock_deadline_in(STS_FIRST_MS),
		sts);
	destination_finish(inquiry, deadline, destination);
	if (sts->result == STS_TEMPERROR || sts->fallback)
		get_sts(lookup, arena, nexthop->domain,
			sts_deadline(lookup, destination, deadline), sts);
	facts->destination = destination;
	facts->sts = sts;
}

static struct text
write_told(struct arena *arena, const struct tls_facts *facts,
	   const struct tls_policy *policy)
{
	struct buf told;

	buf_init(&told, arena, LIMIT_TLS_ANSWER_BYTES);
	tls_answer_write_end(arena, facts, policy, &told);
	return buf_view(&told);
}

static int64_t
life_of(const struct lookup *lookup, const struct tls_policy *policy)
{
	int64_t life_ms = (int64_t)policy->ttl_s * 1000;

	if (policy->verdict == TLS_VERDICT_TEMP)
		return FAILURE_LIFE_MS;
	if (life_ms > lookup->longest_ms)
		return lookup->longest_ms;
	return life_ms > SHORTEST_LIFE_MS ? life_ms : SHORTEST_LIFE_MS;
}

void
lookup_run(const struct lookup *lookup, struct arena *arena,
	   const struct nexthop *nexthop, bool is_new, bool wants_told,
	   struct lookup_result *result)
{
	struct tls_facts facts = {.nexthop = *nexthop};
	int64_t begun_ms = clock_monotonic_ms();
	struct tls_policy policy;
	unsigned i;

	facts.override = find_override(lookup, arena, nexthop->domain,
				       clock_unix_ms() / 1000);
	if (tls_policy_needs(nexthop, facts.override))
		find_facts(lookup, arena, nexthop, &facts);
	tls_policy_choose(arena, &facts, &lookup->choice, &policy);
	memset(result, 0, sizeof(*result));
	for (i = 0; i < TLS_DIALECTS; i++)
		result->replies[i] = lookup_frame(
		    arena, write_reply(arena, &policy, tls_dialect_at(i)));
	result->verdict = policy.verdict;
	result->life_ms = life_of(lookup, &policy);
	result->tells = tls_answer_matters(&policy, &facts);
	if (result->tells && wants_told)
		result->told = write_told(arena, &facts, &policy);
	lookup_tell_all(lookup, arena, &facts, &policy,
			&(struct lookup_spent){
			    .is_new = is_new,
			    .spent_ms = clock_monotonic_ms() - begun_ms,
			    .life_ms = result->life_ms,
			});
}

void
lookup_pass_over(struct arena *arena, struct lookup_result *result)
{
	unsigned i;

	memset(result, 0, sizeof(*result));
	for (i = 0; i < TLS_DIALECTS; i++)
		result->replies[i] =
		    lookup_frame(arena, TEXT(LOOKUP_PASSED_OVER));
	result->verdict = TLS_VERDICT_TEMP;
	result->life_ms = FAILURE_LIFE_MS;
}
