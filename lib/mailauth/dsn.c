#include "mailauth/dsn.h"

#include "base/arena.h"
#include "base/ascii.h"
#include "base/limits.h"
#include "base/scan.h"
#include "base/why.h"
#include "mailauth/message.h"

/* What is known while the fields are read in order. */
struct reading {
	struct arena *arena;
	struct dsn *dsn;
	struct dsn_recipient *now, *last;
	bool has_final, has_status; /* of `now` */
};

static bool
is_not_semicolon(char c)
{
	return c != ';';
}

/* "type; value" without the type; a value without a type is taken whole.  The
 * type is one word: "500 no such user; sorry" has none. */
static struct text
without_type(struct text value)
{
	struct text type;
	struct scan in;

	scan_init(&in, value);
	type = text_trim(scan_while(&in, is_not_semicolon));
	if (scan_at_end(&in) || text_has(type, ' ') || text_has(type, '@'))
		return value;
	return text_trim(text_skip(scan_rest(&in), 1));
}

/* Some writers put angle brackets around the address. */
static struct text
address_of(struct text value)
{
	struct text address = without_type(value);

	if (address.len > 1 && address.at[0] == '<' &&
	    address.at[address.len - 1] == '>')
		address = text_first(text_skip(address, 1), address.len - 2);
	return address;
}

