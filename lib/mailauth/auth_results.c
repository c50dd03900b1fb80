#include "mailauth/auth_results.h"

#include "base/arena.h"
#include "base/ascii.h"
#include "base/buf.h"
#include "base/limits.h"
#include "base/scan.h"
#include "base/why.h"
#include "mailauth/cfws.h"

struct reader {
	struct arena *arena;
	struct auth_results *results;
	struct why *why;
};

/* token of RFC 2045 section 5.1; bytes above 0x7f as RFC 6532 has it */
static bool
is_token(char c)
{
	return (ascii_is_graph(c) || (unsigned char)c >= 0x80) &&
	       strchr("()<>@,;:\\\"/[]?=", c) == NULL;
}

static bool
is_lax_token(char c)
{
	return is_token(c) || c == '/' || c == '=' || c == ':' || c == '?' ||
	       c == '@';
}

static bool
is_keyword(char c)
{
	return ascii_is_alnum(c) || c == '-' || c == '_';
}

static bool
skip(struct reader *reader, struct scan *in)
{
	return cfws_skip(in) || why_set(reader->why, "comment without an end");
}

static bool
take_quoted(struct reader *reader, struct scan *in, struct text *value)
{
	struct buf to;
	bool escaped;

	buf_init(&to, reader->arena, LIMIT_AUTH_RESULTS_BYTES);
	if (!cfws_take_quoted(in, &to, &escaped))
		return why_set(reader->why, "quoted string without an end");
	*value = buf_view(&to);
	return true;
}

/* "value" of section 2.2: a token or a quoted string. */
static bool
take_value(struct reader *reader, struct scan *in, struct text *value)
{
	if (scan_peek(in) == '"')
		return take_quoted(reader, in, value);
	*value = scan_while(in, is_token);
	if (value->len == 0)
		return why_set(reader->why, "no value");
	return true;
}

static bool
take_keyword(struct reader *reader, struct scan *in, struct text *keyword,
	     const char *what)
{
	if (!skip(reader, in))
		return false;
	*keyword = scan_while(in, is_keyword);
	if (keyword->len == 0)
		return why_set(reader->why, "no %s", what);
	return skip(reader, in);
}

static bool
take_char(struct reader *reader, struct scan *in, char c)
{
	return scan_char(in, c) ||
	       why_set(reader->why, "no '%c' where one belongs", c);
}

/* Whether a bare value keeps to the grammar: a token, or a domain with or
 * without "local-part@" or "@" before it. */
static bool
is_strict(struct text value)
{
	struct text rest = value;
	size_t at = text_find(value, '@'), i;

	if (at < value.len)
		rest = text_skip(value, at + 1);
	for (i = 0; i < rest.len; i++)
		if (!is_token(rest.at[i]))
			return false;
	for (i = 0; at < value.len && i < at; i++)
		if (!is_token(value.at[i]) && value.at[i] != '/' &&
		    value.at[i] != '=' && value.at[i] != '?')
			return false;
	return rest.len > 0;
}

/* pvalue */
static bool
take_pvalue(struct reader *reader, struct scan *in, struct text *value)
{
	const char *start;

	if (!skip(reader, in))
		return false;
	start = in->at;
	if (scan_peek(in) == '"') {
		if (!take_quoted(reader, in, value))
			return false;
		if (scan_peek(in) != '@')
			return skip(reader, in);
		scan_while(in, is_lax_token); /* "local part"@domain */
		*value = text_of(start, (size_t)(in->at - start));
		return skip(reader, in);
	}
	*value = scan_while(in, is_lax_token);
	if (value->len == 0)
		return why_set(reader->why, "property without a value");
	if (!is_strict(*value))
		reader->results->lax = true;
	return skip(reader, in);
}

/* "reason" is no ptype, so a '=' behind it tells the two apart. */
static bool
is_reason(struct scan in)
{
	return text_equal_nocase(scan_while(&in, is_keyword), TEXT("reason")) &&
	       cfws_skip(&in) && scan_peek(&in) == '=';
}

static bool
take_reason(struct reader *reader, struct scan *in, struct auth_method *method)
{
	struct text word;

	if (method->reason.len > 0)
		return why_set(reader->why, "two reasons for one result");
	if (method->properties != NULL)
		reader->results->lax = true;
	return take_keyword(reader, in, &word, "reason") &&
	       take_char(reader, in, '=') && skip(reader, in) &&
	       take_value(reader, in, &method->reason) && skip(reader, in);
}

