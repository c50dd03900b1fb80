#include "postfix-policy/explain.h"

#include "base/arena.h"
#include "base/text.h"

static void
take_sts(struct arena *arena, const struct explain_sources *sources,
	 struct resolver *resolver, struct domain domain,
	 struct sts_state *state)
{
	*state =
	    (struct sts_state){.result = STS_TEMPERROR, .detail = "not asked"};
	if (sources->sts != NULL)
		sources->sts(sources->context, arena, resolver, domain,
			     sources->deadline, state);
}

/* As the server does it: the DNS is on its way while MTA-STS is asked. */
static void
gather(struct arena *arena, const struct explain_sources *sources,
       struct explained *explained)
{
	struct destination *destination =
	    arena_new_value(arena, struct destination);
	struct sts_state *sts = arena_new_value(arena, struct sts_state);
	const struct nexthop *nexthop = &explained->facts.nexthop;
	struct destination_inquiry *inquiry;
	struct resolver *resolver;

	explained->dns = dns_memo_new(arena, sources->resolver);
	resolver = dns_memo_resolver(explained->dns);
	inquiry =
	    destination_begin(arena, resolver, nexthop->domain, nexthop->port);
	take_sts(arena, sources, resolver, nexthop->domain, sts);
	destination_finish(inquiry, sources->deadline, destination);
	explained->facts.destination = destination;
	explained->facts.sts = sts;
}

void
explain_look(struct arena *arena, const struct explain_sources *sources,
	     struct text key, struct explained *explained)
{
	struct tls_facts *facts = &explained->facts;

	*explained =
	    (struct explained){.key = text_copy(arena, key),
			       .override_trouble = sources->override_trouble,
			       .now_s = sources->now_s};
	nexthop_parse(arena, explained->key, &facts->nexthop, NULL);
	if (facts->nexthop.kind == NEXTHOP_DOMAIN ||
	    facts->nexthop.kind == NEXTHOP_HOST)
		facts->override = tls_override_find(
		    sources->overrides, sources->override_count,
		    facts->nexthop.domain, sources->now_s);
	if (tls_policy_needs(&facts->nexthop, facts->override))
		gather(arena, sources, explained);
	tls_policy_choose(arena, facts, &sources->options, &explained->policy);
}
