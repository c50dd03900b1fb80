#include "milter/outbound.h"

#include "base/arena.h"
#include "base/ascii.h"
#include "base/limits.h"
#include "base/why.h"
#include "io/log.h"
#include "io/spool.h"
#include "mailauth/dkim_signature.h"
#include "milter/sign_counters.h"
#include "milter/sign_facts.h"
#include "milter/sign_requiretls.h"

#define SIGNATURE_FIELD "DKIM-Signature"

static void
hold(void *engine)
{
	sign_engine_hold(engine);
}

static void
release(void *engine)
{
	sign_engine_release(engine);
}

static void *
open_session(void *engine)
{
	return sign_session_new(engine);
}

static void
close_session(void *session)
{
	sign_session_free(session);
}

static void
on_connect(void *session, struct text name, const struct ipaddr *peer)
{
	sign_session_connect(session, name, peer);
	sign_counters_add(SIGN_CONNECTIONS);
}

static void
on_mail(void *session, const struct glue_mail *mail)
{
	sign_session_mail(session, mail->sender, mail->login,
			  mail->daemon_name);
}

static void
on_mail_argument(void *session, struct text argument)
{
	sign_session_mail_argument(session, argument);
}

static void
on_rcpt(void *session, struct text recipient)
{
	sign_session_rcpt(session, recipient);
}

static void
on_header(void *session, struct text name, struct text value)
{
	sign_session_header(session, name, value);
}

static void
on_end_of_header(void *session)
{
	sign_session_end_of_header(session);
}

static void
on_body(void *session, struct text chunk)
{
	sign_session_body(session, chunk);
}

/* --- the end of a message --- */

static bool
is_our_domain(const struct sign_session *session, struct domain domain)
{
	size_t i;

	for (i = 0; i < session->signature_count; i++)
		if (domain_equal(session->signatures[i].domain, domain))
			return true;
	return false;
}

static bool
is_removed(const struct sign_session *session, const struct header_field *field)
{
	const struct sign_options *options = session->engine->options;

	switch ((enum signature_removal)options->remove_signatures) {
	case REMOVE_SIGNATURES_NONE:
		return false;
	case REMOVE_SIGNATURES_OURS:
		return is_our_domain(
		    session, dkim_signature_peek_domain(session->arena, field));
	case REMOVE_SIGNATURES_ALL:
		return true;
	}
	return false;
}

/* From the last on: numbers of those above stay what they are. */
static void
remove_signatures(struct glue_message *message,
		  const struct sign_session *session)
{
	size_t numbers[LIMIT_SIGN_REMOVED], count = 0, number = 0;
	const struct header_field *field =
	    message_find(&session->message, SIGNATURE_FIELD);

	for (; field != NULL && count < LIMIT_SIGN_REMOVED;
	     field = message_find_next(field, SIGNATURE_FIELD)) {
		number++;
		if (is_removed(session, field))
			numbers[count++] = number;
	}
	while (count > 0)
		glue_remove_field(message, SIGNATURE_FIELD, numbers[--count]);
}

/* On top; the value has its own space in front, which the glue puts there. */
static void
insert(struct glue_message *message, const struct sign_session *session,
       const char *name, struct text value)
{
	glue_insert_field(message, session->arena, 0, name,
			  text_skip(value, 1));
}

/* The form in which it was signed. */
static void
change_fields(struct glue_message *message, const struct sign_session *session)
{
	const struct sendmail_change *change = session->form.changes;
	size_t i;

	if (session->signature_count == 0 && session->sealed.instance == 0)
		return;
	for (i = 0; i < session->form.count; i++, change++) {
		const char *name = text_string(session->arena, change->name);

		if (change->number == 0)
			glue_add_field(message, session->arena, name,
				       text_skip(change->value, 1));
		else
			glue_change_field(message, session->arena, name,
					  change->number, change->value);
	}
}

static void
insert_all(struct glue_message *message, const struct sign_session *session)
{
	const struct arc_sealed *sealed = &session->sealed;
	const char *tls = sign_requiretls_word(session);
	size_t i;

	change_fields(message, session);
	if (tls != NULL)
		glue_insert_field(message, session->arena, 0, "X-Signet-TLS",
				  text_from(tls));
	for (i = session->signature_count; i > 0; i--)
		insert(message, session, SIGNATURE_FIELD,
		       session->signatures[i - 1].value);
	if (sealed->instance == 0)
		return;
	insert(message, session, "ARC-Authentication-Results",
	       sealed->auth_results);
	insert(message, session, "ARC-Message-Signature",
	       sealed->message_signature);
	insert(message, session, "ARC-Seal", sealed->seal);
}

