#include "milter/facts.h"

#include "base/arena.h"
#include "base/date.h"
#include "base/limits.h"
#include "base/uuid.h"
#include "io/clock.h"
#include "io/random.h"

static struct text
domain_of(struct text address)
{
	return text_skip(address, text_find_last(address, '@') + 1);
}

static const char *
client_text(const struct session *session)
{
	char *to = arena_bytes(session->arena, IPADDR_STRING_BYTES);

	if (session->verdict.client.family == 0)
		return NULL;
	return ipaddr_write(&session->verdict.client, to);
}

static struct text
message_id(const struct session *session)
{
	const struct header_field *field =
	    message_find(&session->message, "Message-ID");

	return field != NULL ? text_first(field_unfolded(session->arena, field),
					  LIMIT_ADDRESS_BYTES)
			     : TEXT("");
}

/* rcpt_count tells of those that would make the line too long. */
static struct json *
recipients(const struct session *session, const struct facts_room *room)
{
	struct json *array = json_new_array(session->arena), *entry;
	const struct recipient *one;
	size_t bytes = 0;

	for (one = session->recipients; one != NULL; one = one->next) {
		bytes += 4 * one->address.len + 64;
		if (bytes > room->recipients)
			break;
		entry = json_new_object(session->arena);
		json_put_text(entry, "address", one->address);
		json_put_text(entry, "domain", domain_of(one->address));
		json_put_bool(entry, "report_address", one->is_report_address);
		json_add(array, entry);
	}
	return array;
}

static void
put_envelope(const struct session *session, const struct facts_room *room,
	     struct json *object)
{
	json_put_string(object, "client_ip", client_text(session));
	json_put_text(object, "client_name", session->peer_name);
	json_put_text(object, "helo", session->client_helo);
	json_put_text(object, "mail_from", session->sender);
	json_put_text(object, "mail_from_domain", domain_of(session->sender));
	json_put(object, "rcpt", recipients(session, room));
	json_put_int(object, "rcpt_count", (int64_t)session->recipient_count);
	if (session->login.len > 0)
		json_put_text(object, "auth_login", session->login);
}

static struct json *
authors(const struct session *session, const struct facts_room *room)
{
	struct json *array = json_new_array(session->arena);
	const struct mailbox *mailbox;
	size_t bytes = 0;

	for (mailbox = session->verdict.author.mailboxes.first; mailbox != NULL;
	     mailbox = mailbox->next) {
		struct text address = text_first(mailbox->address, 320);

		bytes += 2 * address.len + 3;
		if (bytes > room->authors)
			break;
		json_add_text(array, address);
	}
	return array;
}

static void
put_header(const struct session *session, const struct facts_room *room,
	   struct json *object)
{
	const struct author *author = &session->verdict.author;
	struct json *domains = json_new_array(session->arena);
	size_t i;

	for (i = 0; i < author->domain_count; i++)
		json_add_text(domains, author->domains[i].name);
	json_put_text(object, "message_id", message_id(session));
	json_put(object, "from", authors(session, room));
	json_put_text(object, "from_domain",
		      session->verdict.dmarc.author.name.len > 0
			  ? session->verdict.dmarc.author.name
		      : author->domain_count > 0 ? author->domains[0].name
						 : TEXT(""));
	json_put(object, "from_domains", domains);
	json_put_string(object, "from_status",
			author_status_name(author->status));
	json_put_string(object, "from_reason", author->reason);
}

static void
put_tls(const struct session *session, struct json *object)
{
	const struct requiretls *require = &session->verdict.requiretls;
	struct json *tls = json_new_object(session->arena);
	struct json *wanted = json_new_object(session->arena);

	if (session->tls.version.len > 0) {
		json_put_text(tls, "version", session->tls.version);
		json_put_text(tls, "cipher", session->tls.cipher);
		json_put_int(tls, "bits", session->tls.bits);
		json_put(object, "tls", tls);
	}
	json_put_bool(wanted, "mail_parameter", require->mail_parameter);
	json_put_bool(wanted, "header", require->header);
	json_put_bool(wanted, "tls_required_no", require->tls_required_no);
	json_put_bool(wanted, "forged", session->verdict.requiretls_forged);
	json_put(object, "requiretls", wanted);
}

