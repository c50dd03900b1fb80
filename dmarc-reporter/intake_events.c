#include "dmarc-reporter/intake_events.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/crypto.h"
#include "base/date.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/why.h"
#include "dmarc-reporter/intake_rows.h"

/* --- lines --- */

static void
put_some(struct json *object, const char *name, struct text value)
{
	if (value.len > 0)
		json_put_text(object, name, value);
}

struct json *
intake_event(struct arena *arena, const struct intake_arrival *arrival,
	     const char *type, const char *id)
{
	struct json *event = json_new_object(arena);
	char at[DATE_STRING_BYTES];

	date_write_iso(arrival->now_ms, at);
	json_put_int(event, "v", 1);
	json_put_string(event, "type", type);
	json_put_string(event, "id", id);
	json_put_string(event, "at", at);
	json_put_text(event, "host", arrival->host);
	json_put_string(event, "program", "signet-report-intake");
	return event;
}

static void
put_arrival(struct json *event, const struct intake_arrival *arrival)
{
	json_put_string(event, "arrival", arrival->id);
	put_some(event, "queue_id", arrival->queue_id);
	put_some(event, "from", arrival->from);
	put_some(event, "mail_from", arrival->sender);
	put_some(event, "recipient", arrival->recipient);
	put_some(event, "message_id", arrival->message_id);
	json_put_int(event, "bytes", (int64_t)arrival->bytes);
}

bool
intake_event_put(struct arena *arena, const struct json *event, struct sink to,
		 struct why *why)
{
	struct buf line;

	buf_init(&line, arena, LIMIT_EVENT_BYTES);
	json_write(event, 0, &line);
	if (!buf_ok(&line))
		return why_set(why, "the event is longer than %u bytes",
			       LIMIT_EVENT_BYTES);
	return to.put(to.handle, buf_view(&line), why);
}

/* --- what it is about --- */

bool
intake_is_wanted_tls(struct arena *arena, const struct intake_wanted *wanted,
		     const struct tlsrpt_policy *policy)
{
	struct domain domain;

	return wanted == NULL ||
	       (domain_parse(arena, policy->domain, &domain, NULL) &&
		(intake_names_has(wanted->domains, domain) ||
		 intake_names_has(wanted->hosts, domain)));
}

static struct text
tls_domain(struct arena *arena, const struct tlsrpt_report *report,
	   const struct intake_wanted *wanted)
{
	const struct tlsrpt_policy *policy;

	for (policy = report->policies; policy != NULL; policy = policy->next)
		if (intake_is_wanted_tls(arena, wanted, policy))
			return policy->domain;
	return TEXT("");
}

/* The first reported domain that is wanted. */
static struct text
failure_domain(struct arena *arena, const struct arf_report *report,
	       const struct intake_wanted *wanted)
{
	const struct arf_value *value;
	struct domain domain;

	for (value = report->reported_domains; value != NULL;
	     value = value->next)
		if (domain_parse(arena, value->text, &domain, NULL) &&
		    (wanted == NULL ||
		     intake_names_has(wanted->domains, domain)))
			return domain.name;
	return TEXT("");
}

struct domain
intake_report_domain(struct arena *arena, const struct intake_content *content,
		     const struct intake_wanted *wanted)
{
	struct text name = TEXT("");
	struct domain domain;

	if (content->kind == INTAKE_DMARC)
		name = content->dmarc->policy.domain;
	else if (content->kind == INTAKE_TLS)
		name = tls_domain(arena, &content->tls, wanted);
	else if (content->kind == INTAKE_FAILURE)
		name = failure_domain(arena, &content->failure, wanted);
	if (!domain_parse(arena, name, &domain, NULL) ||
	    (content->kind == INTAKE_DMARC && wanted != NULL &&
	     !intake_names_has(wanted->domains, domain)))
		domain = (struct domain){0};
	return domain;
}

/* --- the id --- */

/* Zero bytes stand in none of the parts, which keeps them apart. */
static void
add_part(struct digest *digest, struct text part)
{
	digest_update(digest, part);
	digest_update(digest, text_of("", 1));
}

static void
make_id(struct arena *arena, const struct intake_content *content,
	struct text sender, struct text domain, int64_t begin, int64_t end,
	struct intake_summary *summary)
{
	struct digest *digest = digest_new(arena, CRYPTO_SHA256);
	unsigned char result[CRYPTO_HASH_BYTES_MAX];

	add_part(digest, text_from(intake_kind_name(content->kind)));
	add_part(digest, sender);
	add_part(digest, summary->organization);
	add_part(digest, summary->report_id);
	add_part(digest, domain);
	add_part(digest,
		 text_from(arena_printf(arena, "%lld %lld", (long long)begin,
					(long long)end)));
	/* a failure report has no id of its own */
	if (content->kind == INTAKE_FAILURE) {
		add_part(digest, content->bytes);
		add_part(digest, content->original);
	}
	digest_finish(digest, result);
	uuid8_write(result, summary->id);
}

