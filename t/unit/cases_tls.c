/* cases_tls.c - t/cases/tls
 *
 * ask:  key (of the socketmap), map (policy-tlsrpt); of MTA-STS: sts (enforce,
 *       testing, none, temperror; absent if not given), mx (patterns with ','),
 *       file (of the policy; '|' ends a line), failure (a word of enum
 *       sts_failure); override ("NAME LEVEL [MATCH]", several with ','),
 *       prefer (dane-only, secure)
 * want: the level, notfound, permerror or temperror; reply, ground, dane,
 *       hosts ("NAME=STATE" with blanks), base (of the first host), problems
 *       ("TYPE[@MX]" with blanks), verified, ttl, why
 *
 * Better, that is weaker, is what protects less.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/limits.h"
#include "base/scan.h"
#include "mailtls/tls_policy.h"
#include "mailtls/tls_problem.h"
#include "mailtls/tls_reply.h"
#include "t/unit/cases.h"

static const struct deadline any_time = {INT64_MAX};

#define NOW_S 1000

/* --- what is asked --- */

static struct text
policy_file(struct case_run *run)
{
	struct text mx = case_asked_or(run, "mx", "mx.example.com");
	struct scan in;
	struct buf to;
	size_t i;

	buf_init(&to, run->arena, 4 * LIMIT_STS_POLICY_BYTES);
	if (case_has(run, "file")) {
		buf_text(&to, case_asked(run, "file"));
		for (i = 0; i < to.len; i++)
			if (to.at[i] == '|')
				to.at[i] = '\n';
		return buf_view(&to);
	}
	buf_printf(&to, "version: STSv1\nmode: " TEXT_FMT "\n",
		   TEXT_ARG(case_asked(run, "sts")));
	for (scan_init(&in, mx); !scan_at_end(&in);) {
		buf_string(&to, "mx: ");
		buf_text(&to, scan_until(&in, ','));
		buf_char(&to, '\n');
	}
	buf_string(&to, "max_age: 86400\n");
	return buf_view(&to);
}

static enum sts_failure
failure_of(struct case_run *run)
{
	struct text word = case_asked_or(run, "failure", "none");
	int failure;

	for (failure = STS_FAILURE_NONE; failure < STS_FAILURE_INVALID;
	     failure++)
		if (text_equal(word, text_from(sts_failure_name(
					 (enum sts_failure)failure))))
			break;
	return (enum sts_failure)failure;
}

static struct sts_state
sts_of(struct case_run *run)
{
	struct text mode = case_asked(run, "sts");
	struct sts_state state = {.result = STS_ABSENT,
				  .failure = failure_of(run),
				  .detail = "",
				  .ttl_s = UINT32_MAX};

	if (text_equal(mode, TEXT("temperror"))) {
		state.result = STS_TEMPERROR;
	} else if (mode.len > 0) {
		state.file = policy_file(run);
		state.fallback = state.failure != STS_FAILURE_NONE;
		if (sts_policy_parse(run->arena, state.file, &state.policy,
				     NULL))
			state.result = STS_PRESENT;
	}
	return state;
}

static const struct tls_override *
override_of(struct case_run *run, const struct nexthop *nexthop)
{
	struct tls_override *list = arena_new_array(
	    run->arena, struct tls_override, LIMIT_TLS_OVERRIDE_NAMES);
	struct scan in, one;
	size_t count = 0;

	for (scan_init(&in, case_asked(run, "override")); !scan_at_end(&in);) {
		scan_init(&one, text_trim(scan_until(&in, ',')));
		list[count].until_s = NOW_S + 1;
		if (tls_override_name(run->arena, scan_until(&one, ' '),
				      &list[count], NULL) &&
		    tls_override_level(scan_until(&one, ' '), &list[count],
				       NULL) &&
		    tls_override_match(run->arena, scan_rest(&one),
				       &list[count], NULL))
			count++;
	}
	return tls_override_find(list, count, nexthop->domain, NOW_S);
}

/* --- what is told --- */

