/* session.h - one connection and its messages, step by step
 *
 * The same code serves the milter protocol (glue.c) and `signet explain`
 * (explain.c).  Steps ask and return at once; session_end waits.
 */
#ifndef MILTER_SESSION_H
#define MILTER_SESSION_H

#include <stdbool.h>

#include "base/dns_memo.h"
#include "milter/engine.h"
#include "milter/forged.h"
#include "milter/verdict.h"

struct recipient {
	struct text address;
	bool is_report_address;
	struct recipient *next;
};

struct tls_facts {
	struct text version, cipher;
	unsigned bits;
};

struct session {
	struct engine *engine;

	/* of the connection */
	struct arena *connection;
	bool is_connected; /* `peer` is known: of no family, it is this host */
	struct ipaddr peer;
	struct text peer_name;
	struct arena *greeting; /* what follows, until the next HELO */
	struct text helo;
	struct tls_facts tls;

	/* of the message, in `arena` */
	struct arena *arena;
	struct dns_memo *memo;
	struct text sender, login;
	uint64_t declared_bytes;
	struct recipient *recipients, **recipients_end;
	size_t recipient_count;
	struct message message;
	struct text client_helo; /* of the client that counts */
	struct spf_check *spf_mail_from, *spf_helo;
	struct iprev_check *iprev;
	struct dnsbl_check *dnsbl;
	struct dkim_verifier *dkim;
	struct arc_verifier *arc;
	struct dmarc_discovery *discovery, *other_discovery;
	struct body_digests *digests;
	bool checks_begun, body_wanted;
	bool envelope_only; /* explain without a message */
	uint64_t body_bytes;
	int64_t begun_ms, waited_ms;
	struct verdict verdict;
	struct decision decision;
	struct text id;		      /* UUID of the message's facts */
	struct text auth_results;     /* field value to insert */
	struct forged forged;	      /* fields of ours that came in */
};

struct session *session_new(struct engine *engine);
void session_free(struct session *session);

/* `name` is what reverse DNS gave the MTA, for the ledger. */
void session_connect(struct session *session, struct text name,
		     const struct ipaddr *peer);
void session_helo(struct session *session, struct text helo);
void session_tls(struct session *session, struct text version,
		 struct text cipher, struct text bits);

/* Steps may come in any order: one that was left out happens all the same,
 * one that comes too late does nothing. */

/* Begins a message: what was there of an earlier one ends.  `sender` is
 * without brackets; `login` is empty unless the client authenticated. */
void session_mail(struct session *session, struct text sender,
		  struct text login);
void session_mail_argument(struct session *session, struct text argument);
void session_rcpt(struct session *session, struct text recipient);
void session_header(struct session *session, struct text name,
		    struct text value);
/* True if the body is wanted. */
bool session_end_of_header(struct session *session);
/* True if more of the body is wanted. */
bool session_body(struct session *session, struct text chunk);

/* Waits, checks and decides: verdict, decision, auth_results and forged are
 * set.  Changes nothing outside the session. */
void session_end(struct session *session);

/* In place of session_end, for a message that the program died of before:
 * every check is temperror, and nothing is looked at that came. */
void session_pass_over(struct session *session);

/* Ends the message; the connection stays. */
void session_reset(struct session *session);

#endif