/* --- reports --- */

static bool
put_rows(struct arena *arena, const struct intake_content *content,
	 const struct intake_wanted *wanted, struct intake_rows *rows,
	 struct why *why)
{
	const struct tlsrpt_policy *policy;

	if (content->kind == INTAKE_DMARC)
		return intake_content_rows(arena, content, intake_rows_record,
					   rows, why) &&
		       intake_rows_end(rows, why);
	for (policy = content->tls.policies; policy != NULL;
	     policy = policy->next)
		if (intake_is_wanted_tls(arena, wanted, policy) &&
		    !intake_rows_policy(rows, policy, why))
			return false;
	return intake_rows_end(rows, why);
}

static bool
put_all_rows(struct arena *arena, const struct intake_arrival *arrival,
	     const struct intake_content *content,
	     const struct intake_wanted *wanted, struct sink to,
	     struct intake_summary *summary, struct why *why)
{
	struct intake_rows rows;

	intake_rows_begin(&rows, arena, arrival, summary->id,
			  intake_kind_name(content->kind), to);
	if (!put_rows(arena, content, wanted, &rows, why))
		return false;
	if (content->kind == INTAKE_TLS)
		summary->rows = rows.number;
	return true;
}

bool
intake_report_rows(struct arena *arena, const struct intake_content *content,
		   struct sink to, struct why *why)
{
	struct intake_summary summary = {0};

	return content->kind == INTAKE_FAILURE ||
	       put_all_rows(arena, NULL, content, NULL, to, &summary, why);
}

bool
intake_report_events(struct arena *arena, const struct intake_arrival *arrival,
		     const struct intake_sender *sender,
		     const struct intake_content *content,
		     const struct intake_wanted *wanted, struct sink to,
		     struct intake_summary *summary, struct why *why)
{
	struct domain domain = intake_report_domain(arena, content, wanted);
	struct json *event;

	*summary = (struct intake_summary){0};
	intake_summarize(content, summary);
	make_id(arena, content, sender->from.name, domain.name,
		intake_report_begin(content), intake_report_end(content),
		summary);
	if (content->kind != INTAKE_FAILURE &&
	    !put_all_rows(arena, arrival, content, wanted, to, summary, why))
		return false;
	event = intake_event(arena, arrival, "report_in", summary->id);
	put_arrival(event, arrival);
	json_put_text(event, "sender_domain", sender->from.name);
	intake_describe(event, arena, content, domain, summary);
	return intake_event_put(arena, event, to, why);
}

/* --- bounces, and what is not counted --- */

static void
bounce_id(struct arena *arena, const struct intake_arrival *arrival,
	  unsigned number, char to[UUID_STRING_BYTES])
{
	struct digest *digest = digest_new(arena, CRYPTO_SHA256);
	unsigned char result[CRYPTO_HASH_BYTES_MAX];

	add_part(digest, text_from(arrival->id));
	add_part(digest, text_from(arena_printf(arena, "%u", number)));
	digest_finish(digest, result);
	uuid8_write(result, to);
}

bool
intake_bounce_events(struct arena *arena, const struct intake_arrival *arrival,
		     const struct verp_token *token, const struct dsn *dsn,
		     struct sink to, struct why *why)
{
	const struct dsn_recipient *one;
	char id[UUID_STRING_BYTES];
	struct json *event;
	unsigned number = 0;

	for (one = dsn->first; one != NULL; one = one->next) {
		bounce_id(arena, arrival, ++number, id);
		event = intake_event(arena, arrival, "report_bounce", id);
		json_put_string(event, "kind", verp_kind_name(token->kind));
		json_put_int(event, "report_id", (int64_t)token->id);
		put_some(event, "recipient",
			 one->final.len > 0 ? one->final : one->original);
		json_put_string(event, "action", dsn_action_name(one->action));
		put_some(event, "status", one->status);
		if (one->smtp_code > 0)
			json_put_int(event, "smtp_code", one->smtp_code);
		put_some(event, "diagnostic", one->diagnostic);
		if (!intake_event_put(arena, event, to, why))
			return false;
	}
	return true;
}

bool
intake_refused_event(struct arena *arena, const struct intake_arrival *arrival,
		     const char *outcome, struct text reason, struct text file,
		     struct sink to, struct why *why)
{
	struct json *event =
	    intake_event(arena, arrival, "report_in_refused", arrival->id);

	put_arrival(event, arrival);
	json_put_string(event, "outcome", outcome);
	json_put_text(event, "reason", reason);
	put_some(event, "file", file);
	return intake_event_put(arena, event, to, why);
}
