#include "mailtls/tls_problem.h"

#include "base/arena.h"

struct list {
	struct arena *arena;
	struct tls_problem *first, **end;
};

static void
add(struct list *list, const char *type, struct text mx, const char *reason)
{
	struct tls_problem *problem =
	    arena_new_value(list->arena, struct tls_problem);

	*problem = (struct tls_problem){type, mx, reason, NULL};
	*list->end = problem;
	list->end = &problem->next;
}

/* --- DNS --- */

/* RFC 8460 section 4.3.2.1 has words for TLSA alone. */
static void
add_unknown(struct list *list, const struct destination_host *host)
{
	bool bogus = host->failed_status == DNS_BOGUS;

	if (host->failed_type == DNS_TLSA)
		add(list, bogus ? "dnssec-invalid" : "tlsa-invalid",
		    host->name.name,
		    bogus ? "dnssec-bogus" : "tlsa-lookup-failure");
	else if (bogus)
		add(list, "validation-failure", host->name.name,
		    "dnssec-bogus-address");
}

static void
add_host(struct list *list, const struct destination_host *host)
{
	switch (host->state) {
	case HOST_UNKNOWN:
		add_unknown(list, host);
		return;
	case HOST_UNUSABLE:
		add(list, "tlsa-invalid", host->name.name,
		    "all-unusable-records+ignored");
		return;
	case HOST_NOT_EVALUATED:
	case HOST_NO_DANE:
	case HOST_USABLE:
	case HOST_ABSENT:
		return;
	}
}

static void
add_destination(struct list *list, const struct destination *destination)
{
	size_t i;

	if (destination->mx_status == DNS_BOGUS)
		add(list, "validation-failure", text_of(NULL, 0),
		    "dnssec-bogus-mx");
	for (i = 0; i < destination->count; i++)
		add_host(list, &destination->hosts[i]);
}

/* --- MTA-STS --- */

static void
add_mismatches(struct list *list, const struct destination *destination,
	       const struct sts_policy *policy)
{
	size_t i;

	for (i = 0; i < destination->count; i++)
		if (destination->hosts[i].state != HOST_ABSENT &&
		    !sts_policy_match(policy, destination->hosts[i].name))
			add(list, "validation-failure",
			    destination->hosts[i].name.name,
			    "mtasts-policy-mx-mismatch");
}

static void
add_failure(struct list *list, const struct sts_state *sts)
{
	const char *type = sts_failure_type(sts->failure);

	if (type == NULL)
		return;
	if (sts->result == STS_PRESENT)
		add(list, type, text_of(NULL, 0), "fallback-to-cached-policy");
	else if (sts->back_off)
		add(list, type, text_of(NULL, 0),
		    "back-off-after-recent-fetch-error");
	else
		add(list, type, text_of(NULL, 0), NULL);
}

struct tls_problem *
tls_problem_list(struct arena *arena, const struct tls_facts *facts)
{
	struct list list = {.arena = arena};

	list.end = &list.first;
	if (facts->sts != NULL)
		add_failure(&list, facts->sts);
	if (facts->destination == NULL)
		return list.first;
	add_destination(&list, facts->destination);
	if (facts->sts != NULL && facts->sts->result == STS_PRESENT &&
	    facts->sts->policy.mode != STS_MODE_NONE)
		add_mismatches(&list, facts->destination, &facts->sts->policy);
	return list.first;
}