static void
put_checks(const struct session *session, const struct facts_room *room,
	   struct json *object)
{
	json_put_string(object, "skipped", skip_name(session->verdict.skipped));
	if (session->verdict.skipped != SKIP_NOTHING)
		return;
	json_put(object, "iprev", facts_iprev(session));
	facts_put_dnsbl(session, object);
	json_put(object, "spf", facts_spf(session));
	json_put(object, "dkim", facts_dkim(session, room));
	json_put(object, "arc", facts_arc(session));
	json_put(object, "dmarc", facts_dmarc(session));
}

static void
put_decision(const struct session *session, struct json *object)
{
	const struct decision *decision = &session->decision;

	json_put_string(object, "action", action_name(decision->action));
	json_put_string(object, "action_reason", decision->reason);
	if (decision->code != NULL)
		json_put_string(object, "reply",
				arena_printf(session->arena, "%s %s %s",
					     decision->code, decision->status,
					     decision->text));
	json_put_exact(object, "authentication_results", session->auth_results);
	/* our other hosts' results stay */
	json_put_int(object, "forged_removed",
		     session->engine->options->role == ROLE_INTERNAL
			 ? 0
			 : (int64_t)forged_count(&session->forged));
}

/* What was done with the message, in the words of RFC 9990. */
static const char *
disposition_done(const struct session *session)
{
	bool passes = session->verdict.dmarc.result == DMARC_PASS;
	bool enforcing = session->verdict.dmarc.published > DMARC_POLICY_NONE;

	if (passes)
		return enforcing ? "pass" : "none";
	if (session->engine->options->mode == MODE_TEST)
		return "none";
	switch (session->decision.action) {
	case ACTION_REJECT:
		return "reject";
	case ACTION_TAG:
	case ACTION_QUARANTINE:
		return session->decision.by_dmarc ? "quarantine" : "none";
	case ACTION_ACCEPT:
	case ACTION_TEMPFAIL:
		return "none";
	}
	return "none";
}

/* Reports are about mail that was taken in, or refused because of DMARC:
 * what else was refused tells its sender nothing.  They name the client. */
static bool
is_evaluation_kept(const struct session *session)
{
	const struct dmarc_verdict *dmarc = &session->verdict.dmarc;
	bool refused = session->decision.action == ACTION_REJECT ||
		       session->decision.action == ACTION_TEMPFAIL;

	if (!session->engine->options->dmarc_reports ||
	    session->engine->options->role != ROLE_INBOUND ||
	    session->verdict.skipped != SKIP_NOTHING ||
	    session->verdict.client.family == 0)
		return false;
	if (dmarc->policy.found != DMARC_LOOKUP_FOUND ||
	    dmarc->policy.record.rua == NULL)
		return false;
	if (dmarc->result != DMARC_PASS && dmarc->result != DMARC_FAIL)
		return false;
	return !refused || session->decision.by_dmarc ||
	       session->engine->options->mode == MODE_TEST;
}

static void
put_evaluation(const struct session *session, struct json *object)
{
	struct json *evaluation = json_new_object(session->arena);

	if (!is_evaluation_kept(session)) {
		json_put_null(object, "evaluation");
		return;
	}
	json_put_bool(evaluation, "optional", false);
	json_put_string(evaluation, "disposition", disposition_done(session));
	json_put(object, "evaluation", evaluation);
}

static void
put_timings(const struct session *session, struct json *object)
{
	struct json *timings = json_new_object(session->arena);

	json_put_int(timings, "total_ms",
		     clock_monotonic_ms() - session->begun_ms);
	json_put_int(timings, "dns_wait_ms", session->waited_ms);
	json_put_int(timings, "questions",
		     (int64_t)dns_memo_count(session->memo));
	json_put(object, "timings", timings);
}

