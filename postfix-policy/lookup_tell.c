#include "postfix-policy/lookup_tell.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/limits.h"
#include "base/uuid.h"
#include "base/why.h"
#include "io/clock.h"
#include "io/log.h"
#include "io/random.h"
#include "io/spool.h"
#include "mailtls/tls_event.h"
#include "mailtls/tls_facts.h"
#include "mailtls/tls_policy.h"
#include "postfix-policy/domain_memory.h"
#include "postfix-policy/lookup.h"

/* --- the log --- */

static const char *
decision_word(const struct tls_policy *policy)
{
	switch (policy->verdict) {
	case TLS_VERDICT_LEVEL:
		return tls_level_name(policy->level);
	case TLS_VERDICT_NONE:
		return "none";
	case TLS_VERDICT_TEMP:
	case TLS_VERDICT_UNSET:
		break;
	}
	return "temp";
}

static void
log_decision(struct arena *arena, const struct tls_facts *facts,
	     const struct tls_policy *policy, const struct lookup_spent *spent)
{
	struct buf line;

	buf_init(&line, arena, LIMIT_LOG_LINE_BYTES);
	log_pair(&line, "domain", policy->domain.name);
	if (facts->nexthop.port != NEXTHOP_PORT)
		buf_printf(&line, " port=%u", facts->nexthop.port);
	log_pair(&line, "decision", text_from(decision_word(policy)));
	log_pair(&line, "ground", text_from(tls_ground_name(policy->ground)));
	if (facts->destination != NULL)
		log_pair(&line, "dane",
			 text_from(dane_state_name(facts->destination->dane)));
	if (facts->sts != NULL && facts->sts->result == STS_PRESENT)
		log_pair(&line, "sts",
			 text_from(sts_mode_name(facts->sts->policy.mode)));
	else if (facts->sts != NULL)
		log_pair(&line, "sts",
			 text_from(sts_result_name(facts->sts->result)));
	if (facts->sts != NULL && facts->sts->failure != STS_FAILURE_NONE)
		log_pair(&line, "sts_failure", text_from(facts->sts->detail));
	log_pair(&line, "why", text_from(policy->why));
	buf_printf(&line, " ms=%lld life=%llds", (long long)spent->spent_ms,
		   (long long)((spent->life_ms + 999) / 1000));
	if (!spent->is_new)
		log_pair(&line, "seen", TEXT("again"));
	log_line(policy->verdict == TLS_VERDICT_TEMP ? LOG_LEVEL_WARNING
						     : LOG_LEVEL_INFO,
		 TEXT_FMT, TEXT_ARG(buf_view(&line)));
}

/* --- the spool --- */

static const char *
dane_word(const struct destination *destination)
{
	switch (destination->dane) {
	case DANE_ALL:
		return "all";
	case DANE_SOME:
		return "some";
	case DANE_UNUSABLE:
		return "unusable";
	case DANE_NONE:
		return "none";
	case DANE_UNKNOWN:
		return "error";
	case DANE_NOT_EVALUATED:
		break;
	}
	return destination->state == DESTINATION_UNKNOWN ? "error" : "none";
}

static const char *
sts_word(const struct sts_state *sts)
{
	switch (sts->result) {
	case STS_PRESENT:
		return sts_mode_name(sts->policy.mode);
	case STS_ABSENT:
		return "absent";
	case STS_TEMPERROR:
		return "error";
	case STS_NOT_EVALUATED:
		break;
	}
	return NULL;
}

static enum tls_seen
dnssec_of(const struct destination *destination)
{
	if (destination->state == DESTINATION_UNKNOWN)
		return TLS_SEEN_ERROR;
	return destination->mx_security == DNS_SECURE ? TLS_SEEN_YES
						      : TLS_SEEN_NO;
}

static void
append_event(const struct lookup *lookup, struct arena *arena,
	     const struct tls_domain *domain)
{
	int64_t now_ms = clock_unix_ms();
	struct tls_event event = {
	    .at_ms = now_ms,
	    .host = text_from(lookup->host),
	    .program = "signet-policy",
	};
	unsigned char random[10] = {0};
	char id[UUID_STRING_BYTES];
	struct buf line;
	struct why why;

	random_fill(random, sizeof(random));
	uuid7_write(now_ms, random, id);
	event.id = id;
	buf_init(&line, arena, LIMIT_EVENT_BYTES);
	tls_domain_write(arena, &event, domain, &line);
	if (buf_ok(&line) &&
	    !spool_append(lookup->spool, buf_view(&line), &why))
		log_warning("what was found of a domain is not kept: %s",
			    why.text);
}

/* --- both --- */

/* What makes two decisions the same. */
static struct text
decision_digest(struct arena *arena, const struct tls_policy *policy)
{
	struct buf digest;

	buf_init(&digest, arena, LIMIT_EVENT_BYTES);
	buf_printf(&digest, "%d %d %d ", policy->verdict, policy->ground,
		   policy->level);
	buf_text(&digest, policy->sts_file);
	return buf_view(&digest);
}

void
lookup_tell_all(const struct lookup *lookup, struct arena *arena,
		const struct tls_facts *facts, const struct tls_policy *policy,
		const struct lookup_spent *spent)
{
	struct tls_domain domain = {
	    .domain = policy->domain.name,
	    .level = decision_word(policy),
	};
	struct text found = {NULL, 0};
	struct domain_news news;

	if (facts->destination != NULL && facts->sts != NULL) {
		domain.mx_dnssec = dnssec_of(facts->destination);
		domain.dane = dane_word(facts->destination);
		domain.sts = sts_word(facts->sts);
		found = text_from(arena_printf(
		    arena, "%s %s %s %d", domain.level, domain.dane,
		    domain.sts != NULL ? domain.sts : "", domain.mx_dnssec));
	}
	news = domain_memory_note(lookup->memory, policy->domain.name,
				  decision_digest(arena, policy), found,
				  clock_unix_ms() / 1000);
	if (spent->is_new || news.decision || log_wants_debug())
		log_decision(arena, facts, policy, spent);
	if (news.facts && lookup->spool != NULL)
		append_event(lookup, arena, &domain);
}
