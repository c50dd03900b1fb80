/* delegate.h - the protocol of check_policy_service
 *
 * SMTPD_POLICY_README of Postfix: lines "name=value" and an empty line; the
 * reply is "action=..." and an empty line, and the connection stays.  Requests
 * are shown to the rules in their order; the first that has something to say
 * says it, and DUNNO is said if none has.
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

/* A request as it came: bytes of the client's making, borrowed. */
struct delegate_request {
	const struct delegate_attribute *attributes;
	size_t count;
};

/* The value of the first attribute of that name; empty if there is none, or
 * it is empty: Postfix does not tell one from the other. */
struct text delegate_value(const struct delegate_request *request,
			   const char *name);

/* Has the rule something to say?  Then `action` is what stands behind
 * "action=", in the arena: one line, nothing of the request unless it was
 * looked at byte by byte.  Never blocks: it runs in the thread that serves. */
struct delegate_rule {
	const char *name;
	bool (*say)(void *data, struct arena *arena,
		    const struct delegate_request *request,
		    struct text *action);
	void *data;
};

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
