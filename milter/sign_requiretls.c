#include "milter/sign_requiretls.h"

#include "base/arena.h"
#include "base/why.h"
#include "io/clock.h"
#include "io/listen.h"
#include "io/socketmap_client.h"
#include "milter/sign_session.h"

/* for all domains of a message together */
#define ASKING_MS 20000

static bool
is_asked_for(const struct sign_session *session)
{
	return session->origin != ORIGIN_FOREIGN &&
	       (session->requiretls.mail_parameter ||
		session->requiretls.header);
}

static bool
is_wanted(const struct sign_session *session)
{
	return session->engine->options->requiretls_check != NULL &&
	       session->action != SIGN_REJECTED && is_asked_for(session);
}

/* "example.org" is that domain, ".example.org" what is below it. */
static bool
is_exempt(const struct sign_session *session, struct text name)
{
	const struct config_strings *list =
	    &session->engine->options->requiretls_exempt;
	struct text one;
	size_t i;

	for (i = 0; i < list->count; i++) {
		one = text_from(list->values[i]);
		if (text_equal_nocase(one, name) ||
		    (one.len > 0 && one.at[0] == '.' &&
		     text_ends_nocase(name, one)))
			return true;
	}
	return false;
}

static void
refuse(struct sign_session *session, struct text name)
{
	session->action = SIGN_REJECTED;
	session->reason = "requiretls";
	session->unprotected = name;
	session->signer = NULL;
	session->sealer = NULL;
}

static void
not_asked(struct sign_session *session, struct text name, struct text reason)
{
	session->detail = arena_printf(
	    session->arena, "REQUIRETLS for " TEXT_FMT ": " TEXT_FMT,
	    TEXT_ARG(name), TEXT_ARG(text_first(reason, 200)));
}

static bool
ask(struct sign_session *session, struct socketmap_client *client,
    struct text name, struct deadline deadline)
{
	struct why why;
	struct text text;

	switch (socketmap_ask(client, TEXT("requiretls"), name, deadline, &text,
			      &why)) {
	case SOCKETMAP_OK:
		return true;
	case SOCKETMAP_NOTFOUND:
	case SOCKETMAP_PERM:
		refuse(session, name);
		return false;
	case SOCKETMAP_TEMP:
		not_asked(session, name, text);
		return true;
	case SOCKETMAP_NOT_ASKED:
		not_asked(session, name, text_from(why.text));
		return false;
	}
	return false;
}

void
sign_requiretls(struct sign_session *session)
{
	struct deadline deadline = clock_deadline_in(ASKING_MS);
	struct socketmap_client *client;
	const struct recipient_domain *one;
	struct listen_address server;
	struct why why;

	if (!is_wanted(session))
		return;
	client =
	    listen_parse(session->engine->options->requiretls_check, &server,
			 &why)
		? socketmap_client_open(session->arena, &server, deadline, &why)
		: NULL;
	if (client == NULL) {
		not_asked(session, TEXT("all domains"), text_from(why.text));
		return;
	}
	for (one = session->domains; one != NULL; one = one->next)
		if (!is_exempt(session, one->name) &&
		    !ask(session, client, one->name, deadline))
			return;
}

const char *
sign_requiretls_word(const struct sign_session *session)
{
	if (!session->engine->options->tls_field ||
	    session->origin == ORIGIN_FOREIGN)
		return NULL;
	if (is_asked_for(session))
		return "require";
	return session->requiretls.tls_required_no ? "optional" : NULL;
}
