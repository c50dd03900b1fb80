#include "unit.h"

#include "dovecot-plugin/event_read.h"
#include "dovecot-plugin/meaning.h"

#define MOVED(from, to)                                                        \
	(&(struct mailbox_event){.kind = EVENT_MOVE,                           \
				 .from_class = MAILBOX_##from,                 \
				 .to_class = MAILBOX_##to})
#define IS(event, state) assert_int_equal(train_meaning(event), TRAIN_##state)

static void
moves(void **state)
{
	(void)state;
	IS(MOVED(INBOX, JUNK), SPAM);
	IS(MOVED(OTHER, JUNK), SPAM);
	IS(MOVED(SENT, JUNK), SPAM);
	IS(MOVED(TRASH, JUNK), SPAM);
	IS(MOVED(JUNK, JUNK), NOTHING);
	IS(MOVED(JUNK, INBOX), HAM);
	IS(MOVED(JUNK, OTHER), HAM);
	IS(MOVED(JUNK, TRASH), NOTHING);
	IS(MOVED(JUNK, DRAFTS), NOTHING);
	IS(MOVED(JUNK, REJECTS), NOTHING);
	IS(MOVED(REJECTS, INBOX), HAM);
	IS(MOVED(REJECTS, TRASH), NOTHING);
	IS(MOVED(REJECTS, JUNK), SPAM);
	IS(MOVED(INBOX, TRASH), NOTHING);
	IS(MOVED(TRASH, INBOX), NOTHING);
	IS(MOVED(INBOX, OTHER), HAM);
	IS(MOVED(OTHER, INBOX), NOTHING);
	IS(MOVED(OTHER, OTHER), NOTHING);
	IS(MOVED(INBOX, SENT), NOTHING);
}

static void
what_is_no_message(void **state)
{
	struct mailbox_event event = *MOVED(INBOX, JUNK);

	(void)state;
	event.is_header = true;
	IS(&event, NOTHING);
	event.is_header = false;
	event.kind = EVENT_COPY;
	IS(&event, SPAM);
	event.kind = EVENT_RENAME;
	IS(&event, NOTHING);
	event.kind = EVENT_DELETE;
	IS(&event, NOTHING);
	event.kind = EVENT_QUOTA;
	IS(&event, NOTHING);
}

static void
saved(void **state)
{
	struct mailbox_event event = {.kind = EVENT_APPEND,
				      .to_class = MAILBOX_JUNK};

	(void)state;
	IS(&event, SPAM);
	event.notjunk = true;
	IS(&event, HAM);
	event.junk = true;
	IS(&event, SPAM);
	event.to_class = MAILBOX_OTHER;
	IS(&event, NOTHING);
	event.notjunk = false;
	IS(&event, SPAM);
}

static void
keywords(void **state)
{
	struct mailbox_event event = {.kind = EVENT_KEYWORD,
				      .to_class = MAILBOX_INBOX};

	(void)state;
	IS(&event, NOTHING);
	event.junk = true;
	IS(&event, SPAM);
	event.old_junk = true;
	IS(&event, NOTHING);
	event.junk = false;
	IS(&event, NONE);
	event.notjunk = true;
	IS(&event, HAM);
	event.notjunk = false;
	event.to_class = MAILBOX_JUNK;
	IS(&event, NOTHING);
	assert_string_equal(train_state_word(TRAIN_NONE), "none");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(moves),
	    cmocka_unit_test(what_is_no_message),
	    cmocka_unit_test(saved),
	    cmocka_unit_test(keywords),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
