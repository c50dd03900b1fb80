#include "milter/explain.h"

#include "base/arena.h"
#include "base/limits.h"
#include "base/utf8.h"

static const char *
clean(const struct session *session, struct text text)
{
	return text_string(session->arena,
			   utf8_for_log(session->arena, text, 300));
}

static const char *
or_dash(const char *string)
{
	return string != NULL && *string != '\0' ? string : "-";
}

static const char *
record_text(const struct session *session, const struct dns_question *question,
	    const struct dns_record *record)
{
	char address[IPADDR_STRING_BYTES];

	switch (question->type) {
	case DNS_A:
	case DNS_AAAA:
		return arena_printf(session->arena, "%s",
				    ipaddr_write(&record->address, address));
	case DNS_MX:
		return arena_printf(session->arena, "%u %s", record->preference,
				    clean(session, record->name));
	case DNS_TXT:
		return arena_printf(session->arena, "\"%s\"",
				    clean(session, record->text));
	case DNS_NS:
	case DNS_CNAME:
	case DNS_PTR:
		return clean(session, record->name);
	case DNS_SOA:
	case DNS_TLSA:
		return "";
	}
	return "";
}

static void
print_question(const struct session *session,
	       const struct dns_question *question)
{
	const struct dns_answer *answer = &question->answer;
	size_t i;

	if (!question->answered && answer->reason == NULL) {
		printf("  %-4s %-40s not waited for\n",
		       dns_type_name(question->type),
		       clean(session, question->name));
		return;
	}
	printf("  %-4s %-40s %-8s %s%s%s\n", dns_type_name(question->type),
	       clean(session, question->name), dns_status_name(answer->status),
	       dns_security_name(answer->security),
	       answer->reason != NULL ? "  " : "",
	       answer->reason != NULL ? answer->reason : "");
	for (i = 0; i < answer->count && i < 5; i++)
		printf("         %s\n",
		       record_text(session, question, &answer->records[i]));
	if (answer->count > 5)
		printf("         and %zu more\n", answer->count - 5);
}

static void
print_questions(const struct session *session)
{
	size_t count = dns_memo_count(session->memo), i;

	printf("\nDNS questions (%zu)\n", count);
	for (i = 0; i < count; i++)
		print_question(session, dns_memo_question(session->memo, i));
}

static void
print_spf(const struct session *session, const char *label,
	  const struct spf_verdict *spf)
{
	if (spf->result == SPF_NOT_EVALUATED) {
		printf("%-10s not checked (no client address)\n", label);
		return;
	}
	printf("%-10s %s for %s: %s; %u of %d lookups, %u of %d void\n", label,
	       spf_result_name(spf->result),
	       or_dash(clean(session, spf->domain)), or_dash(spf->reason),
	       spf->lookups, LIMIT_SPF_TERMS, spf->void_lookups,
	       LIMIT_SPF_VOID);
	if (spf->explanation.len > 0)
		printf("%-10s the domain's owner says: %s\n", "",
		       clean(session, spf->explanation));
}

static void
print_dkim(const struct session *session)
{
	const struct verdict *verdict = &session->verdict;
	size_t i;

	if (verdict->dkim_count == 0)
		printf("%-10s none: no signature\n", "dkim");
	for (i = 0; i < verdict->dkim_count; i++) {
		const struct dkim_signature_result *one = &verdict->dkim[i];

		printf("%-10s %s d=%s s=%s a=%s %u bits%s%s%s\n", "dkim",
		       dkim_result_name(one->result),
		       or_dash(clean(session, one->domain.name)),
		       or_dash(clean(session, one->selector)),
		       or_dash(clean(session, one->algorithm)), one->bits,
		       verdict->dkim_aligned[i] ? ", aligned" : "",
		       one->reason != NULL ? ": " : "",
		       one->reason != NULL ? one->reason : "");
	}
}

static void
print_arc(const struct session *session)
{
	const struct arc_verdict *arc = &session->verdict.arc;
	size_t i;

	printf("%-10s %s%s%s", "arc", arc_result_name(arc->result),
	       arc->reason != NULL ? ": " : "",
	       arc->reason != NULL ? arc->reason : "");
	if (arc->result == ARC_PASS)
		for (i = 0; i < arc->count; i++)
			printf(" i=%u %s", arc->sets[i].instance,
			       clean(session, arc->sets[i].sealer.name));
	printf("%s\n", session->verdict.arc_trusted != NULL
			   ? " (last sealer is trusted)"
			   : "");
}

