#include "mailauth/signed_fields.h"

#include "base/arena.h"
#include "base/ascii.h"
#include "base/limits.h"
#include "base/why.h"

enum rule {
	SIGN,	      /* each that is there */
	SEAL_PRESENT, /* one more, if one is there */
	SEAL_ALWAYS   /* one more, there or not */
};

/* A name, or with '*' at its end all names that begin so; the first that
 * fits counts. */
static const struct {
	struct text name;
	enum rule rule;
} rules[] = {
    {TEXT_INIT("From"), SEAL_ALWAYS},
    {TEXT_INIT("To"), SEAL_ALWAYS},
    {TEXT_INIT("Cc"), SEAL_ALWAYS},
    {TEXT_INIT("Subject"), SEAL_ALWAYS},
    {TEXT_INIT("Date"), SEAL_ALWAYS},
    {TEXT_INIT("Reply-To"), SEAL_ALWAYS},
    {TEXT_INIT("Message-ID"), SEAL_ALWAYS},
    {TEXT_INIT("In-Reply-To"), SEAL_ALWAYS},
    {TEXT_INIT("References"), SEAL_ALWAYS},
    {TEXT_INIT("MIME-Version"), SEAL_ALWAYS},
    {TEXT_INIT("Content-Type"), SEAL_ALWAYS},
    {TEXT_INIT("Content-Transfer-Encoding"), SEAL_ALWAYS},
    {TEXT_INIT("Sender"), SEAL_PRESENT},
    {TEXT_INIT("Content-*"), SEAL_PRESENT},
    {TEXT_INIT("List-*"), SEAL_PRESENT},
    {TEXT_INIT("TLS-Required"), SEAL_PRESENT},
    {TEXT_INIT("TLS-Report-*"), SEAL_PRESENT},
    {TEXT_INIT("CFBL-*"), SEAL_PRESENT},
    {TEXT_INIT("Autocrypt"), SEAL_PRESENT},
    {TEXT_INIT("Resent-*"), SIGN},
};

static bool
add(struct signed_fields *fields, struct text name, size_t times,
    struct why *why)
{
	if (times > LIMIT_DKIM_HEADER_NAMES - fields->count)
		return why_set(why, "more than %d header fields to sign",
			       LIMIT_DKIM_HEADER_NAMES);
	while (times-- > 0)
		fields->names[fields->count++] = name;
	return true;
}

static size_t
count_fields(const struct message *message, struct text name)
{
	const struct header_field *field;
	size_t count = 0;

	for (field = message->top; field != NULL; field = field->below)
		count += text_equal_nocase(field->name, name);
	return count;
}

static bool
add_name(struct signed_fields *fields, const struct message *message,
	 struct text name, enum rule rule, struct why *why)
{
	size_t count = count_fields(message, name);

	if (rule == SEAL_ALWAYS || (rule == SEAL_PRESENT && count > 0))
		count++;
	return add(fields, name, count, why);
}

static bool
has_name(const struct signed_fields *fields, struct text name)
{
	size_t i;

	for (i = 0; i < fields->count; i++)
		if (text_equal_nocase(fields->names[i], name))
			return true;
	return false;
}

/* longer than any name there is, and short enough for a line of h= */
#define NAME_BYTES_MAX 60

/* A ';' in a name would end it in h=. */
bool
signed_fields_is_name(struct text name)
{
	size_t i;

	for (i = 0; i < name.len; i++)
		if (!ascii_is_alnum(name.at[i]) && name.at[i] != '-' &&
		    name.at[i] != '_')
			return false;
	return name.len > 0 && name.len <= NAME_BYTES_MAX;
}

static bool
add_prefix(struct signed_fields *fields, const struct message *message,
	   struct text prefix, enum rule rule, struct why *why)
{
	const struct header_field *field;

	for (field = message->top; field != NULL; field = field->below)
		if (text_starts_nocase(field->name, prefix) &&
		    signed_fields_is_name(field->name) &&
		    !has_name(fields, field->name) &&
		    !add_name(fields, message, field->name, rule, why))
			return false;
	return true;
}

bool
signed_fields_choose(struct arena *arena, const struct message *message,
		     struct signed_fields *fields, struct why *why)
{
	struct text name;
	size_t i;

	fields->names =
	    arena_new_array(arena, struct text, LIMIT_DKIM_HEADER_NAMES);
	fields->count = 0;
	if (message->truncated)
		return why_set(why, "the header is beyond our limits");
	for (i = 0; i < sizeof(rules) / sizeof(*rules); i++) {
		name = rules[i].name;
		if (name.at[name.len - 1] == '*'
			? !add_prefix(fields, message,
				      text_first(name, name.len - 1),
				      rules[i].rule, why)
			: !add_name(fields, message, name, rules[i].rule, why))
			return false;
	}
	return true;
}

bool
signed_fields_add(const struct message *message, struct text name,
		  bool oversign, struct signed_fields *fields, struct why *why)
{
	size_t wanted = count_fields(message, name) + oversign, i;

	if (!signed_fields_is_name(name))
		return why_set(why,
			       "a header field's name that h= cannot hold");
	for (i = 0; i < fields->count && wanted > 0; i++)
		wanted -= text_equal_nocase(fields->names[i], name);
	return add(fields, name, wanted, why);
}