static void
tell_hosts(struct case_run *run, const struct destination *destination)
{
	struct buf to;
	size_t i;

	buf_init(&to, run->arena, 1u << 20);
	for (i = 0; i < destination->count; i++)
		buf_printf(&to, "%s" TEXT_FMT "=%s", i > 0 ? " " : "",
			   TEXT_ARG(destination->hosts[i].name.name),
			   host_state_name(destination->hosts[i].state));
	case_tell(run, "hosts", buf_view(&to));
	if (destination->count > 0)
		case_tell(run, "base", destination->hosts[0].tlsa_base.name);
	case_tell(run, "dane", text_from(dane_state_name(destination->dane)));
}

static void
tell_problems(struct case_run *run, const struct tls_problem *first)
{
	const struct tls_problem *problem;
	struct buf to;

	buf_init(&to, run->arena, 1u << 20);
	for (problem = first; problem != NULL; problem = problem->next)
		buf_printf(&to, "%s%s%s" TEXT_FMT, problem == first ? "" : " ",
			   problem->type, problem->mx.len > 0 ? "@" : "",
			   TEXT_ARG(problem->mx));
	case_tell(run, "problems", buf_view(&to));
}

static const char *
result_of(struct arena *arena, struct text reply)
{
	struct scan in;

	if (text_equal(reply, TEXT("NOTFOUND ")))
		return "notfound";
	if (text_starts(reply, TEXT("TEMP ")))
		return "temperror";
	if (text_starts(reply, TEXT("PERM ")))
		return "permerror";
	scan_init(&in, reply);
	if (!scan_string(&in, "OK "))
		return "no reply";
	return text_string(arena, scan_until(&in, ' '));
}

static void
tell_policy(struct case_run *run, const struct tls_policy *policy)
{
	enum tls_dialect dialect =
	    tls_dialect_of(case_asked_or(run, "map", "policy-tlsrpt"));
	const char *verified = tls_level_name(policy->verified_level);
	struct buf to;

	buf_init(&to, run->arena, LIMIT_SOCKETMAP_REPLY_BYTES);
	tls_reply_write(&to, policy, dialect);
	run->result = result_of(run->arena, buf_view(&to));
	case_tell(run, "reply", buf_view(&to));
	case_tell(run, "ground", text_from(tls_ground_name(policy->ground)));
	case_tell(run, "why", text_from(policy->why));
	case_tell(run, "verified", text_from(verified ? verified : "no"));
	case_tell(run, "ttl",
		  text_from(arena_printf(run->arena, "%u", policy->ttl_s)));
	tell_problems(run, policy->problems);
}

static void
run_tls(struct case_run *run)
{
	struct tls_policy_options options = {.dane_and_sts = TLS_LEVEL_UNSET};
	struct destination destination = {0};
	struct sts_state sts = sts_of(run);
	struct tls_facts facts = {.sts = &sts};
	struct tls_policy policy;

	if (text_equal(case_asked(run, "prefer"), TEXT("secure")))
		options.dane_and_sts = TLS_LEVEL_SECURE;
	nexthop_parse(run->arena, case_asked(run, "key"), &facts.nexthop, NULL);
	facts.override = override_of(run, &facts.nexthop);
	if (tls_policy_needs(&facts.nexthop, facts.override)) {
		destination_finish(destination_begin(run->arena, run->resolver,
						     facts.nexthop.domain,
						     facts.nexthop.port),
				   any_time, &destination);
		facts.destination = &destination;
		tell_hosts(run, &destination);
	}
	tls_policy_choose(run->arena, &facts, &options, &policy);
	tell_policy(run, &policy);
}

/* --- what is better --- */

static int
rank(const char *result)
{
	static const struct {
		const char *result;
		int rank;
	} ranks[] = {{"none", 0},      {"notfound", 1},	 {"may", 1},
		     {"dane", 2},      {"encrypt", 2},	 {"secure", 3},
		     {"permerror", 4}, {"temperror", 4}, {"dane-only", 3}};
	size_t i;

	for (i = 0; i < sizeof(ranks) / sizeof(ranks[0]); i++)
		if (strcmp(result, ranks[i].result) == 0)
			return ranks[i].rank;
	return -1;
}

static bool
is_better(const char *now, const char *before)
{
	return rank(now) < rank(before);
}

static const char *const keys[] = {
    "key", "map", "sts", "mx", "file", "failure", "override", "prefer", NULL};

const struct case_area case_area_tls = {"tls", keys, run_tls, is_better};
