/* sign_session.h - one connection and its messages, step by step
 *
 * The same code serves the milter protocol (outbound.c) and signet-sign
 * --explain (sign_explain.c).  Nothing waits: what is needed is in memory.
 */
#ifndef MILTER_SIGN_SESSION_H
#define MILTER_SIGN_SESSION_H

#include <stdbool.h>

#include "base/ipaddr.h"
#include "mailauth/arc_seal.h"
#include "mailauth/author.h"
#include "mailauth/dkim_sign.h"
#include "mailauth/sendmail_form.h"
#include "mailtls/requiretls.h"
#include "milter/key_choice.h"
#include "milter/sign_engine.h"

/* Why a message counts as ours. */
enum sign_origin {
	ORIGIN_FOREIGN,
	ORIGIN_LOGIN,
	ORIGIN_DAEMON,
	ORIGIN_NETWORK,
	ORIGIN_LOCAL
};

enum sign_action { SIGN_UNSIGNED, SIGN_SIGNED, SIGN_REJECTED, SIGN_TEMPFAILED };

struct recipient_domain {
	struct text name;
	struct recipient_domain *next;
};

struct sign_session {
	struct sign_engine *engine;

	/* of the connection */
	struct ipaddr peer;
	bool is_local; /* no client: written on this host */

	/* of the message, in `arena` */
	struct arena *arena;
	bool begun;
	struct text sender, login, daemon;
	struct recipient_domain *domains, **domains_end;
	size_t domain_count, recipient_count;
	struct requiretls requiretls;
	struct message message;
	const struct message *sent;   /* the same, as it goes on the wire */
	struct sendmail_form form;    /* and what makes it so */
	struct body_digests *digests; /* set: the header is complete */
	bool body_wanted;
	int64_t begun_ms;

	enum sign_origin origin;
	struct author author;
	struct text mismatch;	 /* address that the login does not own */
	struct text unprotected; /* domain that REQUIRETLS cannot be kept for */
	struct key_choice choice;
	struct dkim_signer *signer; /* NULL: nothing is signed */
	struct arc_sealer *sealer;  /* NULL: nothing is sealed */
	struct arc_verdict chain;
	struct text chain_results; /* what the new set carries */

	/* after sign_session_end */
	enum sign_action action;
	const char *reason; /* a word, or NULL */
	const char *detail; /* a sentence for people, or NULL */
	const struct dkim_signed *signatures;
	size_t signature_count;
	struct arc_sealed sealed; /* instance 0: not sealed */
	struct text id;		  /* UUID of the message's facts */
};

struct sign_session *sign_session_new(struct sign_engine *engine);
void sign_session_free(struct sign_session *session);

/* Steps may come in any order: one that was left out happens all the same,
 * one that comes too late does nothing. */
/* `name` of the client, as the mail server has it: a client without an
 * address is this host only if it is called so. */
void sign_session_connect(struct sign_session *session, struct text name,
			  const struct ipaddr *peer);
void sign_session_mail(struct sign_session *session, struct text sender,
		       struct text login, struct text daemon);
/* One ESMTP argument of MAIL, such as "REQUIRETLS". */
void sign_session_mail_argument(struct sign_session *session,
				struct text argument);
void sign_session_rcpt(struct sign_session *session, struct text recipient);
void sign_session_header(struct sign_session *session, struct text name,
			 struct text value);
void sign_session_end_of_header(struct sign_session *session);
void sign_session_body(struct sign_session *session, struct text chunk);

/* Signs; changes nothing outside the session. */
void sign_session_end(struct sign_session *session);

/* In place of sign_session_end, for a message that the program died of
 * before: it is one that cannot be signed, and nothing is looked at that
 * came. */
void sign_session_pass_over(struct sign_session *session);

/* Ends the message; the connection stays. */
void sign_session_reset(struct sign_session *session);

const char *sign_action_name(enum sign_action action);
const char *sign_origin_name(enum sign_origin origin);

#endif
