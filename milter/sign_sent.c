#include "milter/sign_sent.h"

#include "base/arena.h"
#include "base/date.h"
#include "base/uuid.h"
#include "io/clock.h"
#include "io/random.h"
#include "mailauth/line_limit.h"
#include "milter/sign_session.h"

static struct text
new_message_id(struct sign_session *session)
{
	unsigned char random[10] = {0};
	char id[UUID_STRING_BYTES];

	random_fill(random, sizeof(random));
	uuid7_write(clock_unix_ms(), random, id);
	return text_from(
	    arena_printf(session->arena, "<%s@%s>", id, session->engine->host));
}

static void
as_sendmail(struct sign_session *session)
{
	char date[DATE_STRING_BYTES];

	date_write_mail(sign_engine_now_s(session->engine), date);
	sendmail_form(session->arena, &session->message, text_from(date),
		      new_message_id(session), &session->form);
	session->sent = session->form.sent;
}

static void
limit_lines(struct sign_session *session)
{
	uint64_t limit = session->engine->options->line_length_limit;

	if (limit == 0)
		return;
	session->sent = line_limit_message(session->arena, &session->message,
					   (size_t)limit);
	body_digests_limit_lines(session->digests, (size_t)limit);
}

void
sign_sent(struct sign_session *session)
{
	session->sent = &session->message;
	switch ((enum mail_server)session->engine->options->mail_server) {
	case SERVER_POSTFIX:
		limit_lines(session);
		break;
	case SERVER_SENDMAIL:
		as_sendmail(session);
		break;
	}
}
