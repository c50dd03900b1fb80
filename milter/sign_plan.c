#include "milter/sign_plan.h"

#include "base/arena.h"
#include "base/why.h"
#include "milter/arc_chain.h"
#include "milter/sign_sent.h"
#include "milter/sign_session.h"

/* --- is it ours --- */

static bool
has_word(const struct config_strings *list, struct text word)
{
	size_t i;

	for (i = 0; i < list->count; i++)
		if (text_equal_nocase(text_from(list->values[i]), word))
			return true;
	return false;
}

static bool
has_address(const struct config_networks *networks,
	    const struct ipaddr *address)
{
	size_t i;

	for (i = 0; i < networks->count; i++)
		if (ipnet_contains(&networks->values[i], address))
			return true;
	return false;
}

static enum sign_origin
find_origin(const struct sign_session *session)
{
	const struct sign_options *options = session->engine->options;

	if (options->authenticated && session->login.len > 0)
		return ORIGIN_LOGIN;
	if (session->daemon.len > 0 &&
	    has_word(&options->daemon_names, session->daemon))
		return ORIGIN_DAEMON;
	if (session->is_local)
		return ORIGIN_LOCAL;
	if (has_address(&options->networks, &session->peer))
		return ORIGIN_NETWORK;
	return ORIGIN_FOREIGN;
}

/* --- may the login write in that name --- */

enum ownership { OWNS, OWNS_NOT, OWNS_UNKNOWN };

static bool
owns(const struct sign_session *session, const struct sender_table *table,
     struct text user, struct text host)
{
	const char *delimiters = session->engine->options->recipient_delimiter;
	struct sender_question question = {
	    .user = user,
	    .host = host,
	    .login = session->login,
	    .own_host = text_from(session->engine->host),
	    .delimiters = text_from(delimiters),
	};
	const struct sender_entry *entry;

	if (user.len > LIMIT_ADDRESS_BYTES)
		return false;
	entry = sender_table_find(table, session->arena, &question);
	return entry != NULL && sender_entry_has(entry, session->login);
}

static bool
owns_author(struct sign_session *session, const struct sender_table *table)
{
	const struct mailbox *mailbox;

	if (session->author.status == AUTHOR_AMBIGUOUS) {
		session->mismatch = TEXT("that is in doubt");
		return false;
	}
	for (mailbox = session->author.mailboxes.first; mailbox != NULL;
	     mailbox = mailbox->next) {
		if (owns(session, table, mailbox->local, mailbox->domain.name))
			continue;
		session->mismatch = mailbox->address;
		return false;
	}
	return true;
}

static bool
owns_envelope(struct sign_session *session, const struct sender_table *table)
{
	size_t at = text_find_last(session->sender, '@');
	struct text host = text_skip(session->sender, at + 1);
	struct domain domain;

	if (!session->engine->options->sender_envelope ||
	    session->sender.len == 0)
		return true;
	if (domain_parse(session->arena, host, &domain, NULL))
		host = domain.name;
	if (owns(session, table, text_first(session->sender, at), host))
		return true;
	session->mismatch = session->sender;
	return false;
}

static enum ownership
find_ownership(struct sign_session *session)
{
	const struct sign_options *options = session->engine->options;
	struct sender_book *book;
	bool fine;

	if (session->login.len == 0 ||
	    !sign_engine_asks_senders(session->engine) ||
	    has_word(&options->sender_exempt, session->login))
		return OWNS;
	book = sign_engine_senders(session->engine);
	if (book == NULL)
		return OWNS_UNKNOWN;
	fine = owns_author(session, &book->table) &&
	       owns_envelope(session, &book->table);
	sender_book_release(book);
	return fine ? OWNS : OWNS_NOT;
}

/* True if the message may be signed. */
static bool
check_sender(struct sign_session *session)
{
	switch (find_ownership(session)) {
	case OWNS:
		return true;
	case OWNS_UNKNOWN:
		session->reason = "senders_unknown";
		return session->engine->options->sender_mismatch ==
		       MISMATCH_ACCEPT;
	case OWNS_NOT:
		break;
	}
	session->reason = "sender_mismatch";
	switch ((enum mismatch)session->engine->options->sender_mismatch) {
	case MISMATCH_REJECT:
		session->action = SIGN_REJECTED;
		return false;
	case MISMATCH_UNSIGNED:
		return false;
	case MISMATCH_ACCEPT:
		return true;
	}
	return false;
}

