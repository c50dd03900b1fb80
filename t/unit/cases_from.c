/* cases_from.c - t/cases/from
 *
 * ask:  from (value of the From field), second (of another one); without
 *       either there is none
 * want: "one", "several" (domains), "none" or "ambiguous"; domains (with
 *       blanks between), reason
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/limits.h"
#include "mailauth/author.h"
#include "t/unit/cases.h"

static void
run_from(struct case_run *run)
{
	static const char *const fields[] = {"from", "second"};
	struct message message;
	struct author author;
	struct buf domains;
	size_t i;

	message_init(&message, run->arena);
	for (i = 0; i < 2; i++)
		if (case_has(run, fields[i]))
			message_add(&message, TEXT("From"),
				    case_asked(run, fields[i]));
	author_find(run->arena, &message, &author);
	buf_init(&domains, run->arena,
		 LIMIT_FROM_DOMAINS * (LIMIT_DOMAIN_BYTES + 1));
	for (i = 0; i < author.domain_count; i++) {
		if (i > 0)
			buf_char(&domains, ' ');
		buf_text(&domains, author.domains[i].name);
	}
	run->result = author.status == AUTHOR_SEVERAL_DOMAINS
			  ? "several"
			  : author_status_name(author.status);
	case_tell(run, "domains", buf_view(&domains));
	case_tell(run, "reason", text_from(author.reason));
}

/* Nothing here asks the DNS. */
static bool
is_better(const char *now, const char *before)
{
	return true;
}

static const char *const keys[] = {"from", "second", NULL};

const struct case_area case_area_from = {"from", keys, run_from, is_better};
