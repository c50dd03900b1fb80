#include "postfix-policy/explain.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/date.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "base/why.h"
#include "mailtls/tls_problem.h"
#include "mailtls/tls_reply.h"

/* one piece of foreign text on a line */
#define SHOWN_MOST 200
#define DIGITS_SHOWN 16

struct page {
	struct arena *arena;
	const struct explained *explained;
	struct buf *to;
};

static struct text
shown(const struct page *page, struct text text)
{
	return utf8_for_log(page->arena, text, SHOWN_MOST);
}

static const char *
shown_string(const struct page *page, const char *text)
{
	return text_string(page->arena, shown(page, text_from(text)));
}

/* "2026-11-22 13:05 UTC" */
static const char *
shown_time(const struct page *page, int64_t unix_s)
{
	char iso[DATE_STRING_BYTES];

	date_write_iso(unix_s * 1000, iso);
	return arena_printf(page->arena, "%.10s %.5s UTC", iso, iso + 11);
}

/* --- what holds --- */

static const char *
headline(const struct tls_policy *policy)
{
	switch (policy->verdict) {
	case TLS_VERDICT_NONE:
		return "nothing asks for TLS, main.cf decides";
	case TLS_VERDICT_LEVEL:
		break;
	case TLS_VERDICT_UNSET:
	case TLS_VERDICT_TEMP:
		return "mail waits";
	}
	switch (policy->level) {
	case TLS_LEVEL_UNSET:
		break;
	case TLS_LEVEL_NONE:
		return "mail goes without TLS";
	case TLS_LEVEL_MAY:
		return "mail goes with TLS if the server has it";
	case TLS_LEVEL_ENCRYPT:
		return "mail goes with TLS only, to whatever server";
	case TLS_LEVEL_DANE:
		return "mail goes with TLS, verified where there is DANE";
	case TLS_LEVEL_DANE_ONLY:
		return "mail goes to servers verified by DANE only";
	case TLS_LEVEL_SECURE:
		return "mail goes to servers with a verified certificate only";
	}
	return "mail waits";
}

/* --- override --- */

static void
write_override(const struct page *page)
{
	const struct tls_override *override = page->explained->facts.override;

	if (page->explained->override_trouble != NULL)
		buf_printf(
		    page->to, "override  not known, this is without: %s\n",
		    shown_string(page, page->explained->override_trouble));
	if (override == NULL)
		return;
	buf_printf(page->to, "override  %s" TEXT_FMT ": %s",
		   override->is_parent ? "." : "",
		   TEXT_ARG(override->domain.name),
		   override->is_published ? "what is published counts"
					  : tls_level_name(override->level));
	if (override->until_s != INT64_MAX)
		buf_printf(page->to, ", until %s",
			   shown_time(page, override->until_s));
	buf_printf(page->to, "\n          " TEXT_FMT "\n",
		   TEXT_ARG(shown(page, override->reason)));
}

/* --- MX and DANE --- */

static const char *
told_dane(enum dane_state dane)
{
	switch (dane) {
	case DANE_NOT_EVALUATED:
		return "not asked";
	case DANE_NONE:
		return "none";
	case DANE_ALL:
		return "every host";
	case DANE_SOME:
		return "some hosts";
	case DANE_UNUSABLE:
		return "unusable records only";
	case DANE_UNKNOWN:
		return "could not be asked";
	}
	return "not asked";
}

static void
write_record(const struct page *page, const struct tlsa *tlsa)
{
	struct buf line;
	struct why why;
	struct text written;

	buf_init(&line, page->arena, 1u << 20);
	tlsa_write(&line, tlsa);
	written = buf_view(&line);
	buf_printf(page->to, "            " TEXT_FMT "%s",
		   TEXT_ARG(text_first(written, 6 + DIGITS_SHOWN)),
		   written.len > 6 + DIGITS_SHOWN ? "..." : "");
	if (!tlsa_is_usable(tlsa, &why))
		buf_printf(page->to, "  of no use: %s", why.text);
	buf_char(page->to, '\n');
}

static void
write_host(const struct page *page, const struct destination_host *host)
{
	size_t i;

	buf_printf(page->to, "    %5u " TEXT_FMT "  %s", host->preference,
		   TEXT_ARG(host->name.name), host_state_name(host->state));
	if (host->state == HOST_UNKNOWN && host->failed_type != 0)
		buf_printf(
		    page->to, ": %s %s", dns_type_name(host->failed_type),
		    host->failed_status == DNS_BOGUS ? "is bogus"
						     : "could not be asked");
	if (host->reason != NULL)
		buf_printf(page->to, ": %s", shown_string(page, host->reason));
	buf_char(page->to, '\n');
	if (domain_is_set(host->alias_of))
		buf_printf(page->to, "          alias of " TEXT_FMT "\n",
			   TEXT_ARG(host->alias_of.name));
	if (host->tlsa_count > 0)
		buf_printf(page->to,
			   "          TLSA at _%u._tcp." TEXT_FMT "\n",
			   page->explained->facts.destination->port,
			   TEXT_ARG(host->tlsa_base.name));
	for (i = 0; i < host->tlsa_count; i++)
		write_record(page, &host->tlsa[i]);
}