/* --- the signatures --- */

static struct dkim_wish
wish_for(const struct sign_session *session, const struct chosen_key *chosen)
{
	const struct sign_options *options = session->engine->options;

	return (struct dkim_wish){
	    .domain = chosen->domain,
	    .selector = chosen->key->selector,
	    .identity = chosen->identity,
	    .key = chosen->key->key,
	    .header_canon = options->header_canonicalization == CANON_SIMPLE
				? DKIM_SIMPLE
				: DKIM_RELAXED,
	    .body_canon = options->body_canonicalization == CANON_SIMPLE
			      ? DKIM_SIMPLE
			      : DKIM_RELAXED,
	    .lifetime_s = (int64_t)options->expiry_s,
	};
}

static void
cannot_sign(struct sign_session *session, const struct why *why)
{
	session->signer = NULL;
	session->reason = "cannot_be_signed";
	session->detail = arena_printf(session->arena, "%s", why->text);
}

static bool
cover_list(struct sign_session *session, const struct config_strings *names,
	   bool oversign, struct why *why)
{
	size_t i;

	for (i = 0; i < names->count; i++)
		if (!dkim_signer_cover(session->signer,
				       text_from(names->values[i]), oversign,
				       why))
			return false;
	return true;
}

static bool
cover_names(struct sign_session *session, struct why *why)
{
	const struct sign_options *options = session->engine->options;

	return cover_list(session, &options->sign_headers, false, why) &&
	       cover_list(session, &options->oversign_headers, true, why);
}

static void
plan_signatures(struct sign_session *session)
{
	const struct key_choice *choice = &session->choice;
	struct dkim_wish wish;
	struct why why = {"no key can be used"};
	size_t i, wanted = 0, added = 0;

	session->signer = dkim_signer_new(session->arena);
	for (i = 0; i < choice->count; i++) {
		if (choice->keys[i].skipped)
			continue;
		wanted++;
		wish = wish_for(session, &choice->keys[i]);
		if (dkim_signer_add(session->signer, &wish, &why))
			added++;
	}
	if (wanted == 0) {
		session->signer = NULL;
		session->reason = "key_not_in_dns";
	} else if (added == 0 || !cover_names(session, &why) ||
		   !dkim_signer_end_of_header(session->signer, session->sent,
					      session->digests, &why)) {
		cannot_sign(session, &why);
	}
}

static void
choose_keys(struct sign_session *session)
{
	struct key_question question = {
	    .message = &session->message,
	    .author = &session->author,
	    .mail_from = session->sender,
	    .login = session->login,
	};

	key_choice_find(session->arena, &session->engine->keys,
			session->engine->options, &question, &session->choice);
}

static void
plan_seal(struct sign_session *session)
{
	struct dkim_wish wish;
	struct why why;

	/* our results on a submitted message are its author's invention */
	if (session->engine->arc_key == NULL || session->login.len > 0 ||
	    !arc_chain_read(session->arena, &session->message,
			    session->engine->authserv_id, &session->chain,
			    &session->chain_results))
		return;
	wish = (struct dkim_wish){
	    .domain = session->engine->arc_domain,
	    .selector = session->engine->arc_key->selector,
	    .key = session->engine->arc_key->key,
	};
	session->sealer = arc_sealer_new(session->arena, &wish, &why);
	/* what is signed anew may lose its old signatures (outbound.c) */
	if (session->sealer != NULL && session->origin != ORIGIN_FOREIGN &&
	    session->engine->options->remove_signatures !=
		REMOVE_SIGNATURES_NONE)
		arc_sealer_leave_signatures(session->sealer);
	if (session->sealer != NULL &&
	    !arc_sealer_end_of_header(session->sealer, session->sent,
				      session->digests, &why))
		session->sealer = NULL;
}

void
sign_plan(struct sign_session *session)
{
	sign_sent(session);
	session->origin = find_origin(session);
	author_find(session->arena, &session->message, &session->author);
	if (session->origin == ORIGIN_FOREIGN) {
		session->reason = "not_ours";
		plan_seal(session);
		return;
	}
	if (!check_sender(session))
		return;
	plan_seal(session);
	choose_keys(session);
	if (session->choice.count > 0)
		plan_signatures(session);
	else
		session->reason = session->choice.why_not;
}