static bool
take_property(struct reader *reader, struct scan *in,
	      struct auth_property ***last)
{
	struct auth_property property = {.next = NULL};

	if (!take_keyword(reader, in, &property.type, "property type") ||
	    !take_char(reader, in, '.') ||
	    !take_keyword(reader, in, &property.name, "property") ||
	    !take_char(reader, in, '=') ||
	    !take_pvalue(reader, in, &property.value))
		return false;
	**last = arena_copy(reader->arena, &property, sizeof(property));
	*last = &(**last)->next;
	return true;
}

/* method ["/" version] "=" result */
static bool
take_method_and_result(struct reader *reader, struct scan *in,
		       struct auth_method *method)
{
	if (!take_keyword(reader, in, &method->method, "method"))
		return false;
	if (scan_char(in, '/')) {
		if (!skip(reader, in))
			return false;
		method->version = scan_while(in, ascii_is_digit);
		if (method->version.len == 0)
			return why_set(reader->why, "no method version");
		if (!skip(reader, in))
			return false;
	}
	return take_char(reader, in, '=') &&
	       take_keyword(reader, in, &method->result, "result");
}

/* resinfo behind its ';' */
static bool
take_resinfo(struct reader *reader, struct scan *in, struct auth_method *method)
{
	struct auth_property **last = &method->properties;

	if (!take_method_and_result(reader, in, method))
		return false;
	while (!scan_at_end(in) && scan_peek(in) != ';') {
		bool good = is_reason(*in) ? take_reason(reader, in, method)
					   : take_property(reader, in, &last);

		if (!good)
			return false;
	}
	return true;
}

/* "none" stands alone. */
static bool
take_no_result(struct reader *reader, struct scan *in)
{
	struct scan ahead = *in;

	if (!scan_string_nocase(&ahead, "none") || !cfws_skip(&ahead))
		return false;
	if (scan_char(&ahead, ';')) {
		if (!cfws_skip(&ahead))
			return false;
		reader->results->lax = true;
	}
	if (!scan_at_end(&ahead))
		return false;
	*in = ahead;
	return true;
}

static bool
take_results(struct reader *reader, struct scan *in)
{
	struct auth_method **last = &reader->results->methods;
	unsigned count = 0;

	while (scan_char(in, ';')) {
		if (!skip(reader, in))
			return false;
		if (count == 0 && take_no_result(reader, in))
			return true;
		if (count > 0 && scan_at_end(in)) {
			reader->results->lax = true;
			break;
		}
		if (++count > LIMIT_AUTH_RESULTS_METHODS)
			return why_set(reader->why, "more than %d results",
				       LIMIT_AUTH_RESULTS_METHODS);
		*last = arena_new_value(reader->arena, struct auth_method);
		if (!take_resinfo(reader, in, *last))
			return false;
		last = &(*last)->next;
	}
	if (count == 0)
		return why_set(reader->why, "neither a result nor \"none\"");
	return scan_at_end(in) ||
	       why_set(reader->why, "byte 0x%02x behind the results",
		       (unsigned char)*in->at);
}

/* authserv-id and version */
static bool
take_id(struct reader *reader, struct scan *in)
{
	struct auth_results *results = reader->results;

	if (!skip(reader, in))
		return false;
	if (scan_peek(in) == '"') {
		if (!take_quoted(reader, in, &results->id))
			return false;
	} else {
		const char *start = in->at;

		while (scan_while(in, is_token).len > 0 && scan_char(in, '/'))
			results->lax = true;
		results->id = text_of(start, (size_t)(in->at - start));
	}
	if (results->id.len == 0)
		return why_set(reader->why, "no authserv-id");
	if (!skip(reader, in))
		return false;
	results->version = scan_while(in, ascii_is_digit);
	return skip(reader, in);
}

bool
auth_results_parse(struct arena *arena, struct text value,
		   struct auth_results *results, struct why *why)
{
	struct reader reader = {arena, results, why};
	struct scan in;

	*results = (struct auth_results){.methods = NULL};
	if (value.len > LIMIT_AUTH_RESULTS_BYTES)
		return why_set(why, "field of %zu bytes", value.len);
	scan_init(&in, value);
	return cfws_is_clean(value, why) && take_id(&reader, &in) &&
	       take_results(&reader, &in);
}
