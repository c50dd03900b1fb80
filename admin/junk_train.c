#include "admin/junk_train.h"

#include <stdio.h>
#include <string.h>

#include "admin/junk_dovecot.h"
#include "admin/junk_learn.h"
#include "admin/junk_mail.h"
#include "base/why.h"

struct lesson {
	struct junk_learner *learner;
	enum train_state state;
};

static bool
take(void *handle, struct text message, uint64_t size)
{
	struct lesson *lesson = handle;

	return junk_learner_add(lesson->learner, message, size, lesson->state);
}

static int
report(struct junk_run *run, struct junk_learner *learner, uint64_t unread,
       bool was_read, struct why *why)
{
	struct train_counts counts;
	struct why unwritten;
	uint64_t messages;
	bool written;

	written = junk_learner_finish(learner, &counts, &messages, &unwritten);
	junk_learner_close(learner);
	if (!written)
		return junk_fail(unwritten.text);
	if (!was_read)
		return junk_fail(why->text);
	printf("%s: %llu messages: %llu learned as junk, %llu as ham, %llu "
	       "unlearned, %llu known\n",
	       run->words[0], (unsigned long long)messages,
	       (unsigned long long)counts.spam, (unsigned long long)counts.ham,
	       (unsigned long long)counts.undone,
	       (unsigned long long)(messages - counts.spam - counts.ham));
	return unread > 0 ? 1 : 0;
}

static bool
state_named(const char *word, enum train_state *state)
{
	if (strcmp(word, "junk") == 0 || strcmp(word, "spam") == 0)
		*state = TRAIN_SPAM;
	else if (strcmp(word, "ham") == 0)
		*state = TRAIN_HAM;
	else
		return false;
	return true;
}

int
junk_train(struct junk_run *run)
{
	struct lesson lesson;
	struct junk_mail_reader reader = {.take = take, .handle = &lesson};
	struct why why;
	bool good = true;
	int i;

	if (!state_named(run->words[1], &lesson.state))
		return junk_fail("messages are junk or ham");
	lesson.learner = junk_learner_open(run, run->words[0]);
	for (i = 2; good && i < run->count; i++)
		good = junk_mail_read(&reader, run->words[i], &why);
	return report(run, lesson.learner, reader.unread, good, &why);
}

/* --- retrain --- */

static bool
forget(struct junk_run *run)
{
	struct pg_param account = pg_string(run->words[0]);

	return junk_ask(run, "select signet.junk_forget($1)", &account, 1,
			NULL);
}

int
junk_forget(struct junk_run *run)
{
	if (!forget(run))
		return 2;
	printf("%s: forgotten\n", run->words[0]);
	return 0;
}

/* Mail that nobody has looked at yet says nothing. */
static bool
read_mailbox(struct junk_run *run, struct junk_mail_reader *reader,
	     const char *mailbox, bool is_seen, struct why *why)
{
	const char *query[] = {"mailbox", mailbox, "undeleted",
			       is_seen ? "seen" : NULL, NULL};

	return junk_dovecot_read(run->arena, reader, run->doveadm,
				 run->words[0], query, why);
}

static bool
has_all(struct junk_run *run, const char *junk, struct why *why)
{
	size_t i;

	if (!junk_dovecot_has(run->arena, run->doveadm, run->words[0], junk,
			      why))
		return false;
	for (i = 0; run->ham[i] != NULL; i++)
		if (!junk_dovecot_has(run->arena, run->doveadm, run->words[0],
				      run->ham[i], why))
			return false;
	return true;
}

int
junk_retrain(struct junk_run *run)
{
	struct lesson lesson = {.state = TRAIN_SPAM};
	struct junk_mail_reader reader = {.take = take, .handle = &lesson};
	const char *junk =
	    run->mailbox != NULL ? run->mailbox : run->settings.junk_mailbox;
	struct why why;
	bool good;
	size_t i;

	if (!has_all(run, junk, &why))
		return junk_fail(why.text);
	if (!forget(run))
		return 2;
	lesson.learner = junk_learner_open(run, run->words[0]);
	good = read_mailbox(run, &reader, junk, false, &why);
	lesson.state = TRAIN_HAM;
	for (i = 0; good && run->ham[i] != NULL; i++)
		good = read_mailbox(run, &reader, run->ham[i], true, &why);
	return report(run, lesson.learner, 0, good, &why);
}
