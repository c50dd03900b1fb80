/* cases_results.c - t/cases/results: Authentication-Results
 *
 * ask:  field (a value that came in), id (ours)
 * want: "valid", "lax" (read, beside the grammar) or "broken"; claims
 *       ("yes" if it claims to be of `id`), seems (the id it seems to
 *       carry), reason (when broken)
 */
#include "base/arena.h"
#include "base/why.h"
#include "mailauth/auth_results.h"
#include "t/unit/cases.h"

static void
run_results(struct case_run *run)
{
	struct text field = case_asked(run, "field");
	struct auth_results results;
	struct why why;

	if (!auth_results_parse(run->arena, field, &results, &why)) {
		run->result = "broken";
		case_tell(run, "reason",
			  text_copy(run->arena, text_from(why.text)));
	} else {
		run->result = results.lax ? "lax" : "valid";
	}
	case_tell(run, "claims",
		  auth_results_claims(run->arena, field, case_asked(run, "id"))
		      ? TEXT("yes")
		      : TEXT("no"));
	case_tell(run, "seems", auth_results_claimed_id(run->arena, field));
}

/* Nothing here asks the DNS. */
static bool
is_better(const char *now, const char *before)
{
	return true;
}

static const char *const keys[] = {"field", "id", NULL};

const struct case_area case_area_results = {"results", keys, run_results,
					    is_better};
