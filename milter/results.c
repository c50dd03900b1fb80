#include "milter/results.h"

#include "base/arena.h"
#include "base/limits.h"
#include "mailauth/auth_results.h"

static void
write_comment(struct auth_writer *writer, const char *comment)
{
	if (comment != NULL && *comment != '\0')
		auth_write_comment(writer, text_from(comment));
}

/* As mox words it, and with what mox cannot tell. */
static const char *
security_words(enum dns_security security)
{
	switch (security) {
	case DNS_SECURITY_UNKNOWN:
		return NULL;
	case DNS_INSECURE:
		return "without dnssec";
	case DNS_SECURE:
		return "with dnssec";
	case DNS_SECURITY_BOGUS:
		return "dnssec bogus";
	}
	return NULL;
}

static void
write_iprev(struct auth_writer *writer, const struct session *session)
{
	const struct iprev_verdict *iprev = &session->verdict.iprev;
	char address[IPADDR_STRING_BYTES];

	if (iprev->result == IPREV_NOT_EVALUATED)
		return;
	auth_write_method(writer, "iprev", iprev_result_name(iprev->result));
	write_comment(writer, security_words(iprev->security));
	auth_write_property(writer, "policy", "iprev",
			    text_from(ipaddr_write(&session->verdict.client,
						   address)));
	if (iprev->result == IPREV_PASS && iprev->name.len > 0)
		auth_write_comment(writer, iprev->name);
}

static void
write_spf(struct auth_writer *writer, const struct spf_verdict *spf,
	  const char *property, struct text value)
{
	if (spf->result == SPF_NOT_EVALUATED)
		return;
	auth_write_method(writer, "spf", spf_result_name(spf->result));
	write_comment(writer, security_words(spf->security));
	if (spf->result != SPF_PASS && spf->result != SPF_NONE &&
	    spf->reason != NULL)
		auth_write_reason(writer, text_from(spf->reason));
	auth_write_property(writer, "smtp", property, value);
}

/* No registered method: what a filter behind us may want to know. */
static void
write_line_ends(struct auth_writer *writer, const struct line_ends *ends)
{
	const char *words = line_ends_words(ends);

	if (words == NULL)
		return;
	auth_write_method(writer, "x-bare-newline", "fail");
	auth_write_comment(writer, text_from(words));
}

static void
write_key_comment(struct arena *arena, struct auth_writer *writer,
		  const struct dkim_signature_result *result)
{
	const char *dnssec = security_words(result->security);

	if (result->bits == 0) {
		write_comment(writer, dnssec);
		return;
	}
	write_comment(writer,
		      arena_printf(arena, "%u-bit key%s%s%s", result->bits,
				   result->test_key ? ", test key" : "",
				   dnssec != NULL ? ", " : "",
				   dnssec != NULL ? dnssec : ""));
}

static void
write_dkim(struct auth_writer *writer, const struct session *session)
{
	const struct verdict *verdict = &session->verdict;
	size_t i;

	for (i = 0; i < verdict->dkim_count && i < LIMIT_DKIM_SIGNATURES * 2;
	     i++) {
		const struct dkim_signature_result *one = &verdict->dkim[i];

		auth_write_method(writer, "dkim",
				  dkim_result_name(one->result));
		write_key_comment(session->arena, writer, one);
		if (one->result != DKIM_PASS && one->reason != NULL)
			auth_write_reason(writer, text_from(one->reason));
		auth_write_property(writer, "header", "d", one->domain.name);
		auth_write_property(writer, "header", "s", one->selector);
		auth_write_property(writer, "header", "a", one->algorithm);
		auth_write_property(writer, "header", "b", one->header_b);
	}
	if (verdict->dkim_count == 0)
		auth_write_method(writer, "dkim", "none");
}

static void
write_arc(struct auth_writer *writer, const struct session *session)
{
	const struct arc_verdict *arc = &session->verdict.arc;
	const struct arc_set *last;

	if (arc->result == ARC_NOT_EVALUATED || arc->result == ARC_NONE)
		return;
	auth_write_method(writer, "arc", arc_result_name(arc->result));
	write_comment(writer, arc->reason);
	if (arc->result != ARC_PASS || arc->count == 0)
		return;
	last = &arc->sets[arc->count - 1];
	write_comment(writer, arena_printf(session->arena,
					   "i=%u, sealed by " TEXT_FMT "%s",
					   last->instance,
					   TEXT_ARG(last->sealer.name),
					   session->verdict.arc_trusted != NULL
					       ? ", trusted"
					       : ""));
	auth_write_property(writer, "header", "oldest-pass",
			    text_from(arena_printf(session->arena, "%u",
						   arc->oldest_pass)));
}

static void
write_overrides(struct auth_writer *writer, const struct session *session)
{
	const struct verdict *verdict = &session->verdict;
	size_t i;

	for (i = 0; i < verdict->override_count; i++)
		write_comment(writer,
			      arena_printf(session->arena, "override %s: %s",
					   override_name(
					       verdict->overrides[i].type),
					   verdict->overrides[i].comment));
}

static void
write_dmarc(struct auth_writer *writer, const struct session *session)
{
	const struct dmarc_verdict *dmarc = &session->verdict.dmarc;
	const char *policy = dmarc_policy_name(dmarc->published);

	if (dmarc->result == DMARC_NOT_EVALUATED)
		return;
	auth_write_method(writer, "dmarc", dmarc_result_name(dmarc->result));
	write_comment(writer, security_words(dmarc->policy.security));
	write_overrides(writer, session);
	if (dmarc->result != DMARC_PASS && dmarc->reason != NULL)
		auth_write_reason(writer, text_from(dmarc->reason));
	auth_write_property(writer, "header", "from", dmarc->author.name);
	if (policy != NULL && dmarc->policy.found == DMARC_LOOKUP_FOUND)
		auth_write_property(writer, "policy", "dmarc",
				    text_from(policy));
}

struct text
results_write(const struct session *session)
{
	const struct verdict *verdict = &session->verdict;
	struct auth_writer writer;
	struct buf to;

	buf_init(&to, session->arena, LIMIT_AUTH_RESULTS_BYTES);
	auth_write_begin(&writer, &to, session->engine->authserv_id);
	if (session->login.len > 0) {
		auth_write_method(&writer, "auth", "pass");
		auth_write_property(&writer, "smtp", "auth", session->login);
	}
	if (verdict->skipped == SKIP_NOTHING) {
		write_iprev(&writer, session);
		write_spf(&writer, &verdict->mail_from, "mailfrom",
			  session->sender.len > 0 ? session->sender
						  : verdict->mail_from.domain);
		write_spf(&writer, &verdict->helo, "helo",
			  session->client_helo);
		write_line_ends(&writer, &verdict->line_ends);
		/* before what can be so much that the field is cut */
		write_dmarc(&writer, session);
		write_arc(&writer, session);
		write_dkim(&writer, session);
	}
	auth_write_end(&writer);
	return buf_view(&to);
}
