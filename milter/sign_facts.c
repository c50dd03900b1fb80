#include "milter/sign_facts.h"

#include "base/arena.h"
#include "base/date.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/uuid.h"
#include "io/clock.h"
#include "io/log.h"
#include "io/random.h"

/* What the sender chose freely must leave room for what we say. */
#define SHORT(text) text_first((text), 200)

static const char *
client_string(const struct sign_session *session)
{
	char *to = arena_bytes(session->arena, IPADDR_STRING_BYTES);

	return ipaddr_write(&session->peer, to);
}

bool
sign_facts_matter(const struct sign_session *session)
{
	return session->origin != ORIGIN_FOREIGN ||
	       session->sealed.instance > 0;
}

/* --- the event --- */

static void
put_identity(struct sign_session *session, struct json *object,
	     struct text queue_id)
{
	const struct sign_engine *engine = session->engine;
	char id[UUID_STRING_BYTES], at[DATE_STRING_BYTES];
	unsigned char random[10] = {0};
	int64_t now = clock_unix_ms();

	random_fill(random, sizeof(random));
	uuid7_write(now, random, id);
	date_write_iso(now, at);
	session->id = text_copy(session->arena, text_from(id));
	json_put_int(object, "v", 1);
	json_put_string(object, "type", "signed");
	json_put_string(object, "id", id);
	json_put_string(object, "at", at);
	json_put_string(object, "host", engine->host);
	json_put_string(object, "program", "signet-sign");
	json_put_string(object, "listener", engine->listener);
	json_put_bool(object, "test_mode", engine->options->mode == SIGN_TEST);
	json_put_text(object, "queue_id", queue_id);
}

static struct text
message_id(const struct sign_session *session)
{
	const struct header_field *field =
	    message_find(&session->message, "Message-ID");

	return field != NULL ? text_first(field_unfolded(session->arena, field),
					  LIMIT_ADDRESS_BYTES)
			     : TEXT("");
}

static struct json *
recipient_domains(const struct sign_session *session)
{
	struct json *array = json_new_array(session->arena);
	const struct recipient_domain *one;

	for (one = session->domains; one != NULL; one = one->next)
		json_add_text(array, one->name);
	return array;
}

static struct text
mail_from_domain(const struct sign_session *session)
{
	struct text name = text_skip(session->sender,
				     text_find_last(session->sender, '@') + 1);
	struct domain domain;

	return domain_parse(session->arena, name, &domain, NULL)
		   ? domain.name
		   : text_lower(session->arena, name);
}

static void
put_envelope(const struct sign_session *session, struct json *object)
{
	if (session->peer.family != 0)
		json_put_string(object, "client_ip", client_string(session));
	if (session->login.len > 0)
		json_put_text(object, "login", session->login);
	json_put_string(object, "origin", sign_origin_name(session->origin));
	json_put_text(object, "mail_from_domain", mail_from_domain(session));
	if (session->author.domain_count > 0)
		json_put_text(object, "from_domain",
			      session->author.domains[0].name);
	json_put(object, "rcpt_domains", recipient_domains(session));
	json_put_int(object, "rcpt_count", (int64_t)session->recipient_count);
	json_put_text(object, "message_id", message_id(session));
}

static struct json *
signatures(const struct sign_session *session)
{
	struct json *array = json_new_array(session->arena), *entry;
	size_t i;

	for (i = 0; i < session->signature_count; i++) {
		entry = json_new_object(session->arena);
		json_put_text(entry, "domain",
			      session->signatures[i].domain.name);
		json_put_text(entry, "selector",
			      session->signatures[i].selector);
		json_put_string(entry, "algorithm",
				session->signatures[i].algorithm);
		json_add(array, entry);
	}
	return array;
}

struct text
sign_facts_event(struct sign_session *session, struct text queue_id)
{
	struct json *object = json_new_object(session->arena);
	struct buf line;

	put_identity(session, object, queue_id);
	put_envelope(session, object);
	json_put(object, "signatures", signatures(session));
	if (session->sealed.instance > 0)
		json_put_int(object, "arc_instance", session->sealed.instance);
	json_put_string(object, "action", sign_action_name(session->action));
	json_put_string(object, "reason", session->reason);
	json_put_string(object, "detail", session->detail);
	buf_init(&line, session->arena, LIMIT_EVENT_BYTES);
	json_write(object, 0, &line);
	return buf_ok(&line) ? buf_view(&line) : TEXT("");
}

/* --- the log --- */

static void
log_signatures(const struct sign_session *session, struct buf *line)
{
	const struct dkim_signed *one;
	struct buf value;
	size_t i;

	buf_init(&value, session->arena, 900);
	for (i = 0; i < session->signature_count; i++) {
		one = &session->signatures[i];
		if (i > 0)
			buf_char(&value, ',');
		/* room for a domain and a selector as long as can be */
		if (value.len > 500) {
			buf_printf(&value, "+%zu",
				   session->signature_count - i);
			break;
		}
		buf_printf(&value, "%s:" TEXT_FMT ":" TEXT_FMT, one->algorithm,
			   TEXT_ARG(one->domain.name),
			   TEXT_ARG(text_first(one->selector, 64)));
	}
	if (session->signature_count > 0)
		log_pair(line, "dkim", buf_view(&value));
}

static struct text
author_text(const struct author *author)
{
	return author->domain_count > 0
		   ? author->domains[0].name
		   : text_from(author_status_name(author->status));
}

static void
log_number(const struct sign_session *session, struct buf *line,
	   const char *name, long long number)
{
	log_pair(line, name,
		 text_from(arena_printf(session->arena, "%lld", number)));
}

void
sign_facts_log(const struct sign_session *session, struct text queue_id,
	       struct buf *line)
{
	buf_text(line, queue_id.len > 0 ? queue_id : TEXT("NOQUEUE"));
	buf_char(line, ':');
	log_pair(line, "client", text_from(client_string(session)));
	if (session->login.len > 0)
		log_pair(line, "login", SHORT(session->login));
	log_pair(line, "mail_from", SHORT(session->sender));
	log_pair(line, "from", author_text(&session->author));
	log_number(session, line, "rcpts", (long long)session->recipient_count);
	log_pair(line, "origin", text_from(sign_origin_name(session->origin)));
	log_signatures(session, line);
	if (session->sealed.instance > 0)
		log_number(session, line, "arc", session->sealed.instance);
	log_pair(line, "action", text_from(sign_action_name(session->action)));
	if (session->reason != NULL)
		log_pair(line, "why", text_from(session->reason));
	if (session->mismatch.len > 0)
		log_pair(line, "address", SHORT(session->mismatch));
	if (session->unprotected.len > 0)
		log_pair(line, "domain", SHORT(session->unprotected));
	if (session->detail != NULL)
		log_pair(line, "detail", SHORT(text_from(session->detail)));
	if (session->engine->options->mode == SIGN_TEST)
		log_pair(line, "mode", TEXT("test"));
	log_number(session, line, "ms",
		   clock_monotonic_ms() - session->begun_ms);
	if (session->id.len > 0)
		log_pair(line, "id", session->id);
}
