/* delegate.h - the protocol of check_policy_service
 *
 * SMTPD_POLICY_README of Postfix: lines "name=value" and an empty line; the
 * reply is "action=..." and an empty line, and the connection stays.  Requests
 * are shown to the rules in their order; the first that has something to say
 * says it, and DUNNO is said if none has.  A rule that has to ask others first
 * says it later; other connections are served meanwhile.
 */
#ifndef POLICY_DELEGATE_H
#define POLICY_DELEGATE_H

#include <stddef.h>

#include "base/text.h"
#include "postfix-policy/server.h"

struct arena;

struct delegate_attribute {
	struct text name, value;
};

struct delegate_turn;

/* A request as it came: bytes of the client's making, borrowed. */
struct delegate_request {
	const struct delegate_attribute *attributes;
	size_t count;
	struct delegate_turn *turn; /* for delegate_wait */
};

/* The value of the first attribute of that name; empty if there is none, or
 * it is empty: Postfix does not tell one from the other. */
struct text delegate_value(const struct delegate_request *request,
			   const char *name);

enum delegate_say {
	DELEGATE_SILENT = 1, /* nothing */
	DELEGATE_SAYS,	     /* `action` */
	DELEGATE_LATER	     /* delegate_wait was called */
};

/* What has the rule to say?  `action` is what stands behind "action=", in the
 * arena: one line, nothing of the request unless it was looked at byte by
 * byte.  Never blocks: it runs in the thread that serves. */
struct delegate_rule {
	const char *name;
	enum delegate_say (*say)(void *data, struct arena *arena,
				 const struct delegate_request *request,
				 struct text *action);
	void *data;
};

/* A request that waits for a rule, and who asked. */
struct delegate_question;

/* For a rule that will return DELEGATE_LATER: what to answer.  The request and
 * the arena are gone then. */
struct delegate_question *delegate_wait(const struct delegate_request *request);

/* Once for each question, in the thread that serves but not in `say`.  An
 * empty action: nothing, the rules behind are asked.  The client may have gone
 * meanwhile, which is no matter; only the delegate must still be there. */
void delegate_answer(struct delegate_question *question, struct text action);

/* Instead: the rule says something else in `say` after all, or all connections
 * have ended. */
void delegate_forget(struct delegate_question *question);

/* What the protocol needs; `rules` ends with a NULL name and is borrowed. */
struct delegate;
struct delegate *delegate_new(const struct delegate_rule *rules);
void delegate_free(struct delegate *delegate);

struct server_protocol delegate_protocol(struct delegate *delegate);

/* Lines to attributes, in the arena, as far as the empty line.  False for a
 * line without "=", a request without "request=" or with too many. */
bool delegate_parse(struct arena *arena, struct text lines,
		    struct delegate_request *request);

#endif
