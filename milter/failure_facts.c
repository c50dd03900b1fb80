#include "milter/failure_facts.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/date.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/uuid.h"
#include "io/clock.h"
#include "io/random.h"
#include "mailauth/auth_writer.h"
#include "mailauth/redact.h"

/* signatures whose results are told */
#define SIGNATURES_MOST 5

static bool
has_option(struct text fo, char option)
{
	struct text word;
	size_t end;

	while (fo.len > 0) {
		end = text_find(fo, ':');
		word = text_trim(text_first(fo, end));
		fo = text_skip(fo, end + 1);
		if (word.len == 1 && (word.at[0] | 0x20) == (option | 0x20))
			return true;
	}
	return false;
}

static bool
has_failed_signature(const struct verdict *verdict)
{
	size_t i;

	for (i = 0; i < verdict->dkim_count; i++)
		if (verdict->dkim[i].result == DKIM_FAIL ||
		    verdict->dkim[i].result == DKIM_PERMERROR)
			return true;
	return false;
}

/* RFC 9989 section 4.7: 0, nothing aligned passed; 1, something aligned did
 * not.  d and s are about one method whatever its alignment: here only when
 * DMARC failed as well. */
static bool
is_option_met(const struct verdict *verdict)
{
	const struct dmarc_verdict *dmarc = &verdict->dmarc;
	struct text fo = dmarc->policy.record.fo;

	if (has_option(fo, '1'))
		return !dmarc->aligned_dkim || !dmarc->aligned_spf;
	if (dmarc->result != DMARC_FAIL)
		return false;
	if (has_option(fo, 'd') && has_failed_signature(verdict))
		return true;
	if (has_option(fo, 's') && (verdict->mail_from.result == SPF_FAIL ||
				    verdict->mail_from.result == SPF_SOFTFAIL))
		return true;
	return has_option(fo, '0') ||
	       (!has_option(fo, 'd') && !has_option(fo, 's'));
}

/* Reports, and notifications about them. */
static bool
is_report(const struct session *session)
{
	const struct header_field *type =
	    message_find(&session->message, "Content-Type");
	const struct recipient *one;

	for (one = session->recipients; one != NULL; one = one->next)
		if (one->is_report_address)
			return true;
	return session->sender.len == 0 ||
	       (type != NULL && text_starts_nocase(text_trim(type->value),
						   TEXT("multipart/report")));
}

bool
failure_facts_wanted(const struct session *session)
{
	const struct verdict *verdict = &session->verdict;
	const struct dmarc_verdict *dmarc = &verdict->dmarc;
	const struct milter_options *options = session->engine->options;
	bool refused = session->decision.action == ACTION_REJECT ||
		       session->decision.action == ACTION_TEMPFAIL;

	if (!options->failure_reports || options->role != ROLE_INBOUND ||
	    verdict->skipped != SKIP_NOTHING || verdict->client.family == 0)
		return false;
	if (dmarc->policy.found != DMARC_LOOKUP_FOUND ||
	    dmarc->policy.record.ruf == NULL ||
	    dmarc->policy.record.psd == DMARC_PSD_YES)
		return false;
	if (dmarc->result != DMARC_FAIL && dmarc->result != DMARC_PASS)
		return false;
	if (verdict->override_count > 0 || is_report(session))
		return false;
	if (refused && !session->decision.by_dmarc &&
	    options->mode != MODE_TEST)
		return false;
	return is_option_met(verdict);
}

/* --- the line --- */

/* Could this identifier have made DMARC pass? */
static bool
could_align(const struct dmarc_verdict *dmarc, struct domain identifier,
	    bool strict)
{
	struct domain parent = domain_is_set(dmarc->policy.organizational)
				   ? dmarc->policy.organizational
				   : dmarc->policy.policy_domain;

	if (!domain_is_set(identifier))
		return false;
	return domain_equal(identifier, dmarc->author) ||
	       (!strict && domain_is_within(identifier, parent));
}

/* The first signature of the author's domain that did not pass. */
static const struct dkim_signature_result *
failed_signature(const struct verdict *verdict)
{
	size_t i;

	for (i = 0; i < verdict->dkim_count; i++)
		if (verdict->dkim[i].result != DKIM_PASS &&
		    could_align(&verdict->dmarc, verdict->dkim[i].domain,
				verdict->dmarc.policy.record.strict_dkim))
			return &verdict->dkim[i];
	return NULL;
}

static void
put_dkim(const struct session *session, struct json *object)
{
	const struct dkim_signature_result *one =
	    failed_signature(&session->verdict);
	struct text key = engine_redact_key(session->engine);

	if (session->verdict.dmarc.aligned_dkim || one == NULL)
		return;
	json_put_text(object, "dkim_domain", one->domain.name);
	json_put_text(object, "dkim_selector", one->selector);
	/* "@example.com" stays as it is */
	json_put_text(object, "dkim_identity",
		      text_starts(one->identity, TEXT("@"))
			  ? one->identity
			  : redact_address(session->arena, key, one->identity));
	json_put_string(object, "dkim_result", dkim_result_name(one->result));
}

/* The record as SPF got it; empty if it is not among the answers. */
static struct text
spf_record(const struct session *session, struct text domain)
{
	const struct dns_question *question;
	size_t i, j;

	for (i = 0; i < dns_memo_count(session->memo); i++) {
		question = dns_memo_question(session->memo, i);
		if (question->type != DNS_TXT || !question->answered ||
		    !text_equal_nocase(question->name, domain))
			continue;
		for (j = 0; j < question->answer.count; j++)
			if (text_starts_nocase(question->answer.records[j].text,
					       TEXT("v=spf1")))
				return question->answer.records[j].text;
	}
	return TEXT("");
}

