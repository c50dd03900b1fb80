#include "mailauth/spf_record.h"

#include "base/arena.h"
#include "base/ascii.h"
#include "base/limits.h"
#include "base/scan.h"
#include "base/why.h"
#include "mailauth/spf_macro.h"

static const struct text version = TEXT_INIT("v=spf1");

bool
spf_record_is(struct text txt)
{
	return text_starts_nocase(txt, version) &&
	       (txt.len == version.len || txt.at[version.len] == ' ');
}

static bool
is_name_byte(char c)
{
	return ascii_is_alnum(c) || c == '-' || c == '_' || c == '.';
}

/* Takes "/24" or "//64" off the end of `rest`.  Without digits behind the
 * separator there is nothing to take: then the domain is wrong. */
static bool
take_cidr(struct text *rest, const char *separator, uint64_t most,
	  uint8_t *bits, struct why *why)
{
	struct text before = *rest, digits;
	uint64_t value;

	while (before.len > 0 && ascii_is_digit(before.at[before.len - 1]))
		before.len--;
	digits = text_skip(*rest, before.len);
	if (digits.len == 0 || !text_ends_nocase(before, text_from(separator)))
		return true;
	if ((digits.len > 1 && digits.at[0] == '0') ||
	    !text_to_u64(digits, most, &value))
		return why_set(why, "prefix length that is none");
	*bits = (uint8_t)value;
	before.len -= strlen(separator);
	*rest = before;
	return true;
}

static bool
parse_domain_spec(struct text rest, struct spf_directive *directive,
		  struct why *why)
{
	if (rest.len == 0 || rest.at[0] != ':')
		return why_set(why, "no ':' before the domain");
	directive->domain_spec = text_skip(rest, 1);
	return spf_macro_check_domain_spec(directive->domain_spec, why);
}

static bool
parse_hosts(struct text rest, struct spf_directive *directive, struct why *why)
{
	directive->ip4_bits = 32;
	directive->ip6_bits = 128;
	if (!take_cidr(&rest, "//", 128, &directive->ip6_bits, why) ||
	    !take_cidr(&rest, "/", 32, &directive->ip4_bits, why))
		return false;
	return rest.len == 0 || parse_domain_spec(rest, directive, why);
}

/* ipaddr_parse turns ::ffff:192.0.2.1 into IPv4; in "ip6:" it is a network
 * of IPv6 all the same. */
static void
map_to_ip6(struct ipaddr *address)
{
	uint8_t quad[4];

	memcpy(quad, address->bytes, sizeof(quad));
	memset(address, 0, sizeof(*address));
	address->family = 6;
	address->bytes[10] = address->bytes[11] = 0xff;
	memcpy(address->bytes + 12, quad, sizeof(quad));
}

static bool
parse_network(struct text rest, bool ip6, struct spf_directive *directive,
	      struct why *why)
{
	struct ipnet *net = &directive->net;
	bool has_colon;

	net->bits = ip6 ? 128 : 32;
	if (!take_cidr(&rest, "/", net->bits, &net->bits, why))
		return false;
	if (rest.len == 0 || rest.at[0] != ':')
		return why_set(why, "no ':' before the address");
	rest = text_skip(rest, 1);
	has_colon = text_has(rest, ':');
	if (!ipaddr_parse(rest, &net->address) || has_colon != ip6)
		return why_set(why, "address that is none");
	if (ip6 && net->address.family == 4)
		map_to_ip6(&net->address);
	return true;
}

static bool
parse_arguments(struct text rest, struct spf_directive *directive,
		struct why *why)
{
	switch (directive->mechanism) {
	case SPF_MECHANISM_ALL:
		return rest.len == 0 ||
		       why_set(why, "\"all\" with an argument");
	case SPF_MECHANISM_INCLUDE:
	case SPF_MECHANISM_EXISTS:
		return parse_domain_spec(rest, directive, why);
	case SPF_MECHANISM_A:
	case SPF_MECHANISM_MX:
		return parse_hosts(rest, directive, why);
	case SPF_MECHANISM_PTR:
		return rest.len == 0 || parse_domain_spec(rest, directive, why);
	case SPF_MECHANISM_IP4:
		return parse_network(rest, false, directive, why);
	case SPF_MECHANISM_IP6:
		return parse_network(rest, true, directive, why);
	}
	return false;
}

