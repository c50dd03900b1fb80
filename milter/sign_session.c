#include "milter/sign_session.h"

#include <stddef.h>

#include "base/arena.h"
#include "base/limits.h"
#include "base/why.h"
#include "base/xalloc.h"
#include "io/clock.h"
#include "milter/sign_plan.h"
#include "milter/sign_requiretls.h"

struct sign_session *
sign_session_new(struct sign_engine *engine)
{
	struct sign_session *session = xcalloc(1, sizeof(*session));

	session->engine = sign_engine_hold(engine);
	session->arena = arena_new();
	return session;
}

void
sign_session_free(struct sign_session *session)
{
	arena_free(session->arena);
	sign_engine_release(session->engine);
	free(session);
}

void
sign_session_connect(struct sign_session *session, struct text name,
		     const struct ipaddr *peer)
{
	session->peer = *peer;
	session->is_local =
	    peer->family == 0 &&
	    (text_equal_nocase(name, TEXT("localhost")) ||
	     text_equal_nocase(name, text_from(session->engine->host)));
}

void
sign_session_reset(struct sign_session *session)
{
	size_t keep = offsetof(struct sign_session, begun);

	arena_reset(session->arena);
	memset((char *)session + keep, 0, sizeof(*session) - keep);
	session->domains_end = &session->domains;
}

static struct text
kept(struct sign_session *session, struct text text)
{
	return text_copy(session->arena, text_first(text, LIMIT_ADDRESS_BYTES));
}

void
sign_session_mail(struct sign_session *session, struct text sender,
		  struct text login, struct text daemon)
{
	sign_session_reset(session);
	session->begun = true;
	session->begun_ms = clock_monotonic_ms();
	session->sender = kept(session, sender);
	session->login = kept(session, login);
	session->daemon = kept(session, daemon);
	message_init(&session->message, session->arena);
}

/* Steps that a peer left out happen all the same. */
static void
need_mail(struct sign_session *session)
{
	if (!session->begun)
		sign_session_mail(session, TEXT(""), TEXT(""), TEXT(""));
}

void
sign_session_mail_argument(struct sign_session *session, struct text argument)
{
	need_mail(session);
	requiretls_mail_argument(&session->requiretls, argument);
}

static bool
has_domain(const struct sign_session *session, struct text name)
{
	const struct recipient_domain *one;

	for (one = session->domains; one != NULL; one = one->next)
		if (text_equal(one->name, name))
			return true;
	return false;
}

/* A domain that is none is kept as it is written. */
static struct text
domain_of(struct arena *arena, struct text address)
{
	struct text name = text_skip(address, text_find_last(address, '@') + 1);
	struct domain domain;

	return domain_parse(arena, name, &domain, NULL)
		   ? domain.name
		   : text_lower(arena, text_first(name, LIMIT_DOMAIN_BYTES));
}

void
sign_session_rcpt(struct sign_session *session, struct text recipient)
{
	struct recipient_domain *one;
	struct text name;

	need_mail(session);
	session->recipient_count++;
	if (session->recipient_count > LIMIT_RECIPIENTS)
		return;
	name = domain_of(session->arena, recipient);
	if (name.len == 0 || has_domain(session, name))
		return;
	one = arena_new_value(session->arena, struct recipient_domain);
	one->name = name;
	*session->domains_end = one;
	session->domains_end = &one->next;
	session->domain_count++;
}

void
sign_session_header(struct sign_session *session, struct text name,
		    struct text value)
{
	need_mail(session);
	if (session->digests != NULL)
		return;
	message_add(&session->message, name, value);
	requiretls_field(&session->requiretls, name, value);
}

void
sign_session_end_of_header(struct sign_session *session)
{
	need_mail(session);
	if (session->digests != NULL)
		return;
	session->digests = body_digests_new(session->arena);
	sign_plan(session);
	session->body_wanted =
	    session->signer != NULL || session->sealer != NULL;
}

void
sign_session_body(struct sign_session *session, struct text chunk)
{
	sign_session_end_of_header(session);
	if (session->body_wanted)
		session->body_wanted =
		    body_digests_update(session->digests, chunk);
}

static void
sign(struct sign_session *session, int64_t now_s)
{
	struct why why;

	if (session->signer == NULL)
		return;
	if (dkim_signer_finish(session->signer, now_s, &session->signatures,
			       &session->signature_count, &why)) {
		session->action = SIGN_SIGNED;
		return;
	}
	session->signature_count = 0;
	session->reason = "signing_failed";
	session->detail = arena_printf(session->arena, "%s", why.text);
	if (session->engine->options->signing_failure == FAILURE_TEMPFAIL)
		session->action = SIGN_TEMPFAILED;
}

static void
seal(struct sign_session *session, int64_t now_s)
{
	struct why why;

	if (session->sealer == NULL ||
	    arc_sealer_finish(session->sealer, &session->chain,
			      session->chain_results, now_s, &session->sealed,
			      &why))
		return;
	session->sealed.instance = 0;
	session->detail = arena_printf(session->arena, "%s", why.text);
}

void
sign_session_end(struct sign_session *session)
{
	int64_t now_s = sign_engine_now_s(session->engine);

	sign_session_end_of_header(session);
	body_digests_finish(session->digests);
	sign_requiretls(session);
	sign(session, now_s);
	seal(session, now_s);
}

void
sign_session_pass_over(struct sign_session *session)
{
	sign_session_reset(session);
	session->begun_ms = clock_monotonic_ms();
	message_init(&session->message, session->arena);
	session->reason = "not_looked_at";
	session->detail = "a message like this one has crashed the program";
	if (session->engine->options->signing_failure == FAILURE_TEMPFAIL)
		session->action = SIGN_TEMPFAILED;
}

const char *
sign_action_name(enum sign_action action)
{
	switch (action) {
	case SIGN_UNSIGNED:
		return "unsigned";
	case SIGN_SIGNED:
		return "signed";
	case SIGN_REJECTED:
		return "rejected";
	case SIGN_TEMPFAILED:
		return "tempfailed";
	}
	return "unsigned";
}

const char *
sign_origin_name(enum sign_origin origin)
{
	switch (origin) {
	case ORIGIN_FOREIGN:
		return "foreign";
	case ORIGIN_LOGIN:
		return "login";
	case ORIGIN_DAEMON:
		return "daemon";
	case ORIGIN_NETWORK:
		return "network";
	case ORIGIN_LOCAL:
		return "local";
	}
	return "foreign";
}