static void
print_policy(const struct session *session, const struct dmarc_verdict *dmarc)
{
	const struct dmarc_policy_found *policy = &dmarc->policy;

	if (policy->found != DMARC_LOOKUP_FOUND)
		return;
	printf("%-10s record of %s: %s\n", "",
	       clean(session, policy->policy_domain.name),
	       clean(session, policy->record.text));
	if (policy->record.defect != NULL)
		printf("%-10s the record has a defect: %s\n", "",
		       policy->record.defect);
	printf("%-10s organizational domain %s by %s; aligned: SPF %s, "
	       "DKIM %s\n",
	       "", or_dash(clean(session, policy->organizational.name)),
	       dmarc->method == DMARC_PSL ? "public suffix list" : "tree walk",
	       dmarc->aligned_spf ? "yes" : "no",
	       dmarc->aligned_dkim ? "yes" : "no");
	printf("%-10s published policy %s%s; disposition %s\n", "",
	       or_dash(dmarc_policy_name(dmarc->published)),
	       dmarc->author_exists ? "" : " (the author domain is not there)",
	       or_dash(dmarc_policy_name(dmarc->disposition)));
}

static void
print_dmarc(const struct session *session)
{
	const struct verdict *verdict = &session->verdict;
	const struct dmarc_verdict *dmarc = &verdict->dmarc;
	size_t i;

	if (session->envelope_only) {
		printf("%-10s not evaluated: no message\n", "dmarc");
		return;
	}
	printf("%-10s %s%s%s\n", "author",
	       author_status_name(verdict->author.status),
	       verdict->author.reason != NULL ? ": " : "",
	       verdict->author.reason != NULL ? verdict->author.reason : "");
	for (i = 0; i < verdict->author.domain_count; i++)
		printf("%-10s domain %s\n", "",
		       clean(session, verdict->author.domains[i].name));
	printf("%-10s %s for %s%s%s\n", "dmarc",
	       dmarc_result_name(dmarc->result),
	       or_dash(clean(session, dmarc->author.name)),
	       dmarc->reason != NULL ? ": " : "",
	       dmarc->reason != NULL ? dmarc->reason : "");
	print_policy(session, dmarc);
	if (verdict->other != NULL &&
	    verdict->other->result != DMARC_NOT_EVALUATED)
		printf("%-10s by public suffix list: %s, policy %s\n", "",
		       dmarc_result_name(verdict->other->result),
		       or_dash(dmarc_policy_name(verdict->other->published)));
	for (i = 0; i < verdict->override_count; i++)
		printf("%-10s override %s: %s\n", "",
		       override_name(verdict->overrides[i].type),
		       verdict->overrides[i].comment);
}

static void
print_decision(const struct session *session)
{
	const struct decision *decision = &session->decision;

	printf("\n%-10s %s%s%s%s\n", "action", action_name(decision->action),
	       decision->reason != NULL ? ": " : "",
	       decision->reason != NULL ? decision->reason : "",
	       session->engine->options->mode == MODE_TEST
		   ? " (test mode: nothing is changed)"
		   : "");
	if (decision->code != NULL)
		printf("%-10s %s %s %s\n", "reply", decision->code,
		       decision->status, decision->text);
	if (forged_count(&session->forged) > 0)
		printf("%-10s %zu field(s) that claim to be ours\n", "removed",
		       forged_count(&session->forged));
	printf("\n" RESULTS_FIELD ": " TEXT_FMT "\n",
	       TEXT_ARG(session->auth_results));
}

void
explain_print(const struct session *session)
{
	const struct verdict *verdict = &session->verdict;
	const struct iprev_verdict *iprev = &verdict->iprev;
	char address[IPADDR_STRING_BYTES];

	printf("%-10s %s, HELO %s, MAIL FROM <%s>\n", "client",
	       or_dash(ipaddr_write(&verdict->client, address)),
	       or_dash(clean(session, session->client_helo)),
	       clean(session, session->sender));
	if (verdict->skipped != SKIP_NOTHING)
		printf("%-10s no checks: %s\n", "skipped",
		       skip_name(verdict->skipped));
	if (verdict->skipped == SKIP_NOTHING) {
		print_questions(session);
		printf("\n%-10s %s%s%s%s%s\n", "iprev",
		       iprev_result_name(iprev->result),
		       iprev->name.len > 0 ? " " : "",
		       clean(session, iprev->name),
		       iprev->reason != NULL ? ": " : "",
		       iprev->reason != NULL ? iprev->reason : "");
		if (verdict->dnsbl.result != DNSBL_NOT_EVALUATED)
			printf("%-10s %s %s\n", "dnsbl",
			       dnsbl_result_name(verdict->dnsbl.result),
			       clean(session, verdict->dnsbl.zone.name));
		print_spf(session, "spf", &verdict->mail_from);
		print_spf(session, "spf helo", &verdict->helo);
		print_dkim(session);
		print_arc(session);
		print_dmarc(session);
	}
	print_decision(session);
}
