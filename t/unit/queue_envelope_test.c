#include "unit.h"

#include "admin/queue_envelope.h"
#include "base/why.h"

#define HEAD                                                                   \
	"*** ENVELOPE RECORDS hold/4XyZ1 ***\n"                                \
	"message_size:     177     635     2     0     177     0\n"

static struct queue_envelope
read_listing(struct arena *arena, const char *listing)
{
	struct queue_envelope envelope;
	struct why why;

	if (!queue_envelope_read(arena, text_from(listing), &envelope, &why))
		fail_msg("%s", why.text);
	return envelope;
}

static void
sender_and_recipients(void **state)
{
	struct queue_envelope envelope =
	    read_listing(*state, HEAD "named_attribute: envelope_id=q42\n"
				      "named_attribute: ret_flags=2\n"
				      "sender: a@b.example\n"
				      "named_attribute: notify_flags=1\n"
				      "original_recipient: alias@c.example\n"
				      "recipient: u@c.example\n"
				      "recipient: v@c.example\n"
				      "*** MESSAGE CONTENTS hold/4XyZ1 ***\n");

	assert_text(envelope.queue, "hold");
	assert_text(envelope.sender, "a@b.example");
	assert_text(envelope.envelope_id, "q42");
	assert_int_equal(envelope.returned, 2);
	assert_int_equal(envelope.count, 2);
	assert_text(envelope.recipients[0].address, "u@c.example");
	assert_int_equal(envelope.recipients[0].notify, QUEUE_NOTIFY_NEVER);
	assert_text(envelope.recipients[1].address, "v@c.example");
	assert_int_equal(envelope.recipients[1].notify, 0);
}

static void
who_has_it_already_gets_it_not_again(void **state)
{
	struct queue_envelope envelope =
	    read_listing(*state, HEAD "sender: \n"
				      "named_attribute: notify_flags=6\n"
				      "done_recipient: u@c.example\n"
				      "recipient: v@c.example\n"
				      "canceled_recipient: w@c.example\n");

	assert_text(envelope.sender, "");
	assert_int_equal(envelope.count, 1);
	assert_text(envelope.recipients[0].address, "v@c.example");
	assert_int_equal(envelope.recipients[0].notify, 0);
}

static void
what_cannot_be_sent_again(void **state)
{
	static const char *const wrong[] = {
	    "", HEAD, HEAD "recipient: u@c.example\n",
	    HEAD "sender: a@b.example\ndone_recipient: u@c.example\n"};
	struct queue_envelope envelope;
	struct why why;
	size_t i;

	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(queue_envelope_read(*state, text_from(wrong[i]),
						 &envelope, &why));
}

static void
notices(void **state)
{
	assert_string_equal(queue_notify_words(*state, 1), "never");
	assert_string_equal(queue_notify_words(*state, 2), "success");
	assert_string_equal(queue_notify_words(*state, 6), "success,failure");
	assert_string_equal(queue_notify_words(*state, 12), "failure,delay");
	assert_string_equal(queue_notify_words(*state, 14),
			    "success,failure,delay");
	assert_string_equal(queue_notify_words(*state, 10), "success,delay");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(sender_and_recipients),
	    arena_unit_test(who_has_it_already_gets_it_not_again),
	    arena_unit_test(what_cannot_be_sent_again),
	    arena_unit_test(notices),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
