/* mailbox_server.h - deliveries that ask: a unix socket, one question each
 *
 * One thread reads questions from all connections, as slowly as they come and
 * within bounds; a few others answer.  A connection that is not done in time
 * is closed, and its message is delivered as ever.
 */
#ifndef DOVECOT_PLUGIN_MAILBOX_SERVER_H
#define DOVECOT_PLUGIN_MAILBOX_SERVER_H

#include <stdbool.h>
#include <stdint.h>

struct event_owner;
struct mailbox_server;
struct mailbox_settings;
struct model_cache;
struct why;

/* connections at a time; one user of the system that is not among mail_owners
 * has a quarter of them at most */
#define SERVER_VISITS 256
/* questions that are being read, all together */
#define SERVER_BYTES (64u << 20)

struct mailbox_server_options {
	const struct mailbox_settings *settings;
	struct model_cache *cache;
	struct event_owner *owner;
	/* Told of each answer, in its thread; may be NULL. */
	void (*answered)(void *handle, const char *verdict, double seconds);
	void *handle;
};

struct mailbox_server *
mailbox_server_open(const struct mailbox_server_options *options,
		    struct why *why);
/* Answers what has come, then ends; false: not all threads have ended. */
bool mailbox_server_stop(struct mailbox_server *server, int64_t wait_ms);
/* After that. */
void mailbox_server_close(struct mailbox_server *server);

struct mailbox_server_counts {
	uint64_t asked, refused; /* refused: no question, or not theirs */
	uint64_t late, full;	 /* closed: not done in time; no room */
	uint64_t visits;	 /* now */
};
struct mailbox_server_counts
mailbox_server_counts(struct mailbox_server *server);

#endif
