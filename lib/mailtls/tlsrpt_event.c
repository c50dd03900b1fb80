#include "mailtls/tlsrpt_event.h"

#include "base/arena.h"
#include "base/ascii.h"
#include "base/domain.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "base/why.h"

/* --- members --- */

static struct text
clean(struct arena *arena, struct text text)
{
	return utf8_for_log(arena, text, LIMIT_REPORT_VALUE_BYTES);
}

/* "" if it is missing or no text. */
static struct text
raw_text(const struct json *object, const char *name)
{
	struct text text = {0};

	if (!json_text(json_member(object, name), &text))
		text = TEXT("");
	return text;
}

static struct text
member_text(struct arena *arena, const struct json *object, const char *name)
{
	return clean(arena, text_trim(raw_text(object, name)));
}

/* -1 if it is missing or no small number. */
static int
member_number(const struct json *object, const char *name)
{
	double number;

	if (!json_number(json_member(object, name), &number) ||
	    !(number >= 0 && number < 1000000))
		return -1;
	return (int)number;
}

/* Lower-case A-labels where it is a domain. */
static struct text
member_host(struct arena *arena, const struct json *object, const char *name)
{
	struct text text = member_text(arena, object, name);
	struct domain domain;

	if (domain_parse(arena, text, &domain, NULL))
		return domain.name;
	return text_lower(arena, text);
}

static struct ipaddr
member_address(const struct json *object, const char *name)
{
	struct ipaddr address = {0};

	if (!ipaddr_parse(raw_text(object, name), &address))
		address.family = 0;
	return address;
}

static struct tlsrpt_value *
member_values(struct arena *arena, const struct json *object, const char *name)
{
	const struct json *list = json_member(object, name);
	struct tlsrpt_value *first = NULL, **end = &first;
	size_t i, count = json_count(list);
	struct text text;

	if (count > LIMIT_TLSRPT_EVENT_VALUES)
		count = LIMIT_TLSRPT_EVENT_VALUES;
	for (i = 0; i < count; i++) {
		if (!json_text(json_element(list, i), &text))
			continue;
		*end = arena_new_value(arena, struct tlsrpt_value);
		(*end)->text = clean(arena, text);
		end = &(*end)->next;
	}
	return first;
}

/* --- failures --- */

/* RFC 8460 section 4.3, in the numbers of libtlsrpt. */
static const char *
failure_word(int code)
{
	static const struct {
		int code;
		const char *word;
	} words[] = {
	    {201, "starttls-not-supported"},
	    {202, "certificate-host-mismatch"},
	    {203, "certificate-not-trusted"},
	    {204, "certificate-expired"},
	    {205, "validation-failure"},
	    {301, "sts-policy-fetch-error"},
	    {302, "sts-policy-invalid"},
	    {303, "sts-webpki-invalid"},
	    {304, "tlsa-invalid"},
	    {305, "dnssec-invalid"},
	    {306, "dane-required"},
	};
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (words[i].code == code)
			return words[i].word;
	return NULL;
}

/* The MTA gives the whole reply to EHLO; its first line has the name. */
static struct text
helo_of(struct arena *arena, struct text reply)
{
	size_t end = text_find(reply, '\n');
	size_t i;

	reply = text_first(reply, end);
	for (i = 0; i < 3 && i < reply.len; i++)
		if (!ascii_is_digit(reply.at[i]))
			break;
	if (i == 3 && reply.len > 3 &&
	    (reply.at[3] == '-' || reply.at[3] == ' '))
		reply = text_skip(reply, 4);
	return clean(arena, text_trim(reply));
}

static void
read_failure(struct arena *arena, const struct json *from,
	     struct tlsrpt_failure *to)
{
	int code = member_number(from, "c");
	const char *word = failure_word(code);

	to->result_type = text_from(word != NULL ? word : "validation-failure");
	to->sending_ip = member_address(from, "s");
	to->receiving_ip = member_address(from, "r");
	to->receiving_mx = member_host(arena, from, "n");
	to->receiving_helo = helo_of(arena, raw_text(from, "h"));
	to->information = member_text(arena, from, "a");
	to->reason_code = member_text(arena, from, "f");
	to->sessions = 1;
	if (word == NULL && to->reason_code.len == 0)
		to->reason_code =
		    text_from(arena_printf(arena, "tlsrpt-code-%d", code));
}

