/* cases_iprev.c - t/cases/iprev
 *
 * ask:  ip (of the client)
 * want: a result of RFC 8601 section 2.7.3; name, security
 */
#include "mailauth/iprev.h"
#include "t/unit/cases.h"

static const struct deadline any_time = {INT64_MAX};

static void
run_iprev(struct case_run *run)
{
	struct iprev_verdict verdict;
	struct ipaddr client = {0};

	ipaddr_parse(case_asked(run, "ip"), &client);
	iprev_finish(iprev_begin(run->arena, run->resolver, &client), any_time,
		     &verdict);
	run->result = iprev_result_name(verdict.result);
	case_tell(run, "name", verdict.name);
	case_tell(run, "security",
		  text_from(dns_security_name(verdict.security)));
}

static bool
is_better(const char *now, const char *before)
{
	return strcmp(now, "pass") == 0;
}

static const char *const keys[] = {"ip", NULL};

const struct case_area case_area_iprev = {"iprev", keys, run_iprev, is_better};
