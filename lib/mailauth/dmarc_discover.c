#include "mailauth/dmarc_discover.h"

#include <assert.h>

#include "base/arena.h"
#include "base/limits.h"
#include "base/publicsuffix.h"

/* what one name of a walk was found to hold */
enum step_state {
	STEP_OPEN = 0,
	STEP_EMPTY,   /* no record */
	STEP_SEVERAL, /* discarded (section 4.10 steps 2 and 6) */
	STEP_RECORD,
	STEP_TEMPERROR
};

struct step {
	struct domain domain;
	struct dns_question *question;
	enum step_state state;
	const struct dns_answer *answer;
	struct dmarc_record record;
};

/* The names from one domain towards the root, in order.  All are asked at
 * once; how many answers were used is counted. */
struct walk {
	struct domain start;
	struct step steps[LIMIT_DMARC_WALK];
	size_t count, used;
	enum dns_security security;
	struct walk *next;
};

struct dmarc_discovery {
	struct arena *arena;
	struct resolver *resolver;
	enum dmarc_method method;
	const struct public_suffix_list *list;
	struct walk *walks;
};

struct dmarc_discovery *
dmarc_discovery_new(struct arena *arena, struct resolver *resolver,
		    enum dmarc_method method,
		    const struct public_suffix_list *list)
{
	struct dmarc_discovery *discovery =
	    arena_new_value(arena, struct dmarc_discovery);

	assert(method == DMARC_TREEWALK || list != NULL);
	discovery->arena = arena;
	discovery->resolver = resolver;
	discovery->method = method;
	discovery->list = list;
	return discovery;
}

static struct text
record_name(struct arena *arena, struct domain domain)
{
	static const char prefix[] = "_dmarc.";
	size_t len = sizeof(prefix) - 1;
	char *name = arena_bytes(arena, len + domain.name.len);

	memcpy(name, prefix, len);
	memcpy(name + len, domain.name.at, domain.name.len);
	return text_of(name, len + domain.name.len);
}

static void
add_step(struct dmarc_discovery *d, struct walk *walk, struct domain domain)
{
	struct step *step = &walk->steps[walk->count++];

	step->domain = domain;
	step->question = dns_ask(d->arena, d->resolver,
				 record_name(d->arena, domain), DNS_TXT);
}

/* Section 4.10: steps 3, 4 and 7 give the names. */
static void
add_tree_walk(struct dmarc_discovery *d, struct walk *walk)
{
	size_t labels = domain_labels(walk->start);

	add_step(d, walk, walk->start);
	if (labels > LIMIT_DMARC_WALK)
		labels = LIMIT_DMARC_WALK;
	while (--labels > 0)
		add_step(d, walk, domain_last_labels(walk->start, labels));
}

/* RFC 7489 section 6.6.3 */
static void
add_psl_names(struct dmarc_discovery *d, struct walk *walk)
{
	struct domain organizational =
	    public_suffix_organizational(d->list, walk->start);

	add_step(d, walk, walk->start);
	if (!domain_equal(organizational, walk->start))
		add_step(d, walk, organizational);
}

static struct walk *
find_walk(const struct dmarc_discovery *d, struct domain domain)
{
	struct walk *walk;

	for (walk = d->walks; walk != NULL; walk = walk->next)
		if (domain_equal(walk->start, domain))
			return walk;
	return NULL;
}

static struct walk *
walk_of(struct dmarc_discovery *d, struct domain domain)
{
	struct walk *walk = find_walk(d, domain);

	assert(domain_is_set(domain));
	if (walk != NULL)
		return walk;
	walk = arena_new_value(d->arena, struct walk);
	walk->start = domain;
	walk->security = DNS_SECURE;
	walk->next = d->walks;
	d->walks = walk;
	switch (d->method) {
	case DMARC_TREEWALK:
		add_tree_walk(d, walk);
		break;
	case DMARC_PSL:
		add_psl_names(d, walk);
		break;
	}
	return walk;
}

