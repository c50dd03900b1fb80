#include "milter/session.h"

#include "base/arena.h"
#include "base/limits.h"
#include "base/xalloc.h"
#include "io/clock.h"
#include "milter/check.h"
#include "milter/decide.h"
#include "milter/results.h"

struct session *
session_new(struct engine *engine)
{
	struct session *session = xcalloc(1, sizeof(*session));

	session->engine = engine_hold(engine);
	session->connection = arena_new();
	session->greeting = arena_new();
	session->arena = arena_new();
	return session;
}

void
session_free(struct session *session)
{
	arena_free(session->arena);
	arena_free(session->greeting);
	arena_free(session->connection);
	engine_release(session->engine);
	free(session);
}

void
session_connect(struct session *session, struct text name,
		const struct ipaddr *peer)
{
	session->peer_name =
	    text_copy(session->connection, text_first(name, 255));
	session->peer = *peer;
	session->is_connected = true;
}

void
session_helo(struct session *session, struct text helo)
{
	/* HELO comes again after STARTTLS: what was known before is void. */
	arena_reset(session->greeting);
	memset(&session->tls, 0, sizeof(session->tls));
	session->helo =
	    text_copy(session->greeting, text_first(helo, LIMIT_ADDRESS_BYTES));
}

void
session_tls(struct session *session, struct text version, struct text cipher,
	    struct text bits)
{
	uint64_t number = 0;

	version = text_first(version, 32);
	cipher = text_first(cipher, 64);
	/* told again with each message */
	if (text_equal(version, session->tls.version) &&
	    text_equal(cipher, session->tls.cipher))
		return;
	session->tls.version = text_copy(session->greeting, version);
	session->tls.cipher = text_copy(session->greeting, cipher);
	text_to_u64(bits, 65536, &number);
	session->tls.bits = (unsigned)number;
}

void
session_reset(struct session *session)
{
	size_t keep = offsetof(struct session, memo);

	arena_reset(session->arena);
	memset((char *)session + keep, 0, sizeof(*session) - keep);
	session->recipients_end = &session->recipients;
}

static enum skip
find_skip(const struct session *session)
{
	const struct milter_options *options = session->engine->options;

	if (options->skip_authenticated && session->login.len > 0)
		return SKIP_AUTHENTICATED;
	if (networks_have(&options->skip_networks, &session->verdict.client))
		return SKIP_NETWORK;
	if (options->skip_local &&
	    (session->peer.family == 0 || ipaddr_is_loopback(&session->peer)))
		return SKIP_LOCAL;
	return SKIP_NOTHING;
}

void
session_mail(struct session *session, struct text sender, struct text login)
{
	session_reset(session);
	session->begun_ms = clock_monotonic_ms();
	session->sender =
	    text_copy(session->arena, text_first(sender, LIMIT_ADDRESS_BYTES));
	session->login =
	    text_copy(session->arena, text_first(login, LIMIT_ADDRESS_BYTES));
	session->memo = dns_memo_new(session->arena, session->engine->resolver);
	message_init(&session->message, session->arena);
	session->verdict.client = session->peer;
	session->client_helo = text_copy(session->arena, session->helo);
	session->verdict.skipped = find_skip(session);
	/* Behind a trusted relay the Received fields must be seen first. */
	if (!networks_have(&session->engine->options->relays, &session->peer))
		check_begin(session);
}

void
session_mail_argument(struct session *session, struct text argument)
{
	requiretls_mail_argument(&session->verdict.requiretls, argument);
	if (text_starts_nocase(argument, TEXT("SIZE=")))
		text_to_u64(text_skip(argument, 5), UINT64_MAX,
			    &session->declared_bytes);
}

/* Steps that a peer left out happen all the same. */
static void
need_mail(struct session *session)
{
	if (session->memo == NULL)
		session_mail(session, TEXT(""), TEXT(""));
}