static enum dsn_action
action_of(struct text value)
{
	static const enum dsn_action actions[] = {
	    DSN_FAILED, DSN_DELAYED, DSN_DELIVERED, DSN_RELAYED, DSN_EXPANDED};
	size_t i;

	for (i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
		if (text_starts_nocase(value,
				       text_from(dsn_action_name(actions[i]))))
			return actions[i];
	return DSN_ACTION_NONE;
}

static bool
is_end_of_code(const struct scan *in)
{
	char c = scan_peek(in);

	return scan_at_end(in) || (!ascii_is_alnum(c) && c != '.');
}

/* "5.1.1" at the place of `in`: empty if there is none. */
static struct text
take_status(struct scan *in)
{
	const char *start = in->at;
	uint64_t value;

	if (scan_u64(in, 5, &value) && value >= 2 && value != 3 &&
	    scan_char(in, '.') && scan_u64(in, 999, &value) &&
	    scan_char(in, '.') && scan_u64(in, 999, &value) &&
	    (is_end_of_code(in) || scan_peek(in) == '.'))
		return text_of(start, (size_t)(in->at - start));
	in->at = start;
	return TEXT("");
}

static bool
is_no_digit(char c)
{
	return !ascii_is_digit(c);
}

/* The first status in a sentence, wherever a number can begin. */
static struct text
find_status(struct text sentence)
{
	struct text status = TEXT("");
	struct scan in;
	char before;

	scan_init(&in, sentence);
	while (status.len == 0) {
		scan_while(&in, is_no_digit);
		if (scan_at_end(&in))
			break;
		before = in.at > sentence.at ? in.at[-1] : ' ';
		if (!ascii_is_alnum(before) && before != '.' && before != '-')
			status = take_status(&in);
		if (status.len == 0)
			scan_while(&in, ascii_is_digit);
	}
	return status;
}

/* "550 5.1.1 ...", "550-5.1.1 ...", "host x said: 550 ...". */
static unsigned
smtp_code_of(struct text sentence)
{
	struct scan in;
	uint64_t value;
	size_t digits;
	char before;

	scan_init(&in, sentence);
	while (!scan_at_end(&in)) {
		scan_while(&in, is_no_digit);
		before = in.at > sentence.at ? in.at[-1] : ' ';
		digits = scan_rest(&in).len;
		if (scan_u64(&in, 599, &value) &&
		    digits - scan_rest(&in).len == 3 && value >= 200 &&
		    (before == ' ' || before == '#' || before == '(') &&
		    (scan_at_end(&in) || scan_peek(&in) == ' ' ||
		     scan_peek(&in) == '-'))
			return (unsigned)value;
		scan_while(&in, ascii_is_digit);
	}
	return 0;
}

static bool
is_vague(struct text status)
{
	return status.len == 0 ||
	       text_equal(text_skip(status, 1), TEXT(".0.0"));
}

/* The diagnostic may know what Status does not tell. */
static void
finish_recipient(struct dsn_recipient *recipient)
{
	struct text told;

	recipient->smtp_code = smtp_code_of(recipient->diagnostic);
	if (!is_vague(recipient->status))
		return;
	told = find_status(recipient->diagnostic);
	if (told.len > 0 && (recipient->status.len == 0 ||
			     told.at[0] == recipient->status.at[0]))
		recipient->status = told;
}

static bool
recipient_is_empty(const struct dsn_recipient *recipient)
{
	return recipient->final.len == 0 && recipient->original.len == 0 &&
	       recipient->action == DSN_ACTION_NONE &&
	       recipient->status.len == 0;
}

/* A group ends; groups about nobody are dropped. */
static void
end_group(struct reading *reading)
{
	struct dsn_recipient *now = reading->now;

	reading->now = NULL;
	reading->has_final = reading->has_status = false;
	if (now == NULL || recipient_is_empty(now))
		return;
	finish_recipient(now);
	if (reading->dsn->count == LIMIT_DSN_RECIPIENTS) {
		reading->dsn->truncated = true;
		return;
	}
	if (reading->last == NULL)
		reading->dsn->first = now;
	else
		reading->last->next = now;
	reading->last = now;
	reading->dsn->count++;
}

static struct dsn_recipient *
recipient_now(struct reading *reading)
{
	if (reading->now == NULL)
		reading->now =
		    arena_new_value(reading->arena, struct dsn_recipient);
	return reading->now;
}

/* Fields of a message; the first of each counts. */
static bool
take_message_field(struct reading *reading, const char *name, struct text value)
{
	const struct {
		const char *name;
		struct text *to;
		bool has_type;
	} fields[] = {
	    {"Reporting-MTA", &reading->dsn->reporting_mta, true},
	    {"Original-Envelope-Id", &reading->dsn->envelope_id, false},
	    {"Arrival-Date", &reading->dsn->arrival_date, false}};
	size_t i;

	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (strcasecmp(name, fields[i].name) == 0) {
			if (fields[i].to->len == 0)
				*fields[i].to = fields[i].has_type
						    ? without_type(value)
						    : value;
			return true;
		}
	return false;
}

static void
take_recipient_field(struct reading *reading, const char *name,
		     struct text value)
{
	struct dsn_recipient *to;

	if (strcasecmp(name, "Final-Recipient") == 0) {
		if (reading->has_final)
			end_group(reading); /* no empty line in between */
		recipient_now(reading)->final = address_of(value);
		reading->has_final = true;
	} else if (strcasecmp(name, "Original-Recipient") == 0) {
		to = recipient_now(reading);
		if (to->original.len > 0 && reading->has_status) {
			end_group(reading);
			to = recipient_now(reading);
		}
		to->original = address_of(value);
	} else if (strcasecmp(name, "Action") == 0) {
		recipient_now(reading)->action = action_of(value);
	} else if (strcasecmp(name, "Status") == 0) {
		recipient_now(reading)->status = find_status(value);
		reading->has_status = true;
	} else if (strcasecmp(name, "Diagnostic-Code") == 0) {
		recipient_now(reading)->diagnostic = without_type(value);
	} else if (strcasecmp(name, "Remote-MTA") == 0) {
		recipient_now(reading)->remote_mta = without_type(value);
	}
}

static void
take_fields(struct reading *reading, const struct message *fields)
{
	const struct header_field *field;
	const char *name;
	struct text value;

	for (field = fields->top; field != NULL; field = field->below) {
		name = text_string(reading->arena, field->name);
		value = text_first(field_unfolded(reading->arena, field),
				   LIMIT_DSN_VALUE_BYTES);
		if (!take_message_field(reading, name, value))
			take_recipient_field(reading, name, value);
	}
}

static struct text
skip_line(struct text text)
{
	return text_skip(text, text_find(text, '\n') + 1);
}

/* Without the empty line that message_parse takes too. */
static size_t
bytes_of_fields(struct message *fields, struct text text)
{
	size_t used = message_parse(fields, text);
	struct text taken = text_first(text, used);

	if (fields->count == 0)
		return 0;
	if (text_ends_nocase(taken, TEXT("\n\r\n")))
		return used - 2;
	return text_ends_nocase(taken, TEXT("\n\n")) ? used - 1 : used;
}

bool
dsn_read(struct arena *arena, struct text text, struct dsn *dsn,
	 struct why *why)
{
	struct reading reading = {.arena = arena, .dsn = dsn};
	struct message fields;
	struct text line;

	*dsn = (struct dsn){.truncated = text.len > LIMIT_DSN_BYTES};
	text = text_first(text, LIMIT_DSN_BYTES);
	while (text.len > 0) {
		line = text_first(text, text_find(text, '\n') + 1);
		if (text_trim(line).len == 0)
			end_group(&reading);
		message_init(&fields, arena);
		if (text_trim(line).len > 0)
			text = text_skip(text, bytes_of_fields(&fields, text));
		take_fields(&reading, &fields);
		if (fields.count == 0)
			text = skip_line(text); /* empty, or no field */
	}
	end_group(&reading);
	if (dsn->count == 0)
		return why_set(why, "it speaks of no recipient");
	return true;
}

const char *
dsn_action_name(enum dsn_action action)
{
	switch (action) {
	case DSN_FAILED:
		return "failed";
	case DSN_DELAYED:
		return "delayed";
	case DSN_DELIVERED:
		return "delivered";
	case DSN_RELAYED:
		return "relayed";
	case DSN_EXPANDED:
		return "expanded";
	case DSN_ACTION_NONE:
		break;
	}
	return NULL;
}
