#include <inttypes.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "base/scan.h"
#include "mailauth/dmarc_report.h"

/* atext of RFC 5322 section 3.2.3 */
static bool
is_atext(char c)
{
	return ascii_is_alnum(c) ||
	       (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL);
}

static bool
scan_dot_atom(struct scan *in)
{
	do {
		if (scan_while(in, is_atext).len == 0)
			return false;
	} while (scan_char(in, '.'));
	return true;
}

bool
dmarc_report_id_is_valid(struct text report_id)
{
	struct scan in;

	scan_init(&in, report_id);
	return scan_dot_atom(&in) &&
	       (!scan_char(&in, '@') || scan_dot_atom(&in)) && scan_at_end(&in);
}

static bool
is_unique_id(struct text report_id)
{
	size_t i;

	for (i = 0; i < report_id.len; i++)
		if (!ascii_is_alnum(report_id.at[i]))
			return false;
	return report_id.len > 0;
}

struct text
dmarc_report_filename(struct arena *arena, struct text receiver,
		      struct text policy_domain, int64_t begin, int64_t end,
		      struct text report_id, bool compressed)
{
	struct text unique = text_of(NULL, 0);

	if (is_unique_id(report_id))
		unique = report_id;
	return text_from(
	    arena_printf(arena,
			 TEXT_FMT "!" TEXT_FMT "!%" PRId64 "!%" PRId64
				  "%s" TEXT_FMT ".xml%s",
			 TEXT_ARG(receiver), TEXT_ARG(policy_domain), begin,
			 end, unique.len > 0 ? "!" : "", TEXT_ARG(unique),
			 compressed ? ".gz" : ""));
}

struct text
dmarc_report_subject(struct arena *arena, struct text policy_domain,
		     struct text submitter, struct text report_id)
{
	return text_from(arena_printf(
	    arena,
	    "Report Domain: " TEXT_FMT " Submitter: " TEXT_FMT
	    " Report-ID: <" TEXT_FMT ">",
	    TEXT_ARG(policy_domain), TEXT_ARG(submitter), TEXT_ARG(report_id)));
}
