#include "dovecot-plugin/event_read.h"

#include "base/arena.h"
#include "base/ascii.h"
#include "base/date.h"
#include "base/scan.h"
#include "base/why.h"
#include "dovecot-plugin/event_fields.h"

#define ID_DIGITS 32
#define TIME_DIGITS 16
/* far above any mailbox, and safe as a bigint */
#define MOST_BYTES ((uint64_t)1 << 60)

static const char *const kinds[] = {
    [EVENT_KIND_NONE] = "none",	 [EVENT_MOVE] = "move",
    [EVENT_COPY] = "copy",	 [EVENT_APPEND] = "append",
    [EVENT_KEYWORD] = "keyword", [EVENT_RENAME] = "rename",
    [EVENT_DELETE] = "delete",	 [EVENT_QUOTA] = "quota",
};

static const char *const classes[] = {
    [MAILBOX_UNKNOWN] = "",	   [MAILBOX_INBOX] = "inbox",
    [MAILBOX_JUNK] = "junk",	   [MAILBOX_TRASH] = "trash",
    [MAILBOX_REJECTS] = "rejects", [MAILBOX_DRAFTS] = "drafts",
    [MAILBOX_SENT] = "sent",	   [MAILBOX_OTHER] = "other",
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

const char *
event_kind_word(enum event_kind kind)
{
	return kinds[kind];
}

/* Position of the word; 0 if it is not among them. */
static unsigned
word_of(struct text word, const char *const *words, size_t count)
{
	unsigned i;

	for (i = 1; i < count; i++)
		if (text_equal(word, text_from(words[i])))
			return i;
	return 0;
}

/* --- the name --- */

static bool
is_lower_hex(char c)
{
	return ascii_is_digit(c) || (c >= 'a' && c <= 'f');
}

bool
event_name_read(struct text name, int64_t *at_us, struct text *id)
{
	struct scan in;
	struct text digits;
	uint64_t pid, time;

	scan_init(&in, name);
	if (!scan_string(&in, "T-"))
		return false;
	digits = scan_while(&in, ascii_is_digit);
	if (digits.len != TIME_DIGITS ||
	    !text_to_u64(digits, UINT64_MAX / 2, &time) ||
	    !scan_char(&in, '-') || !scan_u64(&in, UINT32_MAX, &pid) ||
	    !scan_char(&in, '-'))
		return false;
	*id = scan_while(&in, is_lower_hex);
	*at_us = (int64_t)time;
	return id->len == ID_DIGITS && scan_at_end(&in);
}

/* --- the lines --- */

static bool
has_control(struct text text)
{
	size_t i;

	for (i = 0; i < text.len; i++)
		if ((unsigned char)text.at[i] < 0x20 || text.at[i] == 0x7f)
			return true;
	return false;
}

/* A name that Postgres and logs can take. */
static bool
take_text(const struct event_fields *fields, const char *name,
	  struct text *value, struct why *why)
{
	*value = event_fields_get(fields, name);
	return !has_control(*value) ||
	       why_set(why, "%s= has a control character", name);
}

static bool
take_number(const struct event_fields *fields, const char *name,
	    uint64_t *value, struct why *why)
{
	struct text digits = event_fields_get(fields, name);

	*value = 0;
	return digits.at == NULL || text_to_u64(digits, MOST_BYTES, value) ||
	       why_set(why, "%s= is no number", name);
}

static bool
take_class(const struct event_fields *fields, const char *name,
	   enum mailbox_class *class, struct why *why)
{
	struct text word = event_fields_get(fields, name);

	*class = (enum mailbox_class)word_of(word, classes, COUNT(classes));
	return word.len == 0 || *class != MAILBOX_UNKNOWN ||
	       why_set(why, "%s= is no class of mailboxes", name);
}

static bool
take_texts(const struct event_fields *fields, struct mailbox_event *event,
	   struct why *why)
{
	return take_text(fields, "user", &event->user, why) &&
	       take_text(fields, "session", &event->session, why) &&
	       take_text(fields, "from", &event->from, why) &&
	       take_text(fields, "to", &event->to, why) &&
	       take_text(fields, "from_guid", &event->from_guid, why) &&
	       take_text(fields, "to_guid", &event->to_guid, why) &&
	       take_text(fields, "separator", &event->separator, why) &&
	       take_text(fields, "root", &event->quota.root, why) &&
	       take_class(fields, "from_class", &event->from_class, why) &&
	       take_class(fields, "to_class", &event->to_class, why);
}

static bool
take_numbers(const struct event_fields *fields, struct mailbox_event *event,
	     struct why *why)
{
	struct event_quota *quota = &event->quota;

	return take_number(fields, "uid", &event->uid, why) &&
	       take_number(fields, "size", &event->size, why) &&
	       take_number(fields, "bytes", &quota->bytes, why) &&
	       take_number(fields, "bytes_limit", &quota->bytes_limit, why) &&
	       take_number(fields, "messages", &quota->messages, why) &&
	       take_number(fields, "messages_limit", &quota->messages_limit,
			   why);
}

static void
take_flags(const struct event_fields *fields, struct mailbox_event *event)
{
	event->junk = event_fields_is(fields, "junk");
	event->notjunk = event_fields_is(fields, "notjunk");
	event->old_junk = event_fields_is(fields, "old_junk");
	event->old_notjunk = event_fields_is(fields, "old_notjunk");
	event->is_header =
	    text_equal(event_fields_get(fields, "part"), TEXT("header"));
}

/* The seconds of both; a fraction says nothing that the name does not. */
static bool
check_time(const struct event_fields *fields, const struct mailbox_event *event,
	   struct why *why)
{
	struct text at = event_fields_get(fields, "at");
	int64_t unix_s;

	if (at.at == NULL)
		return true;
	if (date_parse_iso(at, &unix_s) != DATE_WITH_ZONE)
		return why_set(why, "at= is no time");
	return unix_s == event->at_us / 1000000 ||
	       why_set(why, "at= is not the time of its name");
}

/* --- what each kind needs --- */

static bool
needs(bool is_there, const char *what, struct why *why)
{
	return is_there || why_set(why, "%s is missing", what);
}

static bool
check_message(const struct mailbox_event *event, struct why *why)
{
	return needs(event->message.len > 0, "the message", why) &&
	       (event->size == 0 || event->size >= event->message.len ||
		why_set(why, "size= is less than what is here"));
}

static bool
check_kind(const struct mailbox_event *event, struct why *why)
{
	switch (event->kind) {
	case EVENT_KIND_NONE:
		return why_set(why, "kind= is none that is known");
	case EVENT_MOVE:
	case EVENT_COPY:
		return needs(event->from_class != MAILBOX_UNKNOWN,
			     "from_class=", why) &&
		       needs(event->to_class != MAILBOX_UNKNOWN,
			     "to_class=", why) &&
		       check_message(event, why);
	case EVENT_APPEND:
		return needs(event->to_class != MAILBOX_UNKNOWN,
			     "to_class=", why) &&
		       check_message(event, why);
	case EVENT_KEYWORD:
		return check_message(event, why);
	case EVENT_RENAME:
		return needs(event->from.len > 0, "from=", why) &&
		       needs(event->to.len > 0, "to=", why);
	case EVENT_DELETE:
		return needs(event->from.len > 0, "from=", why);
	case EVENT_QUOTA:
		return true; /* a root may have no name */
	}
	return false;
}

bool
event_read(struct arena *arena, struct text name, struct text bytes,
	   struct mailbox_event *event, struct why *why)
{
	struct event_fields fields;

	*event = (struct mailbox_event){0};
	if (!event_name_read(name, &event->at_us, &event->id))
		return why_set(why, "it has not the name of an event");
	if (!event_fields_read(arena, bytes, "signet-event", &fields, why) ||
	    !take_texts(&fields, event, why) ||
	    !take_numbers(&fields, event, why))
		return false;
	take_flags(&fields, event);
	event->kind = (enum event_kind)word_of(
	    event_fields_get(&fields, "kind"), kinds, COUNT(kinds));
	event->message = fields.message;
	if (event->size == 0)
		event->size = event->message.len;
	return check_time(&fields, event, why) &&
	       needs(event->user.len > 0, "user=", why) &&
	       check_kind(event, why);
}
