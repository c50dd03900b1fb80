/* server.h - connections of a policy service, in one thread
 *
 * Reads what clients send, gives it to the protocol request by request, and
 * sends what it replies.  A connection has one request at a time: what
 * follows is not looked at until the reply is on its way, and nothing is read
 * while the client does not take its replies.  Everything is bounded:
 * connections, bytes that wait, time without a request.
 */
#ifndef POLICY_SERVER_H
#define POLICY_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/text.h"
#include "io/listen.h"

struct connection;
struct server;
struct why;

enum server_step {
	SERVER_MORE = 1, /* the request is not there as a whole */
	SERVER_ANSWERED, /* server_reply was called */
	SERVER_WAITING,	 /* server_reply will be called */
	SERVER_CLOSE	 /* after what was replied, if anything */
};

struct server_protocol {
	const char *name;  /* for the log */
	size_t most_bytes; /* of one request */
	/* Takes the request at the start of `input` and sets how many bytes it
	 * has, unless it returns SERVER_MORE. */
	enum server_step (*take)(void *data, struct connection *connection,
				 struct text input, size_t *used);
	/* The connection ends while its request waits; may be NULL. */
	void (*gone)(void *data, struct connection *connection);
	void *data;
};

struct server_calls {
	/* In each round; returns when it wants to be called at the latest. */
	int64_t (*tick)(void *data, int64_t now_ms);
	void *data;
};

struct server_options {
	size_t connections; /* most; a new one ends the one that was silent for
			       longest */
	int64_t idle_ms;    /* without a request */
	int64_t request_ms; /* from the first byte of a request to its last,
			       and for taking a reply */
};

struct server *server_new(const struct server_options *options,
			  const struct server_calls *calls, struct why *why);
/* Closes everything. */
void server_free(struct server *server);

/* May be called several times before server_run.  `protocol` is kept. */
bool server_listen(struct server *server,
		   const struct server_protocol *protocol,
		   const struct listen_address *address,
		   const struct listen_access *access, struct why *why);

/* Until server_stop; then nothing new is accepted and what waits is still
 * answered.  All connections have ended when it returns. */
void server_run(struct server *server);

/* These two from any thread. */
void server_stop(struct server *server);
/* One more round. */
void server_wake(struct server *server);

/* The rest in the thread of server_run, that is, in its calls. */

void server_reply(struct connection *connection, struct text reply);

/* The time at which this round began. */
int64_t server_now_ms(const struct connection *connection);

/* Process of the client; 0 if it is not told. */
pid_t connection_peer(const struct connection *connection);

/* Memory for the protocol's own use, cleared when the connection begins. */
#define CONNECTION_OWN_BYTES 16
void *connection_own(struct connection *connection);

struct server_counts {
	uint64_t accepted, evicted, timed_out; /* since the start */
	uint64_t open;			       /* now */
};
/* Any thread. */
struct server_counts server_counts(const struct server *server);

#endif
