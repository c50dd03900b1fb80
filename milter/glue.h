/* glue.h - libmilter's callbacks, for any milter of ours
 *
 * The one file that includes libmilter is glue.c.  A program states what it
 * does with each step as a table of calls.  Only the end of a message is
 * answered; for every other stage the MTA is told not to wait
 * (SMFIP_NR_*).
 */
#ifndef MILTER_GLUE_H
#define MILTER_GLUE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/ipaddr.h"
#include "base/text.h"

struct arena;
struct in_work;
struct why;

/* What a program asks the MTA to be allowed. */
enum glue_right {
	GLUE_FIELDS = 1,    /* add, change and remove header fields */
	GLUE_QUARANTINE = 2 /* hold a message */
};

enum glue_answer { GLUE_ACCEPT, GLUE_REJECT, GLUE_TEMPFAIL };

/* What the MTA tells with MAIL; empty where it tells nothing. */
struct glue_mail {
	struct text sender; /* without brackets */
	struct text login;
	struct text tls_version, tls_cipher, tls_bits;
	struct text daemon_name;
};

/* The message that is being answered. */
struct glue_message;

/* An engine is what all connections share; a session is one connection.
 * Both are the program's own.  Steps may come in any order; those that the
 * program does not care for may be NULL, `mail` to `record` excepted. */
struct glue_calls {
	const char *program;
	unsigned rights; /* enum glue_right */
	void (*hold)(void *engine);
	void (*release)(void *engine);

	void *(*open)(void *engine); /* a session; holds the engine */
	void (*close)(void *session);
	void (*connect)(void *session, struct text name,
			const struct ipaddr *peer);
	void (*helo)(void *session, struct text name);
	void (*mail)(void *session, const struct glue_mail *mail);
	void (*mail_argument)(void *session, struct text argument);
	void (*rcpt)(void *session, struct text recipient);
	void (*header)(void *session, struct text name, struct text value);
	void (*end_of_header)(void *session);
	void (*body)(void *session, struct text chunk);
	/* Decides, and changes the message with the calls below. */
	enum glue_answer (*end)(void *session, struct glue_message *message);
	/* Keeps the facts and writes the log, after the answer is given. */
	void (*record)(void *session, struct text queue_id);
	/* A message that the program died of (io/in_work.h) goes on without
	 * the steps above: `pass_field` for each field that is left, and
	 * `pass_over` in place of `end`, which looks at nothing of what came.
	 */
	void (*pass_field)(void *session, struct text name);
	enum glue_answer (*pass_over)(void *session,
				      struct glue_message *message);
	/* Ends a message, whether it came to its end or not. */
	void (*reset)(void *session);
};

struct glue_listen {
	const char *listen;	 /* as listen.h has it */
	const char *group;	 /* or NULL */
	const char *mode;	 /* octal */
	struct in_work *in_work; /* kept; NULL: what crashes is not known */
};

/* --- to change a message --- */

/* `number` counts the fields of that name from 1 at the top.  Remove from
 * the last one on, so that the numbers of those above stay valid whatever
 * the MTA does with them. */
void glue_remove_field(struct glue_message *message, const char *name,
		       size_t number);
/* `index` 0 is the top.  `value` has no space after the colon; its folded
 * lines may end in CRLF or LF. */
void glue_insert_field(struct glue_message *message, struct arena *arena,
		       int index, const char *name, struct text value);
/* Below all others, or in the place that the MTA keeps for it. */
void glue_add_field(struct glue_message *message, struct arena *arena,
		    const char *name, struct text value);
/* `number` as above; `value` is all that stands behind the colon. */
void glue_change_field(struct glue_message *message, struct arena *arena,
		       const char *name, size_t number, struct text value);
void glue_quarantine(struct glue_message *message, const char *reason);
/* What a rejection says: "550", "5.7.1", and a line. */
void glue_reply(struct glue_message *message, const char *code,
		const char *status, const char *line);

/* --- the listener --- */

/* Binds `where` with its mode and group.  False if it cannot be had, or
 * somebody listens there already.  `calls` is kept. */
bool glue_open(const struct glue_calls *calls, const struct glue_listen *where,
	       struct why *why);

/* Serves until glue_stop, which first waits a while for messages on their
 * way.  New connections begin with the engine that glue_use gave last;
 * glue_use(calls, NULL) gives it back. */
bool glue_serve(struct why *why);
void glue_use(const struct glue_calls *calls, void *engine);
void glue_stop(void);

#endif