static void
put_spf(const struct session *session, struct json *object)
{
	const struct verdict *verdict = &session->verdict;
	const struct spf_verdict *spf = &verdict->mail_from;
	struct domain domain = {0};

	json_put_string(object, "spf_result", spf_result_name(spf->result));
	json_put_text(object, "spf_domain", spf->domain);
	if (verdict->dmarc.aligned_spf ||
	    !domain_parse(session->arena, spf->domain, &domain, NULL) ||
	    !could_align(&verdict->dmarc, domain,
			 verdict->dmarc.policy.record.strict_spf))
		return;
	json_put_text(object, "spf_record",
		      text_first(spf_record(session, domain.name),
				 LIMIT_SPF_RECORD_BYTES));
}

/* Domains alone: what we write into the message names the sender. */
static struct text
results(const struct session *session)
{
	const struct verdict *verdict = &session->verdict;
	struct auth_writer writer;
	struct buf to;
	size_t i;

	buf_init(&to, session->arena, LIMIT_REDACTED_BYTES / 4);
	auth_write_begin(&writer, &to, session->engine->authserv_id);
	auth_write_method(&writer, "dmarc",
			  dmarc_result_name(verdict->dmarc.result));
	auth_write_property(&writer, "header", "from",
			    verdict->dmarc.author.name);
	auth_write_method(&writer, "spf",
			  spf_result_name(verdict->mail_from.result));
	auth_write_property(&writer, "smtp", "mailfrom",
			    verdict->mail_from.domain);
	for (i = 0; i < verdict->dkim_count && i < SIGNATURES_MOST; i++) {
		auth_write_method(&writer, "dkim",
				  dkim_result_name(verdict->dkim[i].result));
		auth_write_property(&writer, "header", "d",
				    verdict->dkim[i].domain.name);
		auth_write_property(&writer, "header", "s",
				    verdict->dkim[i].selector);
	}
	auth_write_end(&writer);
	return buf_view(&to);
}

/* RFC 6591 section 3.2.2 */
static const char *
delivery_result(const struct session *session)
{
	if (session->engine->options->mode == MODE_TEST)
		return "delivered";
	switch (session->decision.action) {
	case ACTION_REJECT:
		return "reject";
	case ACTION_TAG:
	case ACTION_QUARANTINE:
		return "spam";
	case ACTION_TEMPFAIL:
		return "other";
	case ACTION_ACCEPT:
		break;
	}
	return "delivered";
}

static void
put_identity(const struct session *session, struct json *object)
{
	char id[UUID_STRING_BYTES], at[DATE_STRING_BYTES];
	unsigned char random[10] = {0};
	int64_t now_ms = clock_unix_ms();

	random_fill(random, sizeof(random));
	uuid7_write(now_ms, random, id);
	date_write_iso(now_ms, at);
	json_put_int(object, "v", 1);
	json_put_string(object, "type", "dmarc_failure");
	json_put_string(object, "id", id);
	json_put_string(object, "at", at);
	json_put_string(object, "host", session->engine->host);
	json_put_string(object, "program", "signet-milter");
	json_put_text(object, "message", session->id);
}

static void
put_policy(const struct session *session, struct json *object)
{
	const struct dmarc_verdict *dmarc = &session->verdict.dmarc;
	struct json *ruf = json_new_array(session->arena);
	const struct dmarc_uri *uri;

	for (uri = dmarc->policy.record.ruf; uri != NULL; uri = uri->next)
		json_add_text(ruf, text_first(uri->uri, LIMIT_ADDRESS_BYTES));
	json_put_text(object, "policy_domain",
		      dmarc->policy.policy_domain.name);
	json_put_text(object, "from_domain", dmarc->author.name);
	json_put_text(object, "fo", text_first(dmarc->policy.record.fo, 40));
	json_put(object, "ruf", ruf);
	json_put_string(object, "dmarc_result",
			dmarc_result_name(dmarc->result));
	json_put_bool(object, "dkim_failed", !dmarc->aligned_dkim);
	json_put_bool(object, "spf_failed", !dmarc->aligned_spf);
}

static bool
write_event(struct session *session, uint64_t left_out, size_t header_most,
	    struct buf *line)
{
	struct json *object = json_new_object(session->arena);
	struct text key = engine_redact_key(session->engine);
	char client[IPADDR_STRING_BYTES];
	struct buf header;

	put_identity(session, object);
	put_policy(session, object);
	json_put_string(object, "source_ip",
			ipaddr_write(&session->verdict.client, client));
	json_put_text(object, "mail_from",
		      redact_address(session->arena, key, session->sender));
	put_dkim(session, object);
	put_spf(session, object);
	json_put_exact(object, "authentication_results", results(session));
	json_put_string(object, "delivery_result", delivery_result(session));
	json_put_int(object, "left_out", (int64_t)left_out);
	buf_init(&header, session->arena, LIMIT_REDACTED_BYTES);
	redact_header(session->arena, key, &session->message, header_most,
		      &header);
	json_put_exact(object, "header", buf_view(&header));
	buf_init(line, session->arena, LIMIT_FAILURE_EVENT_BYTES);
	json_write(object, 0, line);
	return buf_ok(line);
}

struct text
failure_facts_event(struct session *session, uint64_t left_out)
{
	struct buf line;

	/* escapes may double what was written */
	if (!write_event(session, left_out, LIMIT_REDACTED_BYTES, &line))
		write_event(session, left_out, LIMIT_REDACTED_BYTES / 8, &line);
	return buf_ok(&line) ? buf_view(&line) : TEXT("");
}