static bool
mechanism_of(struct text name, enum spf_mechanism *mechanism)
{
	static const struct {
		const char *name;
		enum spf_mechanism mechanism;
	} names[] = {
	    {"a", SPF_MECHANISM_A},
	    {"all", SPF_MECHANISM_ALL},
	    {"exists", SPF_MECHANISM_EXISTS},
	    {"include", SPF_MECHANISM_INCLUDE},
	    {"ip4", SPF_MECHANISM_IP4},
	    {"ip6", SPF_MECHANISM_IP6},
	    {"mx", SPF_MECHANISM_MX},
	    {"ptr", SPF_MECHANISM_PTR},
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (text_equal_nocase(name, text_from(names[i].name))) {
			*mechanism = names[i].mechanism;
			return true;
		}
	return false;
}

static enum spf_result
take_qualifier(struct scan *in)
{
	if (scan_char(in, '-'))
		return SPF_FAIL;
	if (scan_char(in, '~'))
		return SPF_SOFTFAIL;
	if (scan_char(in, '?'))
		return SPF_NEUTRAL;
	scan_char(in, '+');
	return SPF_PASS;
}

static bool
parse_directive(struct text term, struct spf_directive *directive,
		struct why *why)
{
	struct scan in;

	scan_init(&in, term);
	directive->text = term;
	directive->result = take_qualifier(&in);
	if (!mechanism_of(scan_while(&in, ascii_is_alnum),
			  &directive->mechanism))
		return why_set(why, "no such mechanism");
	return parse_arguments(scan_rest(&in), directive, why);
}

/* exp= and redirect= stand once at most (section 6). */
static bool
set_modifier(struct text *modifier, struct text value, struct why *why)
{
	if (modifier->len > 0)
		return why_set(why, "given twice");
	*modifier = value;
	return spf_macro_check_domain_spec(value, why);
}

static bool
parse_modifier(struct text name, struct text value, struct spf_record *record,
	       struct why *why)
{
	if (text_equal_nocase(name, TEXT("redirect")))
		return set_modifier(&record->redirect, value, why);
	if (text_equal_nocase(name, TEXT("exp")))
		return set_modifier(&record->explanation, value, why);
	return spf_macro_check(value, SPF_MACRO_IN_MODIFIER, why);
}

/* A name up to '=' makes a modifier; all else is a directive. */
static bool
parse_term(struct text term, struct spf_record *record,
	   struct spf_directive *next, struct why *why)
{
	struct text name;
	struct scan in;

	scan_init(&in, term);
	name = scan_while(&in, is_name_byte);
	if (name.len > 0 && ascii_is_alpha(name.at[0]) && scan_char(&in, '='))
		return parse_modifier(name, scan_rest(&in), record, why);
	if (!parse_directive(term, next, why))
		return false;
	record->count++;
	return true;
}

/* Section 3.1: US-ASCII; section 4.6.1: only spaces between terms. */
static bool
check_bytes(struct text txt, size_t *terms, struct why *why)
{
	size_t i;

	if (txt.len > LIMIT_SPF_RECORD_BYTES)
		return why_set(why, "record of %zu bytes", txt.len);
	*terms = 0;
	for (i = 0; i < txt.len; i++) {
		if (txt.at[i] != ' ' && !ascii_is_graph(txt.at[i]))
			return why_set(why, "record that is not printable "
					    "ASCII");
		if (txt.at[i] != ' ' && (i == 0 || txt.at[i - 1] == ' '))
			++*terms;
	}
	if (*terms > LIMIT_SPF_RECORD_TERMS)
		return why_set(why, "record of %zu terms", *terms);
	return true;
}

bool
spf_record_parse(struct arena *arena, struct text txt,
		 struct spf_record *record, struct why *why)
{
	struct spf_directive *directives;
	struct scan in;
	struct text term;
	size_t terms = 0;

	memset(record, 0, sizeof(*record));
	if (!check_bytes(txt, &terms, why))
		return false;
	directives = arena_new_array(arena, struct spf_directive, terms);
	record->directives = directives;
	scan_init(&in, text_skip(txt, version.len));
	while (!scan_at_end(&in)) {
		term = scan_until(&in, ' ');
		if (term.len > 0 &&
		    !parse_term(term, record, &directives[record->count], why))
			return why_prefix(why, "\"" TEXT_FMT "\"",
					  TEXT_ARG(text_first(term, 100)));
	}
	return true;
}