/* What a reply may hold: '%' would be a format for some mail servers. */
static const char *
reply_safe(struct arena *arena, struct text text)
{
	char *to = text_string(arena, text_first(text, 100)), *at;

	for (at = to; *at != '\0'; at++)
		if (!ascii_is_graph(*at) || *at == '%' || *at == '<' ||
		    *at == '>')
			*at = *at == ' ' ? ' ' : '?';
	return to;
}

static void
refuse_unprotected(struct glue_message *message,
		   const struct sign_session *session)
{
	glue_reply(
	    message, "550", "5.7.30",
	    arena_printf(session->arena,
			 "REQUIRETLS cannot be kept for %s: it has "
			 "neither DANE nor an enforced MTA-STS policy; "
			 "leave it out, or send without REQUIRETLS",
			 reply_safe(session->arena, session->unprotected)));
}

static void
refuse(struct glue_message *message, const struct sign_session *session)
{
	struct arena *arena = session->arena;

	if (session->unprotected.len > 0) {
		refuse_unprotected(message, session);
		return;
	}
	glue_reply(message, "550", "5.7.1",
		   arena_printf(arena,
				"Sender address rejected: %s is not an "
				"address that login %s may write from",
				reply_safe(arena, session->mismatch),
				reply_safe(arena, session->login)));
}

static enum glue_answer
answer(struct glue_message *message, const struct sign_session *session)
{
	if (session->engine->options->mode == SIGN_TEST)
		return GLUE_ACCEPT;
	switch (session->action) {
	case SIGN_SIGNED:
		remove_signatures(message, session);
		insert_all(message, session);
		return GLUE_ACCEPT;
	case SIGN_UNSIGNED:
		insert_all(message, session);
		return GLUE_ACCEPT;
	case SIGN_REJECTED:
		refuse(message, session);
		return GLUE_REJECT;
	case SIGN_TEMPFAILED:
		glue_reply(message, "451", "4.7.5",
			   "The message cannot be signed now; try again "
			   "later");
		return GLUE_TEMPFAIL;
	}
	return GLUE_ACCEPT;
}

static enum glue_answer
on_end(void *handle, struct glue_message *message)
{
	struct sign_session *session = handle;

	sign_session_end(session);
	return answer(message, session);
}

static void
pass_field(void *session, struct text name)
{
}

static enum glue_answer
pass_over(void *handle, struct glue_message *message)
{
	struct sign_session *session = handle;

	sign_session_pass_over(session);
	return answer(message, session);
}

/* One line when the spool stops to take lines and one when it does again; it
 * counts what it could not keep. */
static void
keep_facts(struct sign_session *session, struct text queue_id)
{
	static bool in_trouble;
	struct why why;
	bool kept;

	if (session->engine->spool == NULL || !sign_facts_matter(session))
		return;
	kept = spool_append(session->engine->spool,
			    sign_facts_event(session, queue_id), &why);
	if (__atomic_exchange_n(&in_trouble, !kept, __ATOMIC_RELAXED) != kept)
		return;
	if (kept)
		log_info("facts are kept again");
	else
		log_error("facts of messages are not kept, mail goes on: %s",
			  why.text);
}

static void
record(void *handle, struct text queue_id)
{
	struct sign_session *session = handle;
	struct buf line;

	sign_counters_message(session);
	keep_facts(session, queue_id);
	buf_init(&line, session->arena, LIMIT_LOG_LINE_BYTES);
	sign_facts_log(session, queue_id, &line);
	log_info(TEXT_FMT, TEXT_ARG(buf_view(&line)));
}

static void
reset(void *session)
{
	sign_session_reset(session);
}

const struct glue_calls outbound_calls = {
    .program = "signet-sign",
    .rights = GLUE_FIELDS,
    .hold = hold,
    .release = release,
    .open = open_session,
    .close = close_session,
    .connect = on_connect,
    .mail = on_mail,
    .mail_argument = on_mail_argument,
    .rcpt = on_rcpt,
    .header = on_header,
    .end_of_header = on_end_of_header,
    .body = on_body,
    .end = on_end,
    .record = record,
    .pass_field = pass_field,
    .pass_over = pass_over,
    .reset = reset,
};