static void
write_destination(const struct page *page)
{
	const struct destination *destination =
	    page->explained->facts.destination;
	size_t i;

	if (destination == NULL)
		return;
	buf_printf(page->to, "MX        ");
	if (destination->state == DESTINATION_UNKNOWN)
		buf_printf(page->to, "%s: %s\n",
			   destination->mx_status == DNS_BOGUS
			       ? "bogus"
			       : "could not be asked",
			   shown_string(page, destination->reason));
	else if (destination->state == DESTINATION_NULL_MX ||
		 destination->count == 0)
		buf_printf(page->to, "%s\n", destination->reason);
	else
		buf_printf(
		    page->to, "%s%s\n",
		    destination->is_implicit ? "none, the domain is the host; "
					     : "",
		    destination->mx_security == DNS_SECURE ? "signed (DNSSEC)"
							   : "not signed");
	buf_printf(page->to, "DANE      %s\n", told_dane(destination->dane));
	for (i = 0; i < destination->count; i++)
		write_host(page, &destination->hosts[i]);
}

/* --- MTA-STS --- */

static void
write_policy(const struct page *page, const struct sts_state *sts)
{
	size_t i;

	buf_printf(page->to, "%s", sts_mode_name(sts->policy.mode));
	if (sts->id.len > 0)
		buf_printf(page->to, ", id " TEXT_FMT,
			   TEXT_ARG(shown(page, sts->id)));
	if (sts->expires_s > 0)
		buf_printf(page->to, ", fetched %s, good until %s",
			   shown_time(page, sts->fetched_s),
			   shown_time(page, sts->expires_s));
	buf_char(page->to, '\n');
	for (i = 0; i < sts->policy.count; i++)
		buf_printf(page->to, "          mx: %s" TEXT_FMT "\n",
			   sts->policy.mx[i].wildcard ? "*." : "",
			   TEXT_ARG(sts->policy.mx[i].domain.name));
}

static void
write_sts(const struct page *page)
{
	const struct sts_state *sts = page->explained->facts.sts;

	if (sts == NULL)
		return;
	buf_string(page->to, "MTA-STS   ");
	switch (sts->result) {
	case STS_NOT_EVALUATED:
	case STS_TEMPERROR:
		buf_string(page->to, "could not be asked\n");
		break;
	case STS_ABSENT:
		buf_string(page->to, "none\n");
		break;
	case STS_PRESENT:
		write_policy(page, sts);
		break;
	}
	if (sts->failure != STS_FAILURE_NONE)
		buf_printf(page->to, "          trouble: %s%s%s\n",
			   sts_failure_name(sts->failure),
			   sts->fallback ? ", the policy from before counts"
					 : "",
			   sts->back_off ? ", not tried again so soon" : "");
	if (sts->detail != NULL && sts->detail[0] != '\0')
		buf_printf(page->to, "          %s\n",
			   shown_string(page, sts->detail));
}

static void
write_problems(const struct page *page)
{
	const struct tls_problem *problem;

	for (problem = page->explained->policy.problems; problem != NULL;
	     problem = problem->next)
		buf_printf(
		    page->to, "%s%s%s" TEXT_FMT "%s%s\n",
		    problem == page->explained->policy.problems ? "problems  "
								: "          ",
		    problem->type, problem->mx.len > 0 ? " " : "",
		    TEXT_ARG(problem->mx), problem->reason != NULL ? ": " : "",
		    problem->reason != NULL ? problem->reason : "");
}

/* --- DNS --- */

static void
write_questions(const struct page *page)
{
	const struct dns_question *question;
	size_t i;

	if (page->explained->dns == NULL)
		return;
	buf_string(page->to, "DNS\n");
	for (i = 0; i < dns_memo_count(page->explained->dns); i++) {
		question = dns_memo_question(page->explained->dns, i);
		buf_printf(page->to, "    %-5s " TEXT_FMT "  ",
			   dns_type_name(question->type),
			   TEXT_ARG(shown(page, question->name)));
		if (!question->answered) {
			buf_string(page->to, "not waited for\n");
			continue;
		}
		buf_printf(page->to, "%s, %s",
			   dns_status_name(question->answer.status),
			   dns_security_name(question->answer.security));
		if (question->answer.reason != NULL)
			buf_printf(page->to, ": %s",
				   shown_string(page, question->answer.reason));
		buf_char(page->to, '\n');
	}
}

/* --- the page --- */

void
explain_write_facts(struct arena *arena, const struct explained *explained,
		    struct buf *to)
{
	struct page page = {arena, explained, to};

	buf_printf(to, TEXT_FMT ": %s\n          %s\n",
		   TEXT_ARG(shown(&page, explained->key)),
		   headline(&explained->policy),
		   shown_string(&page, explained->policy.why));
	write_override(&page);
	write_destination(&page);
	write_sts(&page);
	write_problems(&page);
}

void
explain_write_replies(struct arena *arena, const struct explained *explained,
		      struct buf *to)
{
	enum tls_dialect dialect;
	struct buf reply;
	unsigned i;

	for (i = 0; i < TLS_DIALECTS; i++) {
		dialect = tls_dialect_at(i);
		buf_init(&reply, arena, LIMIT_SOCKETMAP_REPLY_BYTES);
		tls_reply_write(&reply, &explained->policy, dialect);
		buf_printf(to, "    %-14s ", tls_dialect_name(dialect));
		buf_text(to, utf8_for_log(arena, text_trim(buf_view(&reply)),
					  LIMIT_SOCKETMAP_REPLY_BYTES));
		buf_char(to, '\n');
	}
}

void
explain_write(struct arena *arena, const struct explained *explained,
	      struct buf *to)
{
	struct page page = {arena, explained, to};

	explain_write_facts(arena, explained, to);
	buf_string(to, "replies\n");
	explain_write_replies(arena, explained, to);
	write_questions(&page);
}
