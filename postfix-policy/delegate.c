#include "postfix-policy/delegate.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/limits.h"
#include "base/xalloc.h"
#include "postfix-policy/counters.h"

struct delegate {
	const struct delegate_rule *rules;
	struct arena *scratch;
};

struct delegate *
delegate_new(const struct delegate_rule *rules)
{
	struct delegate *delegate = xcalloc(1, sizeof(*delegate));

	delegate->rules = rules;
	delegate->scratch = arena_new();
	return delegate;
}

void
delegate_free(struct delegate *delegate)
{
	if (delegate == NULL)
		return;
	arena_free(delegate->scratch);
	free(delegate);
}

struct text
delegate_value(const struct delegate_request *request, const char *name)
{
	size_t i;

	for (i = 0; i < request->count; i++)
		if (text_equal(request->attributes[i].name, text_from(name)))
			return request->attributes[i].value;
	return TEXT("");
}

bool
delegate_parse(struct arena *arena, struct text lines,
	       struct delegate_request *request)
{
	struct delegate_attribute *attributes = arena_new_array(
	    arena, struct delegate_attribute, LIMIT_DELEGATE_ATTRIBUTES);
	size_t count = 0;

	while (lines.len > 0 && lines.at[0] != '\n') {
		struct text line = text_first(lines, text_find(lines, '\n'));
		size_t name = text_find(line, '=');

		if (name == 0 || name == line.len ||
		    count == LIMIT_DELEGATE_ATTRIBUTES)
			return false;
		attributes[count].name = text_first(line, name);
		attributes[count].value = text_skip(line, name + 1);
		count++;
		lines = text_skip(lines, line.len + 1);
	}
	request->attributes = attributes;
	request->count = count;
	return delegate_value(request, "request").len > 0;
}

static struct text
decide(const struct delegate *delegate, const struct delegate_request *request)
{
	const struct delegate_rule *rule;
	struct text action;

	for (rule = delegate->rules; rule->name != NULL; rule++)
		if (rule->say(rule->data, delegate->scratch, request,
			      &action) &&
		    !text_has(action, '\n'))
			return action;
	return TEXT("DUNNO");
}

static void
reply_action(struct delegate *delegate, struct connection *connection,
	     struct text action)
{
	char *reply = arena_bytes(delegate->scratch, action.len + 9);

	memcpy(reply, "action=", 7);
	memcpy(reply + 7, action.at, action.len);
	memcpy(reply + 7 + action.len, "\n\n", 2);
	server_reply(connection, text_of(reply, action.len + 9));
}

static enum server_step
answer(struct delegate *delegate, struct connection *connection,
       struct text lines)
{
	struct delegate_request request;

	arena_reset(delegate->scratch);
	if (delegate_parse(delegate->scratch, lines, &request) &&
	    text_equal(delegate_value(&request, "request"),
		       TEXT("smtpd_access_policy"))) {
		counters_delegated();
		reply_action(delegate, connection, decide(delegate, &request));
		return SERVER_ANSWERED;
	}
	/* Postfix takes the end of the connection for an error of the
	 * service, logs it, and does what its default action says. */
	counters_refused(REFUSAL_REQUEST);
	return SERVER_CLOSE;
}

static enum server_step
take(void *data, struct connection *connection, struct text input, size_t *used)
{
	const char *end = input.len > 0 && input.at[0] == '\n'
			      ? input.at
			      : memmem(input.at, input.len, "\n\n", 2);
	size_t length;

	if (end == NULL && input.len <= LIMIT_DELEGATE_BYTES)
		return SERVER_MORE;
	length = end != NULL ? (size_t)(end - input.at) + 1
			     : LIMIT_DELEGATE_BYTES + 1;
	if (length > LIMIT_DELEGATE_BYTES) {
		counters_refused(REFUSAL_REQUEST);
		return SERVER_CLOSE;
	}
	*used = length + (input.at[0] != '\n');
	return answer(data, connection, text_first(input, length));
}

struct server_protocol
delegate_protocol(struct delegate *delegate)
{
	return (struct server_protocol){
	    .name = "check_policy_service",
	    .most_bytes = LIMIT_DELEGATE_BYTES,
	    .take = take,
	    .data = delegate,
	};
}
