#include "milter/inbound.h"

#include "base/arena.h"
#include "base/why.h"
#include "io/log.h"
#include "io/spool.h"
#include "milter/counters.h"
#include "milter/facts.h"
#include "milter/failure_facts.h"
#include "milter/failure_limit.h"
#include "milter/session.h"

static void
hold(void *engine)
{
	engine_hold(engine);
}

static void
release(void *engine)
{
	engine_release(engine);
}

static void *
open_session(void *engine)
{
	return session_new(engine);
}

static void
close_session(void *session)
{
	session_free(session);
}

static void
on_connect(void *session, struct text name, const struct ipaddr *peer)
{
	session_connect(session, name, peer);
	counters_add(COUNT_CONNECTIONS);
}

static void
on_helo(void *session, struct text name)
{
	session_helo(session, name);
}

static void
on_mail(void *session, const struct glue_mail *mail)
{
	if (mail->tls_version.len > 0)
		session_tls(session, mail->tls_version, mail->tls_cipher,
			    mail->tls_bits);
	session_mail(session, mail->sender, mail->login);
}

static void
on_mail_argument(void *session, struct text argument)
{
	session_mail_argument(session, argument);
}

static void
on_rcpt(void *session, struct text recipient)
{
	session_rcpt(session, recipient);
}

static void
on_header(void *session, struct text name, struct text value)
{
	session_header(session, name, value);
}

static void
on_end_of_header(void *session)
{
	session_end_of_header(session);
}

static void
on_body(void *session, struct text chunk)
{
	session_body(session, chunk);
}

/* --- the end of a message --- */

static void
remove_fields(struct glue_message *message, const char *name,
	      const struct forged_list *list)
{
	size_t i;

	for (i = list->count; i > 0; i--)
		glue_remove_field(message, name, list->numbers[i - 1]);
}

static void
change_message(struct glue_message *message, struct session *session)
{
	const struct decision *decision = &session->decision;
	struct arena *arena = session->arena;

	if (session->engine->options->role != ROLE_INTERNAL) {
		remove_fields(message, RESULTS_FIELD, &session->forged.results);
		remove_fields(message, TAG_FIELD, &session->forged.tags);
	}
	glue_insert_field(message, arena, 0, RESULTS_FIELD,
			  session->auth_results);
	if (decision->action == ACTION_TAG ||
	    decision->action == ACTION_QUARANTINE)
		glue_insert_field(
		    message, arena, 1, TAG_FIELD,
		    text_from(arena_printf(arena, "quarantine; reason=%s",
					   decision->reason)));
	if (decision->action == ACTION_QUARANTINE)
		glue_quarantine(message, arena_printf(arena, "signet: %s",
						      decision->reason));
}

static enum glue_answer
answer(struct glue_message *message, struct session *session)
{
	const struct decision *decision = &session->decision;

	if (session->engine->options->mode == MODE_TEST)
		return GLUE_ACCEPT;
	switch (decision->action) {
	case ACTION_ACCEPT:
	case ACTION_TAG:
	case ACTION_QUARANTINE:
		change_message(message, session);
		return GLUE_ACCEPT;
	case ACTION_REJECT:
	case ACTION_TEMPFAIL:
		glue_reply(message, decision->code, decision->status,
			   decision->text);
		return decision->action == ACTION_REJECT ? GLUE_REJECT
							 : GLUE_TEMPFAIL;
	}
	return GLUE_ACCEPT;
}

static enum glue_answer
on_end(void *handle, struct glue_message *message)
{
	struct session *session = handle;

	session_end(session);
	return answer(message, session);
}

static void
pass_field(void *handle, struct text name)
{
	struct session *session = handle;

	forged_pass(&session->forged, name);
}

static enum glue_answer
pass_over(void *handle, struct glue_message *message)
{
	struct session *session = handle;

	session_pass_over(session);
	return answer(message, session);
}

/* A line of its own, behind that of the message. */
static bool
keep_failure(struct session *session, struct why *why)
{
	const struct engine *engine = session->engine;
	uint64_t left_out;
	struct text line;

	if (engine->failures == NULL || !failure_facts_wanted(session) ||
	    !failure_limit_take(
		engine->failures,
		session->verdict.dmarc.policy.policy_domain.name,
		engine_now_s(engine), &left_out))
		return true;
	line = failure_facts_event(session, left_out);
	return line.len == 0 || spool_append(engine->spool, line, why);
}

/* One line when the spool stops to take lines and one when it does again; it
 * counts what it could not keep. */
static void
keep_facts(struct session *session, struct text queue_id)
{
	static bool in_trouble;
	struct why why;
	bool kept;

	if (session->engine->spool == NULL)
		return;
	kept = spool_append(session->engine->spool,
			    facts_event(session, queue_id), &why) &&
	       keep_failure(session, &why);
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
	struct session *session = handle;
	struct buf line;

	counters_message(&session->verdict, &session->decision,
			 session->begun_ms);
	keep_facts(session, queue_id);
	buf_init(&line, session->arena, 2000);
	facts_log(session, queue_id, &line);
	log_info(TEXT_FMT, TEXT_ARG(buf_view(&line)));
}

static void
reset(void *session)
{
	session_reset(session);
}

const struct glue_calls inbound_calls = {
    .program = "signet-milter",
    .rights = GLUE_FIELDS | GLUE_QUARANTINE,
    .hold = hold,
    .release = release,
    .open = open_session,
    .close = close_session,
    .connect = on_connect,
    .helo = on_helo,
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