static void
read_failures(struct arena *arena, const struct json *list,
	      struct tlsrpt_policy *policy)
{
	struct tlsrpt_failure **end = &policy->failures;
	size_t i, count = json_count(list);

	if (count > LIMIT_TLSRPT_EVENT_VALUES)
		count = LIMIT_TLSRPT_EVENT_VALUES;
	for (i = 0; i < count; i++) {
		*end = arena_new_value(arena, struct tlsrpt_failure);
		read_failure(arena, json_element(list, i), *end);
		end = &(*end)->next;
	}
	policy->failure_count = count;
}

/* --- policies --- */

static const char *
policy_word(int type)
{
	if (type == 1)
		return "tlsa";
	if (type == 2)
		return "sts";
	return type == 9 ? "no-policy-found" : NULL;
}

/* Older writers leave the domain out where it is the recipient's. */
static bool
read_domain(struct arena *arena, const struct json *from, struct text recipient,
	    struct text *to, struct why *why)
{
	struct text name = raw_text(from, "policy-domain");
	struct domain domain;

	*to = recipient;
	if (name.len == 0)
		return true;
	if (!domain_parse(arena, name, &domain, NULL))
		return why_set(why,
			       "the policy domain \"" TEXT_FMT "\" is none",
			       TEXT_ARG(utf8_for_log(arena, name, 80)));
	*to = domain.name;
	return true;
}

static bool
read_policy(struct arena *arena, const struct json *from, struct text recipient,
	    struct tlsrpt_policy *to, struct why *why)
{
	const char *type = policy_word(member_number(from, "policy-type"));
	int result = member_number(from, "f");

	if (type == NULL)
		return why_set(why, "a policy of unknown type");
	if (!read_domain(arena, from, recipient, &to->domain, why))
		return false;
	to->type = text_from(type);
	to->strings = member_values(arena, from, "policy-string");
	to->mx_hosts = member_values(arena, from, "mx-host");
	read_failures(arena, json_member(from, "failure-details"), to);
	if (result < 0)
		result = to->failure_count > 0;
	to->successful = result == 0;
	to->failed = result != 0;
	return true;
}

static bool
read_policies(struct arena *arena, const struct json *list,
	      struct tlsrpt_event *event, struct why *why)
{
	struct tlsrpt_policy **end = &event->policies;
	size_t i, count = json_count(list);

	if (count == 0)
		return why_set(why, "no policies");
	if (count > LIMIT_TLSRPT_EVENT_POLICIES)
		return why_set(why, "more than %d policies",
			       LIMIT_TLSRPT_EVENT_POLICIES);
	for (i = 0; i < count; i++) {
		*end = arena_new_value(arena, struct tlsrpt_policy);
		if (!read_policy(arena, json_element(list, i), event->domain,
				 *end, why))
			return false;
		end = &(*end)->next;
	}
	return true;
}

bool
tlsrpt_event_parse(struct arena *arena, struct text datagram,
		   struct tlsrpt_event *event, struct why *why)
{
	struct json_doubts doubts;
	struct domain domain;
	struct json *object;
	struct text name;

	*event = (struct tlsrpt_event){0};
	if (datagram.len > LIMIT_TLSRPT_DATAGRAM_BYTES)
		return why_set(why, "longer than %u bytes",
			       LIMIT_TLSRPT_DATAGRAM_BYTES);
	object = json_parse(arena, datagram, &doubts, why);
	if (object == NULL)
		return false;
	name = raw_text(object, "d");
	if (!domain_parse(arena, name, &domain, NULL))
		return why_set(why,
			       "the recipient domain \"" TEXT_FMT "\" is none",
			       TEXT_ARG(utf8_for_log(arena, name, 80)));
	event->domain = domain.name;
	event->record = member_text(arena, object, "pr");
	return read_policies(arena, json_member(object, "policies"), event,
			     why);
}
