/* cases_spf.c - t/cases/spf
 *
 * ask:  ip (of the client), helo, from (MAIL FROM; absent or "" for the HELO
 *       identity), receiver, now (seconds)
 * want: a result of RFC 7208 section 2.6; domain, explanation, lookups, void,
 *       security, questions (sent in all)
 */
#include "base/arena.h"
#include "base/dns_memo.h"
#include "mailauth/spf.h"
#include "t/unit/cases.h"

static const struct deadline any_time = {INT64_MAX};

static void
tell_number(struct case_run *run, const char *key, size_t number)
{
	case_tell(run, key, text_from(arena_printf(run->arena, "%zu", number)));
}

static void
run_spf(struct case_run *run)
{
	struct dns_memo *memo = dns_memo_new(run->arena, run->resolver);
	struct spf_query query = {
	    .helo = case_asked_or(run, "helo", "mx.example.net"),
	    .sender = case_asked(run, "from"),
	    .receiver = case_asked(run, "receiver"),
	};
	struct spf_verdict verdict;
	uint64_t now = 0;

	ipaddr_parse(case_asked(run, "ip"), &query.client);
	text_to_u64(case_asked(run, "now"), INT64_MAX, &now);
	query.now_s = (int64_t)now;
	spf_finish(spf_begin(run->arena, dns_memo_resolver(memo), &query),
		   any_time, &verdict);
	run->result = spf_result_name(verdict.result);
	case_tell(run, "domain", verdict.domain);
	case_tell(run, "explanation", verdict.explanation);
	case_tell(run, "reason", text_from(verdict.reason));
	case_tell(run, "security",
		  text_from(dns_security_name(verdict.security)));
	tell_number(run, "lookups", verdict.lookups);
	tell_number(run, "void", verdict.void_lookups);
	tell_number(run, "questions", dns_memo_count(memo));
}

/* How much a result speaks for the sender. */
static int
rank(const char *result)
{
	static const char *const rising[] = {
	    "permerror", "temperror", "fail", "softfail",
	    "none",	 "neutral",   "pass", NULL};
	int i;

	for (i = 0; rising[i] != NULL; i++)
		if (strcmp(result, rising[i]) == 0)
			break;
	return i;
}

static bool
is_better(const char *now, const char *before)
{
	return rank(now) > rank(before);
}

static const char *const keys[] = {"ip",       "helo", "from",
				   "receiver", "now",  NULL};

const struct case_area case_area_spf = {"spf", keys, run_spf, is_better};
