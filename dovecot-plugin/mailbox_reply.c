#include "dovecot-plugin/mailbox_reply.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/why.h"
#include "base/xalloc.h"
#include "dovecot-plugin/classify.h"
#include "dovecot-plugin/event_owner.h"
#include "dovecot-plugin/mailbox_server.h"
#include "dovecot-plugin/mailbox_settings.h"
#include "dovecot-plugin/question.h"
#include "io/clock.h"
#include "io/log.h"

#define ANSWER_BYTES (64u << 10)
/* Lines about what is no question, in a minute. */
#define LINES_MOST 60

struct mailbox_reply {
	struct mailbox_server_options options;
	pthread_mutex_t lock;
	int64_t minute;
	unsigned lines;
};

struct mailbox_reply *
mailbox_reply_new(const struct mailbox_server_options *options)
{
	struct mailbox_reply *reply = xcalloc(1, sizeof(*reply));

	reply->options = *options;
	pthread_mutex_init(&reply->lock, NULL);
	return reply;
}

void
mailbox_reply_free(struct mailbox_reply *reply)
{
	pthread_mutex_destroy(&reply->lock);
	free(reply);
}

int64_t
mailbox_reply_now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void
send_answer(int fd, struct text answer)
{
	/* it fits into the buffer of the socket: nobody waits */
	(void)!send(fd, answer.at, answer.len, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void
log_answer(struct arena *arena, const struct question *question,
	   const char *verdict, int64_t took_us)
{
	struct buf line;

	buf_init(&line, arena, 8192);
	log_pair(&line, "account", question->user);
	log_pair(&line, "session", question->session);
	log_pair(&line, "verdict", text_from(verdict));
	buf_printf(&line, " ms=%lld.%lld", (long long)(took_us / 1000),
		   (long long)(took_us % 1000 / 100));
	log_info("%s", buf_cstring(&line));
}

static bool
read_question(struct mailbox_reply *reply, struct arena *arena,
	      const struct mailbox_reply_to *to, struct text bytes,
	      struct question *question, struct why *why)
{
	return question_read(arena, bytes, question, why) &&
	       event_owner_may(reply->options.owner, to->uid, question->user,
			       why);
}

static void
answer_question(struct mailbox_reply *reply, const struct mailbox_reply_to *to,
		struct arena *arena, const struct question *question)
{
	const struct mailbox_server_options *options = &reply->options;
	const struct deadline deadline = deadline_after(
	    to->asked_us / 1000, (int64_t)options->settings->patience);
	const char *verdict;
	int64_t took_us;
	struct buf answer;

	buf_init(&answer, arena, ANSWER_BYTES);
	verdict = classify(arena, options->settings, options->cache, question,
			   deadline, &answer);
	if (buf_ok(&answer))
		send_answer(to->fd, buf_view(&answer));
	took_us = mailbox_reply_now_us() - to->asked_us;
	log_answer(arena, question, verdict, took_us);
	if (options->answered != NULL)
		options->answered(options->handle, verdict,
				  (double)took_us / 1e6);
}

/* A flood of bad questions is no flood of lines. */
static bool
may_tell(struct mailbox_reply *reply)
{
	int64_t minute = clock_monotonic_ms() / 60000;
	bool may;

	pthread_mutex_lock(&reply->lock);
	if (minute != reply->minute)
		reply->lines = 0;
	reply->minute = minute;
	may = ++reply->lines <= LINES_MOST;
	pthread_mutex_unlock(&reply->lock);
	return may;
}

bool
mailbox_reply(struct mailbox_reply *reply, struct arena *arena,
	      struct text bytes, const struct mailbox_reply_to *to)
{
	struct question question;
	struct why why;

	if (read_question(reply, arena, to, bytes, &question, &why)) {
		answer_question(reply, to, arena, &question);
		return true;
	}
	if (may_tell(reply))
		log_warning("a question was not answered: %s", why.text);
	return false;
}
