#include "postfix-policy/socketmap.h"

#include "base/limits.h"
#include "base/netstring.h"
#include "postfix-policy/counters.h"
#include "postfix-policy/query.h"

/* What cannot be read as a netstring has no end that could be found. */
static enum server_step
refuse_protocol(struct connection *connection)
{
	counters_refused(REFUSAL_PROTOCOL);
	server_reply(connection, TEXT("61:PERM a question is a netstring such a"
				      "s 18:policy example.org,,"));
	return SERVER_CLOSE;
}

static enum server_step
refuse_map(struct connection *connection)
{
	counters_refused(REFUSAL_MAP);
	server_reply(
	    connection,
	    TEXT("87:PERM no such map; there are policy, p"
		 "olicy-tlsrpt, requiretls and sts: signet-policy(8),"));
	return SERVER_ANSWERED;
}

static enum server_step
take_question(struct query *query, struct connection *connection,
	      struct text question)
{
	struct text map = text_first(question, text_find(question, ' '));
	struct text key = text_skip(question, map.len + 1);
	enum tls_dialect dialect = tls_dialect_of(map);

	if (dialect == TLS_DIALECT_UNKNOWN)
		return refuse_map(connection);
	return query_ask(query, connection, key, dialect);
}

static enum server_step
take(void *data, struct connection *connection, struct text input, size_t *used)
{
	struct text question;

	switch (netstring_parse(input, LIMIT_POLICY_QUESTION_BYTES, &question,
				used)) {
	case NETSTRING_WHOLE:
		return take_question(data, connection, question);
	case NETSTRING_MORE:
		return SERVER_MORE;
	case NETSTRING_TOO_LONG:
	case NETSTRING_BROKEN:
		break;
	}
	return refuse_protocol(connection);
}

static void
gone(void *data, struct connection *connection)
{
	query_gone(data, connection);
}

struct server_protocol
socketmap_protocol(struct query *query)
{
	return (struct server_protocol){
	    .name = "socketmap",
	    .most_bytes = LIMIT_POLICY_QUESTION_BYTES + NETSTRING_FRAME_BYTES,
	    .take = take,
	    .gone = gone,
	    .data = query,
	};
}
