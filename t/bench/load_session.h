/*
 * load_session.h - an SMTP client's session as its mail server tells it to
 * one milter or to several in a row (milter protocol 6)
 *
 * Envelope commands go to each milter in turn; then each milter in turn gets
 * the whole message, with the changes of those before it. That is how Postfix
 * and Sendmail do it. The session is driven by readiness of its sockets and
 * takes its next message from `struct load` until none is left.
 */
#ifndef BENCH_LOAD_SESSION_H
#define BENCH_LOAD_SESSION_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "corpus.h"
#include "load_link.h"

enum { LINKS_MAX = 4 };

enum step {
	STEP_NEGOTIATE = 1,
	STEP_CONNECT,
	STEP_HELO,
	STEP_MAIL,
	STEP_RCPT,
	STEP_DATA,
	STEP_HEADER,
	STEP_END_OF_HEADER,
	STEP_BODY,
	STEP_END_OF_MESSAGE
};

/* What all sessions share: what to send, and what came of it. */
struct load {
	const struct corpus *corpus;
	const char *addresses[LINKS_MAX];
	size_t n_links;
	unsigned messages_per_connection;
	const char *id_prefix;
	enum step hold; /* stop after this step and stay; 0: do not */
	FILE *dump;	/* results of each message; NULL: none */
	int epoll;

	size_t next, limit; /* messages begun, messages to send */
	double rate;	    /* messages a second; 0: as fast as can be */
	double rate_began;  /* when message rate_first was due */
	size_t rate_first;
	struct session **idle; /* room for all; they wait for their time */
	size_t n_idle;
	double stop_at; /* begin no message after this time; 0: none */
	size_t held;	/* sessions that reached `hold` */
	size_t active;	/* sessions that are not finished */

	size_t completed, accepted, refused, tempfailed, failed;
	double *message_ms, *eom_ms; /* of each completed message */
};

struct session {
	struct load *load;
	struct link links[LINKS_MAX];
	enum step step;
	size_t at;    /* the link whose turn it is */
	size_t next;  /* header number, or offset in the body */
	bool waiting; /* for an answer of links[at] */
	bool held;
	unsigned messages; /* on this connection */
	const struct message *message;
	struct header *headers; /* with the changes of earlier milters */
	size_t n_headers;
	char **owned; /* texts of changed header fields */
	size_t n_owned;
	struct bytes changes; /* for the dump */
	char reply[200];
	double began, eom_at;
};

/* Seconds of a clock that only goes forward. */
double seconds_now(void);

/* Begins a session with the next message, if there is one; with a rate it
 * joins `idle` when that is not due yet. */
void session_start(struct session *session, struct load *load);

/* Begins the idle sessions whose time has come; returns the milliseconds until
 * the next one's, or -1 if none is idle. */
int sessions_wake(struct load *load);

/* Acts on readiness of one of the session's sockets. */
void session_event(struct link *link, uint32_t events);

void session_free(struct session *session);

/* load_command.c: adds the command of the session's step for links[at].
 * True if the milter answers it. */
bool session_command(struct session *session);

/* load_change.c: applies and records a milter's change; the packet was no
 * final answer. */
void session_change(struct session *session, const struct packet *packet);

/* Begins a message with the corpus' header fields and no changes. */
void session_headers_reset(struct session *session);

/* Writes the message's line to the dump. */
void session_dump(struct session *session, const char *outcome);

#endif
