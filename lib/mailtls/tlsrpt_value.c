#include "mailtls/tlsrpt_value.h"

#include "base/arena.h"
#include "base/date.h"
#include "base/domain.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/scan.h"
#include "base/utf8.h"

/* Where doubles stop to hold every integer: more sessions than anybody has. */
#define COUNT_MOST 9007199254740991.0

/* --- defects --- */

void
tlsrpt_note(struct tlsrpt_reader *reader, const char *sentence)
{
	struct tlsrpt_report *report = reader->report;
	struct tlsrpt_defect *defect;

	for (defect = report->defects; defect != NULL; defect = defect->next)
		if (text_equal(defect->text, text_from(sentence))) {
			defect->count++;
			return;
		}
	if (report->defect_count == LIMIT_REPORT_DEFECTS)
		return;
	defect = arena_new_value(reader->arena, struct tlsrpt_defect);
	*defect = (struct tlsrpt_defect){text_from(sentence), 1, NULL};
	*reader->defects_end = defect;
	reader->defects_end = &defect->next;
	report->defect_count++;
}

/* `what` is what is wrong with the member of that name. */
void
tlsrpt_note_member(struct tlsrpt_reader *reader, const char *name,
		   const char *what)
{
	tlsrpt_note(reader,
		    arena_printf(reader->arena, "\"%s\" %s", name, what));
}

/* --- values --- */

static struct text
clean(struct tlsrpt_reader *reader, const char *name, struct text text)
{
	if (text.len > LIMIT_REPORT_VALUE_BYTES) {
		tlsrpt_note_member(reader, name, "is too long and was cut");
		text.len = LIMIT_REPORT_VALUE_BYTES;
	}
	return utf8_for_log(reader->arena, text_trim(text),
			    LIMIT_REPORT_VALUE_BYTES);
}

/* A number where text belongs becomes text; all else is empty. */
struct text
tlsrpt_value_text(struct tlsrpt_reader *reader, const struct json *value,
		  const char *name)
{
	struct text text = {0};
	double number;

	if (value == NULL)
		return text;
	if (json_text(value, &text))
		return clean(reader, name, text);
	if (json_number(value, &number)) {
		tlsrpt_note_member(reader, name, "is a number");
		return text_from(arena_printf(reader->arena, "%.15g", number));
	}
	tlsrpt_note_member(reader, name, "is no text");
	return text;
}

struct text
tlsrpt_member_text(struct tlsrpt_reader *reader, const struct json *object,
		   const char *name)
{
	return tlsrpt_value_text(reader, json_member(object, name), name);
}

/* The same, by the name of the RFC or by one that drafts had. */
struct json *
tlsrpt_member_either(struct tlsrpt_reader *reader, const struct json *object,
		     const char *name, const char *other)
{
	struct json *value = json_member(object, name);

	if (value != NULL)
		return value;
	value = json_member(object, other);
	if (value != NULL)
		tlsrpt_note_member(reader, other, "is the name of a draft");
	return value;
}

static uint64_t
count_of(struct tlsrpt_reader *reader, double number, const char *name)
{
	if (!(number >= 0)) {
		tlsrpt_note_member(reader, name, "is below zero: taken as 0");
		return 0;
	}
	if (number > COUNT_MOST) {
		tlsrpt_note_member(reader, name,
				   "is beyond belief: taken as 0");
		return 0;
	}
	if (number != (double)(uint64_t)number)
		tlsrpt_note_member(reader, name, "is no whole number");
	return (uint64_t)number;
}

static uint64_t
count_from_text(struct tlsrpt_reader *reader, struct text text,
		const char *name)
{
	uint64_t number;

	if (!text_to_u64(text_trim(text), (uint64_t)COUNT_MOST, &number)) {
		tlsrpt_note_member(reader, name, "is no number: taken as 0");
		return 0;
	}
	tlsrpt_note_member(reader, name, "is a number in quotes");
	return number;
}

uint64_t
tlsrpt_member_count(struct tlsrpt_reader *reader, const struct json *object,
		    const char *name)
{
	const struct json *value =
	    object != NULL ? json_member(object, name) : NULL;
	struct text text;
	double number;

	if (value == NULL) {
		tlsrpt_note_member(reader, name, "is missing: taken as 0");
		return 0;
	}
	if (json_number(value, &number))
		return count_of(reader, number, name);
	if (json_text(value, &text))
		return count_from_text(reader, text, name);
	tlsrpt_note_member(reader, name, "is no number: taken as 0");
	return 0;
}

