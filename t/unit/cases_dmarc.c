/* cases_dmarc.c - t/cases/dmarc
 *
 * ask:  from (the author domain), spf (RESULT:DOMAIN), dkim (the same, several
 *       with "," between), method (walk or psl; psl has the list that is
 *       built into libpsl)
 * want: none, pass, fail, temperror; policy (published), applied (after t),
 *       policy-domain, organizational, aligned (spf, dkim, both or neither),
 *       exists (yes or no), security, questions (sent in all), walk (the
 *       names whose answers were used for the author domain)
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/dns_memo.h"
#include "base/limits.h"
#include "base/publicsuffix.h"
#include "base/scan.h"
#include "mailauth/dmarc.h"
#include "t/unit/cases.h"

static const struct deadline any_time = {INT64_MAX};

static struct domain
domain_of(struct arena *arena, struct text text)
{
	struct domain domain;

	domain_parse(arena, text, &domain, NULL);
	return domain;
}

static enum spf_result
spf_result_of(struct text name)
{
	int i;

	for (i = SPF_NONE; i <= SPF_PERMERROR; i++)
		if (text_equal(name,
			       text_from(spf_result_name((enum spf_result)i))))
			return (enum spf_result)i;
	return SPF_NOT_EVALUATED;
}

static enum dkim_result
dkim_result_of(struct text name)
{
	int i;

	for (i = DKIM_NONE; i <= DKIM_PERMERROR; i++)
		if (text_equal(
			name, text_from(dkim_result_name((enum dkim_result)i))))
			return (enum dkim_result)i;
	return DKIM_NOT_EVALUATED;
}

static void
read_dkim(struct case_run *run, struct dmarc_input *input)
{
	struct dkim_signature_result *results;
	struct scan all, one;

	results = arena_new_array(run->arena, struct dkim_signature_result,
				  LIMIT_DKIM_SIGNATURES);
	input->dkim = results;
	scan_init(&all, case_asked(run, "dkim"));
	while (!scan_at_end(&all) &&
	       input->dkim_count < LIMIT_DKIM_SIGNATURES) {
		scan_init(&one, scan_until(&all, ','));
		results->result = dkim_result_of(scan_until(&one, ':'));
		results->domain = domain_of(run->arena, scan_rest(&one));
		results++;
		input->dkim_count++;
	}
}

static struct dmarc_input
input_of(struct case_run *run)
{
	struct dmarc_input input = {0};
	struct scan in;

	input.author = domain_of(run->arena, case_asked(run, "from"));
	scan_init(&in, case_asked_or(run, "spf", "none:"));
	input.spf = spf_result_of(scan_until(&in, ':'));
	input.spf_domain = domain_of(run->arena, scan_rest(&in));
	read_dkim(run, &input);
	return input;
}

static void
close_list(void *list)
{
	public_suffix_list_close(list);
}

static struct dmarc_discovery *
discovery_of(struct case_run *run, struct resolver *resolver)
{
	struct public_suffix_list *list;

	if (!text_equal(case_asked(run, "method"), TEXT("psl")))
		return dmarc_discovery_new(run->arena, resolver, DMARC_TREEWALK,
					   NULL);
	list = public_suffix_list_open(NULL, NULL);
	arena_defer(run->arena, close_list, list);
	return dmarc_discovery_new(run->arena, resolver, DMARC_PSL, list);
}

static void
tell_walk(struct case_run *run, const struct dmarc_discovery *discovery,
	  struct domain author)
{
	struct text name;
	struct buf buf;
	size_t i;

	buf_init(&buf, run->arena, 4096);
	for (i = 0; dmarc_discovery_step(discovery, author, i, &name); i++) {
		if (i > 0)
			buf_char(&buf, ',');
		buf_text(&buf, name);
	}
	case_tell(run, "walk", buf_view(&buf));
}

static const char *
aligned(const struct dmarc_verdict *v)
{
	if (v->aligned_spf)
		return v->aligned_dkim ? "both" : "spf";
	return v->aligned_dkim ? "dkim" : "neither";
}

static void
tell(struct case_run *run, const struct dmarc_verdict *v)
{
	run->result = dmarc_result_name(v->result);
	case_tell(run, "policy", text_from(dmarc_policy_name(v->published)));
	case_tell(run, "applied", text_from(dmarc_policy_name(v->disposition)));
	case_tell(run, "policy-domain", v->policy.policy_domain.name);
	case_tell(run, "organizational", v->policy.organizational.name);
	case_tell(run, "aligned", text_from(aligned(v)));
	case_tell(run, "exists", text_from(v->author_exists ? "yes" : "no"));
	case_tell(run, "reason", text_from(v->reason));
	case_tell(run, "security",
		  text_from(dns_security_name(v->policy.security)));
}

static void
run_dmarc(struct case_run *run)
{
	struct dns_memo *memo = dns_memo_new(run->arena, run->resolver);
	struct resolver *resolver = dns_memo_resolver(memo);
	struct dmarc_discovery *discovery = discovery_of(run, resolver);
	struct dmarc_input input = input_of(run);
	struct dmarc_verdict verdict;

	dmarc_evaluate(run->arena, discovery, resolver, &input, any_time,
		       &verdict);
	tell(run, &verdict);
	tell_walk(run, discovery, input.author);
	case_tell(
	    run, "questions",
	    text_from(arena_printf(run->arena, "%zu", dns_memo_count(memo))));
}

/* How much a result speaks for the sender. */
static int
rank(const char *result)
{
	static const char *const rising[] = {"temperror", "fail", "none",
					     "pass", NULL};
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

static const char *const keys[] = {"from", "spf", "dkim", "method", NULL};

const struct case_area case_area_dmarc = {"dmarc", keys, run_dmarc, is_better};