static void
put_identity(struct session *session, struct json *object, struct text queue_id)
{
	const struct engine *engine = session->engine;
	char id[UUID_STRING_BYTES], at[DATE_STRING_BYTES];
	unsigned char random[10] = {0};
	int64_t now = clock_unix_ms();

	random_fill(random, sizeof(random));
	uuid7_write(now, random, id);
	date_write_iso(now, at);
	session->id = text_copy(session->arena, text_from(id));
	json_put_int(object, "v", 1);
	json_put_string(object, "type", "message");
	json_put_string(object, "id", id);
	json_put_string(object, "at", at);
	json_put_string(object, "host", engine->host);
	json_put_string(object, "program", "signet-milter");
	json_put_string(object, "listener", engine->listener);
	json_put_bool(object, "test_mode", engine->options->mode == MODE_TEST);
	json_put_text(object, "queue_id", queue_id);
}

/* As it came over the wire: a colon and a line end for each field, and the
 * empty line. */
static uint64_t
message_bytes(const struct session *session)
{
	const struct message *message = &session->message;

	return message->bytes + 3 * message->count + 2 + session->body_bytes;
}

static bool
write_event(struct session *session, struct text queue_id,
	    const struct facts_room *room, struct buf *line)
{
	struct json *object = json_new_object(session->arena);

	put_identity(session, object, queue_id);
	put_envelope(session, room, object);
	put_header(session, room, object);
	json_put_int(object, "size", (int64_t)message_bytes(session));
	put_tls(session, object);
	put_checks(session, room, object);
	put_decision(session, object);
	put_evaluation(session, object);
	put_timings(session, object);
	buf_init(line, session->arena, LIMIT_EVENT_BYTES);
	json_write(object, 0, line);
	return buf_ok(line);
}

/* What is left beside these has bounds that are far below the rest. */
static const struct facts_room scarce = {
    .recipients = LIMIT_EVENT_BYTES / 4,
    .signatures = LIMIT_EVENT_BYTES / 8,
    .authors = LIMIT_EVENT_BYTES / 16,
};

struct text
facts_event(struct session *session, struct text queue_id)
{
	struct buf line;

	if (!write_event(session, queue_id, &facts_unlimited, &line))
		write_event(session, queue_id, &scarce, &line);
	return buf_ok(&line) ? buf_view(&line) : TEXT("");
}

static struct json *
questions(const struct session *session)
{
	struct json *array = json_new_array(session->arena);
	size_t i;

	for (i = 0; i < dns_memo_count(session->memo); i++) {
		const struct dns_question *question =
		    dns_memo_question(session->memo, i);
		struct json *object = json_new_object(session->arena);

		json_put_text(object, "name", question->name);
		json_put_string(object, "type", dns_type_name(question->type));
		json_put_string(object, "status",
				dns_status_name(question->answer.status));
		json_put_string(object, "dnssec",
				dns_security_name(question->answer.security));
		json_put_string(object, "reason", question->answer.reason);
		json_add(array, object);
	}
	return array;
}

struct json *
facts_explain(const struct session *session)
{
	struct json *object = json_new_object(session->arena);

	json_put(object, "iprev", facts_iprev(session));
	facts_put_dnsbl(session, object);
	json_put(object, "spf", facts_spf(session));
	json_put(object, "dkim", facts_dkim(session, &facts_unlimited));
	json_put(object, "arc", facts_arc(session));
	json_put(object, "dmarc", facts_dmarc(session));
	put_envelope(session, &facts_unlimited, object);
	put_header(session, &facts_unlimited, object);
	put_tls(session, object);
	json_put_string(object, "skipped", skip_name(session->verdict.skipped));
	put_decision(session, object);
	json_put(object, "questions", questions(session));
	return object;
}