void
dmarc_discovery_begin(struct dmarc_discovery *discovery, struct domain domain)
{
	walk_of(discovery, domain);
}

/* Records that are not DMARC's are discarded, and several that are. */
static enum step_state
read_records(struct arena *arena, struct step *step)
{
	const struct dns_answer *answer = step->answer;
	struct text found = {NULL, 0};
	size_t count = 0, i;

	for (i = 0; i < answer->count; i++)
		if (dmarc_record_is(answer->records[i].text)) {
			found = answer->records[i].text;
			count++;
		}
	if (count > 1)
		return STEP_SEVERAL;
	if (count == 0 ||
	    !dmarc_record_parse(arena, found, &step->record, NULL))
		return STEP_EMPTY;
	return STEP_RECORD;
}

static enum step_state
look_at(struct dmarc_discovery *d, struct walk *walk, size_t index,
	struct deadline deadline)
{
	struct step *step = &walk->steps[index];

	if (step->state != STEP_OPEN)
		return step->state;
	walk->used = index + 1;
	switch (dns_wait(step->question, deadline, &step->answer)) {
	case DNS_FOUND:
		step->state = read_records(d->arena, step);
		break;
	case DNS_NODATA:
	case DNS_NXDOMAIN:
		step->state = STEP_EMPTY;
		break;
	case DNS_TEMPFAIL:
	case DNS_BOGUS:
		step->state = STEP_TEMPERROR;
		break;
	}
	walk->security =
	    dns_security_weaker(walk->security, step->answer->security);
	return step->state;
}

/* what a whole walk says; indices are steps, `count` stands for none */
struct outcome {
	struct domain organizational;
	size_t organizational_step, psd_step;
};

static void
choose(const struct walk *walk, size_t index, struct outcome *outcome)
{
	const struct step *step = &walk->steps[index];
	size_t labels = domain_labels(step->domain), i;

	outcome->organizational = step->domain;
	outcome->organizational_step = index;
	if (index == 0 || step->record.psd != DMARC_PSD_YES)
		return;
	/* section 4.10.2 rule 2: one label below */
	outcome->psd_step = index;
	outcome->organizational = domain_last_labels(walk->start, labels + 1);
	outcome->organizational_step = walk->count;
	for (i = 0; i < index; i++)
		if (walk->steps[i].state == STEP_RECORD &&
		    domain_equal(walk->steps[i].domain,
				 outcome->organizational))
			outcome->organizational_step = i;
}

/* Walks until psd=y, psd=n or the root; false if a name in between could not
 * be asked. */
static bool
walk_tree(struct dmarc_discovery *d, struct walk *walk,
	  struct deadline deadline, struct outcome *outcome)
{
	size_t i;

	outcome->organizational = walk->start;
	outcome->organizational_step = outcome->psd_step = walk->count;
	for (i = 0; i < walk->count; i++) {
		switch (look_at(d, walk, i, deadline)) {
		case STEP_OPEN:
		case STEP_TEMPERROR:
			return false;
		case STEP_EMPTY:
		case STEP_SEVERAL:
			continue;
		case STEP_RECORD:
			break;
		}
		choose(walk, i, outcome);
		if (walk->steps[i].record.psd != DMARC_PSD_UNKNOWN)
			break;
	}
	return true;
}

static void
take_record(const struct step *step, struct dmarc_policy_found *found)
{
	found->policy_domain = step->domain;
	found->record = step->record;
	if (step->record.applies) {
		found->found = DMARC_LOOKUP_FOUND;
		return;
	}
	found->found = DMARC_LOOKUP_NONE;
	found->reason = "record without a valid policy and without rua";
}

static void
say_temperror(const struct walk *walk, struct dmarc_policy_found *found)
{
	const struct dns_answer *answer = walk->steps[walk->used - 1].answer;

	found->found = DMARC_LOOKUP_TEMPERROR;
	found->reason =
	    answer->reason != NULL ? answer->reason : "DNS gave no answer";
}

