#include "admin/queue_envelope.h"

#include "base/arena.h"
#include "base/limits.h"
#include "base/scan.h"
#include "base/why.h"

struct reading {
	struct queue_envelope *envelope;
	struct queue_recipient *recipients;
	unsigned notify; /* stands before the recipient that it is for */
	bool has_sender, too_many;
};

static size_t
count_lines(struct text listing, struct text start)
{
	struct scan in;
	size_t count = 0;

	scan_init(&in, listing);
	while (!scan_at_end(&in))
		if (text_starts(scan_until(&in, '\n'), start))
			count++;
	return count;
}

static bool
starts(struct text line, const char *name, struct text *value)
{
	struct text start = text_from(name);

	*value = text_skip(line, start.len);
	return text_starts(line, start);
}

static unsigned
number(struct text value)
{
	struct scan in;
	uint64_t n = 0;

	scan_init(&in, value);
	return scan_u64(&in, 255, &n) && scan_at_end(&in) ? (unsigned)n : 0;
}

/* "*** ENVELOPE RECORDS hold/4XyZ ***": the queue. */
static void
read_queue(struct queue_envelope *envelope, struct text value)
{
	struct scan in;

	scan_init(&in, value);
	envelope->queue = scan_until(&in, '/');
}

static void
read_recipient(struct reading *reading, struct text address)
{
	struct queue_envelope *envelope = reading->envelope;

	if (envelope->count == LIMIT_QUEUE_RECIPIENTS) {
		reading->too_many = true;
		return;
	}
	reading->recipients[envelope->count++] = (struct queue_recipient){
	    .address = address,
	    .notify = reading->notify,
	};
	reading->notify = 0;
}

static void
read_line(struct reading *reading, struct text line)
{
	struct queue_envelope *envelope = reading->envelope;
	struct text value;

	if (starts(line, "*** ENVELOPE RECORDS ", &value))
		read_queue(envelope, value);
	else if (starts(line, "sender: ", &value)) {
		envelope->sender = value;
		reading->has_sender = true;
	} else if (starts(line, "recipient: ", &value))
		read_recipient(reading, value);
	else if (starts(line, "done_recipient: ", &value) ||
		 starts(line, "canceled_recipient: ", &value))
		reading->notify = 0;
	else if (starts(line, "named_attribute: notify_flags=", &value))
		reading->notify = number(value);
	else if (starts(line, "named_attribute: envelope_id=", &value))
		envelope->envelope_id = value;
	else if (starts(line, "named_attribute: ret_flags=", &value))
		envelope->returned = number(value);
}

bool
queue_envelope_read(struct arena *arena, struct text listing,
		    struct queue_envelope *envelope, struct why *why)
{
	size_t most = count_lines(listing, TEXT("recipient: "));
	struct reading reading = {.envelope = envelope};
	struct scan in;

	if (most > LIMIT_QUEUE_RECIPIENTS)
		most = LIMIT_QUEUE_RECIPIENTS;
	*envelope = (struct queue_envelope){.queue = TEXT("")};
	reading.recipients =
	    arena_new_array(arena, struct queue_recipient, most);
	envelope->recipients = reading.recipients;
	scan_init(&in, listing);
	while (!scan_at_end(&in))
		read_line(&reading, scan_until(&in, '\n'));
	if (reading.too_many)
		return why_set(why, "it has more than %u recipients",
			       LIMIT_QUEUE_RECIPIENTS);
	if (!reading.has_sender)
		return why_set(why, "postcat shows no sender of it");
	return envelope->count > 0 ||
	       why_set(why, "nobody is left who waits for it");
}

const char *
queue_notify_words(struct arena *arena, unsigned notify)
{
	if (notify & QUEUE_NOTIFY_NEVER)
		return "never";
	return arena_printf(
	    arena, "%s%s%s%s%s", notify & QUEUE_NOTIFY_SUCCESS ? "success" : "",
	    notify & QUEUE_NOTIFY_SUCCESS &&
		    notify & (QUEUE_NOTIFY_FAILURE | QUEUE_NOTIFY_DELAY)
		? ","
		: "",
	    notify & QUEUE_NOTIFY_FAILURE ? "failure" : "",
	    notify & QUEUE_NOTIFY_FAILURE && notify & QUEUE_NOTIFY_DELAY ? ","
									 : "",
	    notify & QUEUE_NOTIFY_DELAY ? "delay" : "");
}
