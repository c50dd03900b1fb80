#include "postfix-policy/quota.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/domain.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "base/xalloc.h"
#include "io/clock.h"
#include "postfix-policy/counters.h"
#include "postfix-policy/quota_worker.h"

struct ask {
	struct quota_job job;		    /* must be first */
	struct ask *later, *earlier;	    /* of those who wait */
	struct delegate_question *question; /* NULL: nobody waits */
	char bytes[];
};

struct quota {
	struct quota_options options;
	struct server *server;
	struct quota_worker *worker;
	struct ask *first, *last; /* who waits, in the order of deadlines */
};

/* --- what is asked --- */

static struct text
message_name(struct arena *arena, const char *host, struct text instance)
{
	if (instance.len == 0 || instance.len > LIMIT_QUOTA_INSTANCE_BYTES ||
	    !utf8_is_valid(instance))
		return TEXT("");
	return text_from(
	    arena_printf(arena, "%.150s " TEXT_FMT, host, TEXT_ARG(instance)));
}

/* The domain as it is in the database; an address without one stays. */
static struct text
address(struct arena *arena, struct text recipient)
{
	size_t at = text_find_last(recipient, '@');
	struct domain domain;

	if (at == recipient.len ||
	    !domain_parse(arena, text_skip(recipient, at + 1), &domain, NULL))
		return recipient;
	return text_from(arena_printf(arena, TEXT_FMT "@" TEXT_FMT,
				      TEXT_ARG(text_first(recipient, at)),
				      TEXT_ARG(domain.name)));
}

bool
quota_read(struct arena *arena, const struct delegate_request *request,
	   const char *host, struct quota_case *of)
{
	struct text state = delegate_value(request, "protocol_state");
	struct text recipient = delegate_value(request, "recipient");

	*of = (struct quota_case){
	    .recipient = TEXT(""),
	    .message =
		message_name(arena, host, delegate_value(request, "instance"))};
	if (!text_to_u64(delegate_value(request, "size"), INT64_MAX, &of->size))
		of->size = 0;
	if (text_equal(state, TEXT("END-OF-MESSAGE")))
		return of->message.len > 0;
	if (!text_equal(state, TEXT("RCPT")) || recipient.len == 0 ||
	    recipient.len > LIMIT_QUOTA_RECIPIENT_BYTES ||
	    !utf8_is_valid(recipient) ||
	    memchr(recipient.at, 0, recipient.len) != NULL)
		return false;
	of->recipient = address(arena, recipient);
	return true;
}

static struct ask *
ask_new(const struct quota_case *of)
{
	struct ask *ask =
	    xcalloc(1, sizeof(*ask) + of->recipient.len + of->message.len + 1);

	if (of->recipient.len > 0)
		memcpy(ask->bytes, of->recipient.at, of->recipient.len);
	if (of->message.len > 0)
		memcpy(ask->bytes + of->recipient.len, of->message.at,
		       of->message.len);
	ask->job.of = *of;
	ask->job.of.recipient = text_of(ask->bytes, of->recipient.len);
	ask->job.of.message =
	    text_of(ask->bytes + of->recipient.len, of->message.len);
	return ask;
}

/* --- who waits --- */

static void
link_ask(struct quota *quota, struct ask *ask)
{
	ask->earlier = quota->last;
	*(quota->last != NULL ? &quota->last->later : &quota->first) = ask;
	quota->last = ask;
}

static void
unlink_ask(struct quota *quota, struct ask *ask)
{
	*(ask->earlier != NULL ? &ask->earlier->later : &quota->first) =
	    ask->later;
	*(ask->later != NULL ? &ask->later->earlier : &quota->last) =
	    ask->earlier;
	ask->later = ask->earlier = NULL;
}