uint64_t
tlsrpt_add_counts(uint64_t a, uint64_t b)
{
	return a + b < (uint64_t)COUNT_MOST ? a + b : (uint64_t)COUNT_MOST;
}

/* "mx: mail.example.com" is what some copy from the policy's text. */
static struct text
without_mx(struct tlsrpt_reader *reader, struct text text)
{
	struct scan in;

	scan_init(&in, text);
	if (!scan_string_nocase(&in, "mx:"))
		return text;
	tlsrpt_note_member(reader, "mx-host", "has a name before its value");
	scan_blank(&in);
	return scan_rest(&in);
}

static struct tlsrpt_value **
add_value(struct tlsrpt_reader *reader, const struct json *value,
	  const char *name, struct tlsrpt_value **end)
{
	struct text text = tlsrpt_value_text(reader, value, name);

	if (strcmp(name, "mx-host") == 0)
		text = without_mx(reader, text);
	if (text.len == 0)
		return end;
	*end = arena_new_value(reader->arena, struct tlsrpt_value);
	(*end)->text = text;
	return &(*end)->next;
}

/* A list, or one value where a list belongs (as in the RFC's own example). */
struct tlsrpt_value *
tlsrpt_values_of(struct tlsrpt_reader *reader, const struct json *value,
		 const char *name)
{
	struct tlsrpt_value *first = NULL, **end = &first;
	size_t i;

	if (value == NULL)
		return NULL;
	if (json_kind(value) != JSON_KIND_ARRAY) {
		tlsrpt_note_member(reader, name, "is one value, not a list");
		add_value(reader, value, name, end);
		return first;
	}
	for (i = 0; i < json_count(value) && i < LIMIT_REPORT_DEFECTS; i++)
		end = add_value(reader, json_element(value, i), name, end);
	if (i < json_count(value))
		tlsrpt_note_member(reader, name, "has too many values: cut");
	return first;
}

/* Lower case A-labels if it is a domain; else as it came. */
struct text
tlsrpt_domain_of(struct tlsrpt_reader *reader, struct text text,
		 const char *name)
{
	struct domain domain;

	if (text.len == 0)
		return text;
	if (domain_parse(reader->arena, text, &domain, NULL))
		return domain.name;
	tlsrpt_note_member(reader, name, "is no domain");
	return text;
}

struct ipaddr
tlsrpt_member_address(struct tlsrpt_reader *reader, const struct json *object,
		      const char *name)
{
	struct text text = tlsrpt_member_text(reader, object, name);
	struct ipaddr address = {0};

	if (text.len > 0 && !ipaddr_parse(text, &address)) {
		tlsrpt_note_member(reader, name, "is no address");
		address.family = 0;
	}
	return address;
}

/* --- times --- */

static int64_t
time_of_number(struct tlsrpt_reader *reader, double number, const char *name)
{
	if (!(number > 0 && number < 253402300800.0)) {
		tlsrpt_note_member(reader, name, "is no time");
		return 0;
	}
	tlsrpt_note_member(reader, name, "is a number of seconds");
	return (int64_t)number;
}

/* `is_end`: a day alone means its last second. */
int64_t
tlsrpt_member_time(struct tlsrpt_reader *reader, const struct json *object,
		   const char *name, bool is_end)
{
	const struct json *value =
	    object != NULL ? json_member(object, name) : NULL;
	struct text text;
	int64_t unix_s;
	double number;

	if (value == NULL) {
		tlsrpt_note_member(reader, name, "is missing");
		return 0;
	}
	if (json_number(value, &number))
		return time_of_number(reader, number, name);
	text = tlsrpt_value_text(reader, value, name);
	switch (date_parse_iso(text, &unix_s)) {
	case DATE_WITH_ZONE:
		return unix_s;
	case DATE_WITHOUT_ZONE:
		tlsrpt_note_member(reader, name,
				   "has no time zone: read as UTC");
		return unix_s;
	case DATE_DAY_ALONE:
		tlsrpt_note_member(reader, name, "is a day without a time");
		return unix_s + (is_end ? 86399 : 0);
	case DATE_UNREADABLE:
		break;
	}
	tlsrpt_note_member(reader, name, "is no time");
	return 0;
}