static bool
is_report_address(const struct session *session, struct text address)
{
	const struct config_strings *list =
	    &session->engine->options->report_addresses;
	size_t i;

	for (i = 0; i < list->count; i++)
		if (text_equal_nocase(text_from(list->values[i]), address))
			return true;
	return false;
}

void
session_rcpt(struct session *session, struct text address)
{
	struct recipient *recipient;

	need_mail(session);
	session->recipient_count++;
	if (session->recipient_count > LIMIT_RECIPIENTS)
		return;
	recipient = arena_new_value(session->arena, struct recipient);
	recipient->address =
	    text_copy(session->arena, text_first(address, LIMIT_ADDRESS_BYTES));
	recipient->is_report_address = is_report_address(session, address);
	*session->recipients_end = recipient;
	session->recipients_end = &recipient->next;
}

void
session_header(struct session *session, struct text name, struct text value)
{
	const struct header_field *field;

	need_mail(session);
	if (session->digests != NULL)
		return;
	requiretls_field(&session->verdict.requiretls, name, value);
	line_ends_field(&session->verdict.line_ends, value);
	forged_note(&session->forged, session->arena, session->engine, name,
		    value);
	field = message_add(&session->message, name, value);
	if (field != NULL && session->checks_begun)
		check_field(session, field);
}

bool
session_end_of_header(struct session *session)
{
	need_mail(session);
	if (session->digests != NULL)
		return session->body_wanted;
	check_end_of_header(session);
	session->body_wanted = body_digests_update(session->digests, TEXT(""));
	return session->body_wanted;
}

bool
session_body(struct session *session, struct text chunk)
{
	session_end_of_header(session);
	session->body_bytes += chunk.len;
	line_ends_body(&session->verdict.line_ends, chunk);
	if (session->body_wanted)
		session->body_wanted =
		    body_digests_update(session->digests, chunk);
	return session->body_wanted;
}

static void
give_temperrors(struct session *session)
{
	static const char reason[] = "not evaluated: a message like this one "
				     "has crashed the program";
	struct verdict *verdict = &session->verdict;
	struct dkim_signature_result *dkim =
	    arena_new_value(session->arena, struct dkim_signature_result);

	verdict->mail_from.result = verdict->helo.result = SPF_TEMPERROR;
	verdict->mail_from.reason = verdict->helo.reason = reason;
	verdict->iprev.result = IPREV_TEMPERROR;
	verdict->dmarc.result = DMARC_TEMPERROR;
	verdict->dmarc.reason = reason;
	dkim->result = DKIM_TEMPERROR;
	dkim->reason = reason;
	verdict->dkim = dkim;
	verdict->dkim_count = 1;
	verdict->dkim_aligned = arena_new_array(session->arena, bool, 1);
}

/* As it was found at MAIL and later.  A client whose greeting was passed over
 * is nobody that is known: not this host. */
static enum skip
known_skip(const struct session *session)
{
	if (session->memo != NULL)
		return session->verdict.skipped;
	return session->is_connected ? find_skip(session) : SKIP_NOTHING;
}

void
session_pass_over(struct session *session)
{
	struct forged forged = session->forged;
	struct verdict *verdict = &session->verdict;
	enum skip skipped;

	session->verdict.client = session->peer;
	skipped = known_skip(session);
	session_reset(session);
	session->peer_name = TEXT("");
	session->begun_ms = clock_monotonic_ms();
	session->memo = dns_memo_new(session->arena, session->engine->resolver);
	message_init(&session->message, session->arena);
	session->forged = forged;
	forged_all(&session->forged, session->arena);
	verdict->client = session->peer;
	verdict->skipped = skipped;
	verdict->forged_flood = session->forged.flood &&
				session->engine->options->role != ROLE_INTERNAL;
	if (verdict->skipped == SKIP_NOTHING)
		give_temperrors(session);
	decide(session->arena, session->engine->options, verdict,
	       &session->decision);
	if (session->decision.reason == NULL)
		session->decision.reason = "not-judged";
	session->auth_results = results_write(session);
}
