#include "base/dns_zone.h"

#include "base/arena.h"
#include "base/dns_zone_read.h"
#include "base/limits.h"

#define CNAMES_MAX 8

struct dns_zone {
	struct resolver resolver;
	struct dns_zone_entry *first;
	unsigned questions;
	int fail_index;
};

/* True if `name` is `above` or below it; the root is above all. */
static bool
is_within(struct text name, struct text above)
{
	struct text tail;

	if (above.len == 0)
		return true;
	if (name.len < above.len)
		return false;
	tail = text_skip(name, name.len - above.len);
	return text_equal(tail, above) &&
	       (tail.at == name.at || tail.at[-1] == '.');
}

/* An entry at the name, or else one below it; NULL if the name is not. */
static const struct dns_zone_entry *
entry_near(const struct dns_zone *zone, struct text name)
{
	const struct dns_zone_entry *entry, *below = NULL;

	for (entry = zone->first; entry != NULL; entry = entry->next) {
		if (text_equal(entry->owner, name))
			return entry;
		if (below == NULL && is_within(entry->owner, name))
			below = entry;
	}
	return below;
}

static struct text
parent_of(struct text name)
{
	return text_skip(name, text_find(name, '.') + 1);
}

/* The owner whose entries answer for a name: itself or the wildcard of its
 * closest encloser (RFC 4592).  False if it does not exist; *encloser is
 * then the entry that speaks for the zone around it. */
static bool
find_owner(struct arena *arena, const struct dns_zone *zone, struct text *name,
	   const struct dns_zone_entry **encloser)
{
	struct text above = *name, wildcard;

	*encloser = entry_near(zone, above);
	if (*encloser != NULL)
		return true;
	do {
		above = parent_of(above);
		*encloser = entry_near(zone, above);
	} while (*encloser == NULL && above.len > 0);
	if (*encloser == NULL || above.len == 0)
		return false;
	wildcard =
	    text_from(arena_printf(arena, "*." TEXT_FMT, TEXT_ARG(above)));
	if (entry_near(zone, wildcard) == NULL)
		return false;
	*name = wildcard;
	return true;
}

/* How a question about this owner ends on request; NULL if it does not. */
static const struct dns_zone_entry *
find_ending(const struct dns_zone *zone, struct text owner, enum dns_type type)
{
	const struct dns_zone_entry *entry, *any = NULL;
	bool listed = false;

	for (entry = zone->first; entry != NULL; entry = entry->next) {
		if (!text_equal(entry->owner, owner))
			continue;
		if (entry->type == 0)
			any = entry;
		if (entry->type != (uint16_t)type)
			continue;
		if (entry->status != DNS_FOUND)
			return entry;
		listed = true;
	}
	return listed ? NULL : any;
}

static void
end_question(const struct dns_zone_entry *ending, struct dns_answer *answer)
{
	answer->status = ending->status;
	answer->reason = ending->reason;
	answer->ttl_s = 0;
	answer->security =
	    ending->status == DNS_BOGUS
		? DNS_SECURITY_BOGUS
		: dns_security_weaker(answer->security, ending->security);
	if (ending->status == DNS_TEMPFAIL)
		answer->security = DNS_SECURITY_UNKNOWN;
}

static void
note(const struct dns_zone_entry *entry, struct dns_answer *answer)
{
	answer->security =
	    dns_security_weaker(answer->security, entry->security);
	if (entry->ttl_s < answer->ttl_s)
		answer->ttl_s = entry->ttl_s;
}

/* Puts the records of one owner and type into the answer. */
static bool
take_records(struct arena *arena, const struct dns_zone *zone,
	     struct text owner, enum dns_type type, struct dns_answer *answer)
{
	const struct dns_zone_entry *entry;
	struct dns_record *records = NULL;

	for (entry = zone->first; entry != NULL; entry = entry->next) {
		if (entry->type != (uint16_t)type ||
		    !text_equal(entry->owner, owner))
			continue;
		if (answer->count == LIMIT_DNS_RECORDS)
			break;
		if (records == NULL)
			records = arena_new_array(arena, struct dns_record,
						  LIMIT_DNS_RECORDS);
		records[answer->count++] = entry->record;
		note(entry, answer);
	}
	answer->records = records;
	return answer->count > 0;
}

static const struct dns_zone_entry *
find_cname(const struct dns_zone *zone, struct text owner)
{
	const struct dns_zone_entry *entry;

	for (entry = zone->first; entry != NULL; entry = entry->next)
		if (entry->type == DNS_CNAME && entry->status == DNS_FOUND &&
		    text_equal(entry->owner, owner))
			return entry;
	return NULL;
}

static void
say_absent(const struct dns_zone_entry *entry, enum dns_status status,
	   struct dns_answer *answer)
{
	answer->status = status;
	answer->security = dns_security_weaker(
	    answer->security, entry != NULL ? entry->security : DNS_INSECURE);
	answer->ttl_s = 0;
}

/* One name of a chain; true if there is another one to look at. */
static bool
answer_name(struct arena *arena, const struct dns_zone *zone, struct text *name,
	    enum dns_type type, struct dns_answer *answer)
{
	const struct dns_zone_entry *entry, *ending, *cname;
	struct text owner = *name;

	if (!find_owner(arena, zone, &owner, &entry)) {
		say_absent(entry, DNS_NXDOMAIN, answer);
		return false;
	}
	ending = find_ending(zone, owner, type);
	if (ending != NULL) {
		end_question(ending, answer);
		return false;
	}
	if (take_records(arena, zone, owner, type, answer)) {
		answer->status = DNS_FOUND;
		return false;
	}
	cname = find_cname(zone, owner);
	if (cname == NULL) {
		say_absent(entry, DNS_NODATA, answer);
		return false;
	}
	note(cname, answer);
	*name = text_lower(arena, cname->record.name);
	return true;
}

static void
zone_ask(struct resolver *resolver, struct dns_question *question)
{
	struct dns_zone *zone = (struct dns_zone *)resolver;
	struct dns_answer *answer = &question->answer;
	struct text name = question->name;
	int followed = 0;

	*answer =
	    (struct dns_answer){.security = DNS_SECURE, .ttl_s = UINT32_MAX};
	question->answered = true;
	if (zone->questions++ == (unsigned)zone->fail_index) {
		*answer = (struct dns_answer){.status = DNS_TEMPFAIL,
					      .reason = "made to fail"};
		return;
	}
	while (
	    answer_name(question->arena, zone, &name, question->type, answer))
		if (++followed > CNAMES_MAX) {
			*answer =
			    (struct dns_answer){.status = DNS_TEMPFAIL,
						.reason = "too many CNAMEs"};
			return;
		}
}

/* Every answer is there before anybody can wait. */
static void
zone_wait(struct resolver *resolver, struct dns_question *question,
	  struct deadline deadline)
{
}

struct dns_zone *
dns_zone_parse(struct arena *arena, struct text text, struct why *why)
{
	struct dns_zone *zone = arena_new_value(arena, struct dns_zone);

	zone->resolver.ask = zone_ask;
	zone->resolver.wait = zone_wait;
	zone->fail_index = -1;
	return dns_zone_read(arena, text, &zone->first, why) ? zone : NULL;
}

struct resolver *
dns_zone_resolver(struct dns_zone *zone)
{
	return &zone->resolver;
}

void
dns_zone_fail_question(struct dns_zone *zone, int index)
{
	zone->fail_index = index;
	zone->questions = 0;
}

unsigned
dns_zone_questions(const struct dns_zone *zone)
{
	return zone->questions;
}