/* No record of its own: that of the organizational domain, else that of the
 * public suffix domain. */
static void
take_tree_policy(struct dmarc_discovery *d, struct walk *walk,
		 struct deadline deadline, struct dmarc_policy_found *found)
{
	struct outcome outcome;

	if (!walk_tree(d, walk, deadline, &outcome)) {
		say_temperror(walk, found);
		return;
	}
	found->organizational = outcome.organizational;
	if (outcome.organizational_step < walk->count)
		take_record(&walk->steps[outcome.organizational_step], found);
	else if (outcome.psd_step < walk->count)
		take_record(&walk->steps[outcome.psd_step], found);
}

/* RFC 7489 section 6.6.3: the organizational domain is asked if the author
 * domain has no record at all. */
static void
take_psl_policy(struct dmarc_discovery *d, struct walk *walk,
		struct deadline deadline, struct dmarc_policy_found *found)
{
	if (walk->steps[0].state == STEP_SEVERAL || walk->count == 1)
		return;
	switch (look_at(d, walk, 1, deadline)) {
	case STEP_OPEN:
	case STEP_TEMPERROR:
		say_temperror(walk, found);
		break;
	case STEP_SEVERAL:
		found->reason = "several records";
		break;
	case STEP_EMPTY:
		break;
	case STEP_RECORD:
		take_record(&walk->steps[1], found);
		break;
	}
}

void
dmarc_discover_policy(struct dmarc_discovery *discovery, struct domain author,
		      struct deadline deadline,
		      struct dmarc_policy_found *found)
{
	struct walk *walk = walk_of(discovery, author);
	enum step_state own = look_at(discovery, walk, 0, deadline);

	*found = (struct dmarc_policy_found){.found = DMARC_LOOKUP_NONE,
					     .reason = "no record"};
	if (own == STEP_SEVERAL)
		found->reason = "several records";
	if (discovery->method == DMARC_PSL)
		found->organizational =
		    public_suffix_organizational(discovery->list, author);
	if (own == STEP_RECORD)
		take_record(&walk->steps[0], found);
	else if (own == STEP_TEMPERROR)
		say_temperror(walk, found);
	else if (discovery->method == DMARC_PSL)
		take_psl_policy(discovery, walk, deadline, found);
	else
		take_tree_policy(discovery, walk, deadline, found);
	if (found->found == DMARC_LOOKUP_FOUND)
		found->reason = NULL;
	found->security = walk->security;
}

bool
dmarc_discover_organizational(struct dmarc_discovery *discovery,
			      struct domain domain, struct deadline deadline,
			      struct domain *organizational)
{
	struct outcome outcome;

	if (discovery->method == DMARC_PSL) {
		*organizational =
		    public_suffix_organizational(discovery->list, domain);
		return true;
	}
	if (!walk_tree(discovery, walk_of(discovery, domain), deadline,
		       &outcome))
		return false;
	*organizational = outcome.organizational;
	return true;
}

enum dmarc_method
dmarc_discovery_method(const struct dmarc_discovery *discovery)
{
	return discovery->method;
}

bool
dmarc_discovery_shows_existence(const struct dmarc_discovery *discovery,
				struct domain domain)
{
	const struct walk *walk = find_walk(discovery, domain);
	const struct dns_answer *answer =
	    walk != NULL ? walk->steps[0].answer : NULL;

	return answer != NULL &&
	       (answer->status == DNS_FOUND || answer->status == DNS_NODATA);
}

enum dns_security
dmarc_discovery_security(const struct dmarc_discovery *discovery,
			 struct domain domain)
{
	const struct walk *walk = find_walk(discovery, domain);

	return walk != NULL ? walk->security : DNS_SECURE;
}

bool
dmarc_discovery_step(const struct dmarc_discovery *discovery,
		     struct domain domain, size_t index, struct text *name)
{
	const struct walk *walk = find_walk(discovery, domain);

	if (walk == NULL || index >= walk->used)
		return false;
	*name = walk->steps[index].question->name;
	return true;
}
