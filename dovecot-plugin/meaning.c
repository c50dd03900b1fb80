#include "dovecot-plugin/meaning.h"

#include "dovecot-plugin/event_read.h"

static const char *const states[] = {
    [TRAIN_NOTHING] = "",
    [TRAIN_SPAM] = "spam",
    [TRAIN_HAM] = "ham",
    [TRAIN_NONE] = "none",
};

const char *
train_state_word(enum train_state state)
{
	return states[state];
}

/* --- what an event says --- */

/* Keywords that a client has set on a copy count before the place. */
static enum train_state
of_keywords(const struct mailbox_event *event)
{
	if (event->junk == event->notjunk)
		return TRAIN_NOTHING;
	return event->junk ? TRAIN_SPAM : TRAIN_HAM;
}

static enum train_state
of_place(const struct mailbox_event *event)
{
	if (event->to_class == MAILBOX_JUNK)
		return event->from_class == MAILBOX_JUNK ? TRAIN_NOTHING
							 : TRAIN_SPAM;
	if (event->to_class != MAILBOX_INBOX &&
	    event->to_class != MAILBOX_OTHER && event->to_class != MAILBOX_SENT)
		return TRAIN_NOTHING;
	if (event->from_class == MAILBOX_JUNK ||
	    event->from_class == MAILBOX_REJECTS)
		return TRAIN_HAM;
	return event->from_class == MAILBOX_INBOX &&
		       event->to_class == MAILBOX_OTHER
		   ? TRAIN_HAM
		   : TRAIN_NOTHING;
}

static enum train_state
of_keyword_change(const struct mailbox_event *event)
{
	if (event->junk == event->old_junk &&
	    event->notjunk == event->old_notjunk)
		return TRAIN_NOTHING;
	if (event->junk != event->notjunk)
		return of_keywords(event);
	/* a keyword was taken away, and the message lies where it lay */
	if (event->from_class == MAILBOX_JUNK ||
	    event->to_class == MAILBOX_JUNK)
		return TRAIN_NOTHING;
	return TRAIN_NONE;
}

enum train_state
train_meaning(const struct mailbox_event *event)
{
	enum train_state state;

	if (event->is_header)
		return TRAIN_NOTHING;
	switch (event->kind) {
	case EVENT_MOVE:
	case EVENT_COPY:
		/* into Junk and out of it is said by hand, now */
		return of_place(event);
	case EVENT_APPEND:
		state = of_keywords(event);
		return state != TRAIN_NOTHING ? state : of_place(event);
	case EVENT_KEYWORD:
		return of_keyword_change(event);
	case EVENT_KIND_NONE:
	case EVENT_RENAME:
	case EVENT_DELETE:
	case EVENT_QUOTA:
		break;
	}
	return TRAIN_NOTHING;
}
