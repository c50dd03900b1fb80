#include "postfix-policy/delegate.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/limits.h"
#include "base/xalloc.h"
#include "io/in_work.h"
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

/* Whose request it is, and which rule is asked. */
struct delegate_turn {
	struct delegate *delegate;
	struct connection *connection;
	const struct delegate_rule *rule;
	struct text lines;
};

struct delegate_question {
	struct delegate_turn turn; /* connection NULL: it has gone */
	char lines[];
};

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
	request->turn = NULL;
	return delegate_value(request, "request").len > 0;
}

static void
reply_action(struct delegate_turn *turn, struct text action)
{
	char *reply = arena_bytes(turn->delegate->scratch, action.len + 9);

	memcpy(reply, "action=", 7);
	memcpy(reply + 7, action.at, action.len);
	memcpy(reply + 7 + action.len, "\n\n", 2);
	server_reply(turn->connection, text_of(reply, action.len + 9));
}

static bool
is_action(struct text action)
{
	return action.len > 0 && !text_has(action, '\n');
}

/* --- later --- */

struct delegate_question *
delegate_wait(const struct delegate_request *request)
{
	const struct delegate_turn *turn = request->turn;
	struct delegate_question *question =
	    xcalloc(1, sizeof(*question) + turn->lines.len);
	struct delegate_question **own = connection_own(turn->connection);

	question->turn = *turn;
	memcpy(question->lines, turn->lines.at, turn->lines.len);
	question->turn.lines = text_of(question->lines, turn->lines.len);
	*own = question;
	return question;
}

static void
gone(void *data, struct connection *connection)
{
	struct delegate_question **own = connection_own(connection);

	(void)data;
	if (*own != NULL)
		(*own)->turn.connection = NULL;
	*own = NULL;
}

/* --- rules in their order --- */

/* From turn->rule on.  SERVER_WAITING: one of them will answer. */
static enum server_step
ask_rules(struct delegate_turn *turn, struct delegate_request *request)
{
	struct arena *scratch = turn->delegate->scratch;
	struct text action = TEXT("");

	request->turn = turn;
	for (; turn->rule->name != NULL; turn->rule++) {
		switch (turn->rule->say(turn->rule->data, scratch, request,
					&action)) {
		case DELEGATE_SILENT:
			continue;
		case DELEGATE_LATER:
			return SERVER_WAITING;
		case DELEGATE_SAYS:
			break;
		}
		if (is_action(action))
			break;
	}
	if (turn->rule->name == NULL)
		action = TEXT("DUNNO");
	reply_action(turn, action);
	return SERVER_ANSWERED;
}

static void
go_on(struct delegate_turn *turn)
{
	struct delegate_request request;
	bool is_good;

	arena_reset(turn->delegate->scratch);
	is_good =
	    delegate_parse(turn->delegate->scratch, turn->lines, &request);
	assert(is_good); /* it was once */
	turn->rule++;
	ask_rules(turn, &request);
}

static void
forget(const struct delegate_turn *turn)
{
	struct delegate_question **own;

	if (turn->connection == NULL)
		return;
	own = connection_own(turn->connection);
	*own = NULL;
}

void
delegate_forget(struct delegate_question *question)
{
	forget(&question->turn);
	free(question);
}

void
delegate_answer(struct delegate_question *question, struct text action)
{
	struct delegate_turn *turn = &question->turn;

	forget(turn);
	if (turn->connection != NULL && is_action(action))
		reply_action(turn, action);
	else if (turn->connection != NULL)
		go_on(turn);
	free(question);
}

/* Mail goes on without what the rules would say. */
static enum server_step
answer_passed_over(struct delegate *delegate, struct connection *connection)
{
	struct delegate_turn turn = {.delegate = delegate,
				     .connection = connection};

	arena_reset(delegate->scratch);
	reply_action(&turn, TEXT("DUNNO"));
	return SERVER_ANSWERED;
}

static enum server_step
answer(struct delegate *delegate, struct connection *connection,
       struct text lines)
{
	struct delegate_turn turn = {.delegate = delegate,
				     .connection = connection,
				     .rule = delegate->rules,
				     .lines = lines};
	struct delegate_request request;

	arena_reset(delegate->scratch);
	if (delegate_parse(delegate->scratch, lines, &request) &&
	    text_equal(delegate_value(&request, "request"),
		       TEXT("smtpd_access_policy"))) {
		counters_delegated();
		return ask_rules(&turn, &request);
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
	enum server_step step;
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
	input = text_first(input, length);
	if (in_work_try("the request", input, input))
		step = answer(data, connection, input);
	else
		step = answer_passed_over(data, connection);
	in_work_done();
	return step;
}

struct server_protocol
delegate_protocol(struct delegate *delegate)
{
	return (struct server_protocol){
	    .name = "check_policy_service",
	    .most_bytes = LIMIT_DELEGATE_BYTES,
	    .take = take,
	    .gone = gone,
	    .data = delegate,
	};
}