static struct text
action_of(enum quota_verdict verdict)
{
	switch (verdict) {
	case QUOTA_FULL:
		return TEXT("452 4.2.2 Mailbox is full");
	case QUOTA_LARGE:
		return TEXT("452 4.2.2 Mailbox has no room for a message of "
			    "this size");
	case QUOTA_DOMAIN_FULL:
		return TEXT("452 4.2.2 Mailboxes of this domain are full");
	case QUOTA_DOMAIN_LARGE:
		return TEXT("452 4.2.2 Mailboxes of this domain have no room "
			    "for a message of this size");
	case QUOTA_NOT_ASKED:
	case QUOTA_UNKNOWN:
	case QUOTA_FITS:
	case QUOTA_AWAY:
	case QUOTA_LATE:
		break;
	}
	return TEXT("");
}

static void
tell(struct quota *quota, struct ask *ask, enum quota_verdict verdict)
{
	struct delegate_question *question = ask->question;

	unlink_ask(quota, ask);
	ask->question = NULL;
	counters_quota(verdict);
	delegate_answer(question, action_of(verdict));
}

/* --- the rule --- */

static enum delegate_say
say(void *data, struct arena *arena, const struct delegate_request *request,
    struct text *action)
{
	struct quota *quota = data;
	struct quota_case of;
	struct ask *ask;

	(void)action;
	if (!quota_read(arena, request, quota->options.host, &of))
		return DELEGATE_SILENT;
	ask = ask_new(&of);
	ask->job.deadline_ms =
	    clock_monotonic_ms() + quota->options.deadline_ms;
	if (of.recipient.len > 0) {
		/* before the worker has it, which may be done at once */
		ask->question = delegate_wait(request);
		link_ask(quota, ask);
	}
	if (quota_worker_put(quota->worker, &ask->job))
		return of.recipient.len > 0 ? DELEGATE_LATER : DELEGATE_SILENT;
	if (of.recipient.len > 0) {
		counters_quota(QUOTA_AWAY);
		unlink_ask(quota, ask);
		delegate_forget(ask->question);
	}
	free(ask);
	return DELEGATE_SILENT;
}

struct delegate_rule
quota_rule(struct quota *quota)
{
	return (struct delegate_rule){"quota", say, quota};
}

static void
take_answers(struct quota *quota)
{
	struct quota_job *job = quota_worker_take(quota->worker), *next;

	for (; job != NULL; job = next) {
		struct ask *ask = (struct ask *)job;

		next = job->next;
		if (ask->question != NULL)
			tell(quota, ask, job->of.verdict);
		free(ask);
	}
}

/* Those whose time is over are told; the worker still has their job. */
int64_t
quota_tick(struct quota *quota, int64_t now_ms)
{
	take_answers(quota);
	while (quota->first != NULL && quota->first->job.deadline_ms <= now_ms)
		tell(quota, quota->first, QUOTA_LATE);
	return quota->first != NULL ? quota->first->job.deadline_ms : INT64_MAX;
}

bool
quota_is_away(struct quota *quota)
{
	return quota_worker_is_away(quota->worker);
}

/* --- opening --- */

static void
wake(void *data)
{
	struct quota *quota = data;

	server_wake(quota->server);
}

struct quota *
quota_open(const struct quota_options *options, struct server *server)
{
	struct quota *quota = xcalloc(1, sizeof(*quota));
	const struct quota_worker_options worker = {
	    .conninfo = options->conninfo,
	    .call_ms = options->deadline_ms,
	    .done = wake,
	    .data = quota,
	};

	quota->options = *options;
	quota->server = server;
	quota->worker = quota_worker_open(&worker);
	return quota;
}

void
quota_close(struct quota *quota)
{
	struct quota_job *job, *next;

	if (quota == NULL)
		return;
	for (job = quota_worker_close(quota->worker); job != NULL; job = next) {
		struct ask *ask = (struct ask *)job;

		next = job->next;
		if (ask->question != NULL)
			delegate_forget(ask->question);
		free(ask);
	}
	free(quota);
}
