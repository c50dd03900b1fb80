#include "base/dns_zone_read.h"

#include "base/arena.h"
#include "base/ascii.h"
#include "base/limits.h"
#include "base/scan.h"
#include "base/why.h"

#define DEFAULT_TTL_S 3600
#define TTL_MAX 0x7fffffff /* RFC 2181 section 8 */
#define STRING_BYTES_MAX 255

struct token {
	struct text text; /* escapes resolved */
	bool quoted, dot_in_label;
	struct token *next;
};

struct reader {
	struct arena *arena;
	struct scan in;
	char *scratch; /* as long as the whole text */
	unsigned line;
	struct text origin; /* no final dot, "" for the root */
	struct text owner;
	bool has_owner;
	uint32_t ttl_s;
	enum dns_security security;
	struct dns_zone_entry **end;
};

static bool
is_comment(char c)
{
	return c != '\n';
}

/* "\DDD" or "\X", behind the backslash. */
static bool
take_escape(struct scan *in, char *c, struct why *why)
{
	unsigned value = 0;
	int i;

	if (scan_at_end(in) || *in->at == '\n')
		return why_set(why, "backslash at the end of a line");
	if (!ascii_is_digit(*in->at)) {
		*c = *in->at++;
		return true;
	}
	for (i = 0; i < 3; i++) {
		if (!ascii_is_digit(scan_peek(in)))
			return why_set(why, "\\ and fewer than three digits");
		value = value * 10 + (unsigned)(*in->at++ - '0');
	}
	if (value > 255)
		return why_set(why, "\\%u is above 255", value);
	*c = (char)value;
	return true;
}

static bool
ends_token(char c)
{
	return ascii_is_fws(c) || c == ';' || c == '(' || c == ')' || c == '"';
}

static bool
take_token(struct reader *r, struct token *token, struct why *why)
{
	char *to = r->scratch, c;
	size_t len = 0;

	token->quoted = scan_char(&r->in, '"');
	for (;;) {
		if (scan_at_end(&r->in) || scan_peek(&r->in) == '\n')
			break;
		c = *r->in.at;
		if (token->quoted ? c == '"' : ends_token(c))
			break;
		r->in.at++;
		if (c == '\\') {
			if (!take_escape(&r->in, &c, why))
				return false;
			token->dot_in_label |= c == '.';
		}
		to[len++] = c;
	}
	if (token->quoted && !scan_char(&r->in, '"'))
		return why_set(why, "no closing quote");
	token->text = text_copy(r->arena, text_of(to, len));
	return true;
}

/* Moves to the next token of a record; false at the record's end. */
static bool
skip_to_token(struct reader *r, unsigned *depth, struct why *why, bool *good)
{
	for (; !scan_at_end(&r->in); r->in.at++) {
		switch (*r->in.at) {
		case ';':
			scan_while(&r->in, is_comment);
			r->in.at--;
			continue;
		case '(':
			++*depth;
			continue;
		case ')':
			if (*depth == 0)
				return *good = why_set(why, "')' without '('");
			--*depth;
			continue;
		case '\n':
			r->line++;
			if (*depth > 0)
				continue;
			r->in.at++;
			return false;
		case ' ':
		case '\t':
		case '\r':
			continue;
		}
		return true;
	}
	if (*depth > 0)
		*good = why_set(why, "no ')' for a '('");
	return false;
}

/* The tokens of one record, which parentheses may spread over lines. */
static bool
take_tokens(struct reader *r, struct token **first, struct why *why)
{
	struct token **end = first;
	unsigned depth = 0;
	bool good = true;

	*first = NULL;
	while (skip_to_token(r, &depth, why, &good)) {
		*end = arena_new_value(r->arena, struct token);
		if (!take_token(r, *end, why))
			return false;
		end = &(*end)->next;
	}
	return good;
}

/* A name relative to the origin unless it ends with a dot. */
static bool
name_of(struct reader *r, const struct token *token, struct text *name,
	struct why *why)
{
	struct text text = token->text;

	if (token->dot_in_label)
		return why_set(why, "a dot inside a label");
	if (text.len == 0)
		return why_set(why, "empty name");
	if (text_equal(text, TEXT("@")))
		*name = r->origin;
	else if (text.at[text.len - 1] == '.')
		*name = text_first(text, text.len - 1);
	else if (r->origin.len == 0)
		*name = text;
	else
		*name = text_from(arena_printf(r->arena, TEXT_FMT "." TEXT_FMT,
					       TEXT_ARG(text),
					       TEXT_ARG(r->origin)));
	return true;
}

/* A name that can be in the DNS, in lower case. */
static bool
owner_of(struct reader *r, const struct token *token, struct text *name,
	 struct why *why)
{
	struct text rest, label;

	if (!name_of(r, token, name, why))
		return false;
	if (name->len > LIMIT_DOMAIN_BYTES)
		return why_set(why, "name above %d bytes", LIMIT_DOMAIN_BYTES);
	for (rest = *name; rest.len > 0;
	     rest = text_skip(rest, label.len + 1)) {
		label = text_first(rest, text_find(rest, '.'));
		if (label.len == 0 || label.len > LIMIT_LABEL_BYTES ||
		    label.len + 1 == rest.len)
			return why_set(why, "label of 0 or over %d bytes",
				       LIMIT_LABEL_BYTES);
	}
	*name = text_lower(r->arena, *name);
	return true;
}

/* Seconds, or numbers with units as "1h30m". */
static bool
ttl_of(struct text text, uint32_t *ttl_s)
{
	static const struct {
		char letter;
		uint64_t seconds;
	} units[] = {
	    {'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 604800}};
	uint64_t sum = 0, value;
	struct scan in;
	size_t i;

	scan_init(&in, text);
	do {
		if (!scan_u64(&in, TTL_MAX, &value))
			return false;
		for (i = 0; i < sizeof(units) / sizeof(*units); i++)
			if (ascii_lower(scan_peek(&in)) == units[i].letter) {
				value *= units[i].seconds;
				in.at++;
				break;
			}
		sum += value;
	} while (!scan_at_end(&in) && sum <= TTL_MAX);
	*ttl_s = (uint32_t)sum;
	return sum <= TTL_MAX;
}

static bool
type_of(struct text text, uint16_t *type)
{
	static const enum dns_type known[] = {DNS_A,   DNS_NS,	 DNS_CNAME,
					      DNS_SOA, DNS_PTR,	 DNS_MX,
					      DNS_TXT, DNS_AAAA, DNS_TLSA};
	static const char *const others[] = {
	    "CAA",   "CDNSKEY", "CDS",	  "DNAME",     "DNSKEY",     "DS",
	    "HINFO", "HTTPS",	"LOC",	  "NAPTR",     "NSEC",	     "NSEC3",
	    "RP",    "RRSIG",	"SMIMEA", "SPF",       "NSEC3PARAM", "SRV",
	    "SSHFP", "SVCB",	"URI",	  "OPENPGPKEY"};
	size_t i;

	if (text_equal_nocase(text, TEXT("ANY"))) {
		*type = 0;
		return true;
	}
	for (i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (text_equal_nocase(text,
				      text_from(dns_type_name(known[i])))) {
			*type = (uint16_t)known[i];
			return true;
		}
	*type = DNS_ZONE_OTHER_TYPE;
	for (i = 0; i < sizeof(others) / sizeof(*others); i++)
		if (text_equal_nocase(text, text_from(others[i])))
			return true;
	return text_starts_nocase(text, TEXT("TYPE"));
}

/* "!TIMEOUT" and its kind. */
static bool
ending_of(struct text word, struct dns_zone_entry *entry, struct why *why)
{
	static const struct {
		const char *word;
		enum dns_status status;
		const char *reason;
	} endings[] = {
	    {"!TIMEOUT", DNS_TEMPFAIL, "timeout"},
	    {"!SERVFAIL", DNS_TEMPFAIL, "SERVFAIL"},
	    {"!BOGUS", DNS_BOGUS, "bogus"},
	    {"!NXDOMAIN", DNS_NXDOMAIN, NULL},
	    {"!NODATA", DNS_NODATA, NULL},
	};
	size_t i;

	for (i = 0; i < sizeof(endings) / sizeof(*endings); i++)
		if (text_equal_nocase(word, text_from(endings[i].word))) {
			entry->status = endings[i].status;
			entry->reason = endings[i].reason;
			return true;
		}
	return why_set(why, TEXT_FMT " is no way to end a question",
		       TEXT_ARG(word));
}

static bool
address_of(const struct token *token, struct dns_zone_entry *entry,
	   struct why *why)
{
	bool is_v6 = text_has(token->text, ':');

	if (ipaddr_parse(token->text, &entry->record.address) &&
	    is_v6 == (entry->type == DNS_AAAA))
		return true;
	return why_set(why, TEXT_FMT " is no address for %s",
		       TEXT_ARG(token->text),
		       dns_type_name((enum dns_type)entry->type));
}

/* Strings are joined; each has at most 255 bytes on the wire. */
static bool
strings_of(struct reader *r, const struct token *token,
	   struct dns_zone_entry *entry, struct why *why)
{
	const struct token *at;
	size_t len = 0;
	char *to;

	for (at = token; at != NULL; at = at->next) {
		if (at->text.len > STRING_BYTES_MAX)
			return why_set(why, "string above %d bytes",
				       STRING_BYTES_MAX);
		len += at->text.len;
	}
	to = arena_bytes(r->arena, len);
	entry->record.text = text_of(to, len);
	for (at = token; at != NULL; at = at->next) {
		if (at->text.len > 0)
			memcpy(to, at->text.at, at->text.len);
		to += at->text.len;
	}
	return true;
}

static bool
tlsa_of(struct reader *r, const struct token *token,
	struct dns_zone_entry *entry, struct why *why)
{
	size_t room = 3, len = 0, i;
	const struct token *at;
	uint64_t value;
	char *to;
	bool low = false;

	for (at = token; at != NULL; at = at->next)
		room += at->text.len;
	to = arena_bytes(r->arena, room);
	for (i = 0; i < 3; i++, token = token->next) {
		if (token == NULL || !text_to_u64(token->text, 255, &value))
			return why_set(why, "TLSA wants three numbers");
		to[len++] = (char)value;
	}
	for (; token != NULL; token = token->next)
		for (i = 0; i < token->text.len; i++, low = !low) {
			char c = token->text.at[i];

			if (!ascii_is_hex(c))
				return why_set(why, "TLSA data is not hex");
			if (!low)
				to[len] = (char)(ascii_hex_value(c) << 4);
			else
				to[len++] |= (char)ascii_hex_value(c);
		}
	if (low)
		return why_set(why, "TLSA data has half a byte");
	entry->record.text = text_of(to, len);
	return true;
}

static bool
data_of(struct reader *r, const struct token *token,
	struct dns_zone_entry *entry, struct why *why)
{
	uint64_t preference;

	switch (entry->type) {
	case DNS_A:
	case DNS_AAAA:
		return address_of(token, entry, why);
	case DNS_TXT:
		return strings_of(r, token, entry, why);
	case DNS_TLSA:
		return tlsa_of(r, token, entry, why);
	case DNS_MX:
		if (token->next == NULL ||
		    !text_to_u64(token->text, 65535, &preference))
			return why_set(why, "MX wants a number and a name");
		entry->record.preference = (uint16_t)preference;
		token = token->next;
		return name_of(r, token, &entry->record.name, why);
	case DNS_CNAME:
	case DNS_NS:
	case DNS_PTR:
	case DNS_SOA:
		return name_of(r, token, &entry->record.name, why);
	case 0:
		return why_set(why, "ANY is for endings as !TIMEOUT only");
	}
	return true;
}

static bool
take_directive(struct reader *r, const struct token *token, struct why *why)
{
	struct text word = token->text;
	const struct token *value = token->next;

	if (value == NULL)
		return why_set(why, TEXT_FMT " wants a value", TEXT_ARG(word));
	if (text_equal_nocase(word, TEXT("$ORIGIN")))
		return owner_of(r, value, &r->origin, why);
	if (text_equal_nocase(word, TEXT("$TTL")))
		return ttl_of(value->text, &r->ttl_s) ||
		       why_set(why, TEXT_FMT " is no time to live",
			       TEXT_ARG(value->text));
	if (!text_equal_nocase(word, TEXT("$DNSSEC")))
		return why_set(why, TEXT_FMT " is not known", TEXT_ARG(word));
	if (text_equal(value->text, TEXT("secure")))
		r->security = DNS_SECURE;
	else if (text_equal(value->text, TEXT("insecure")))
		r->security = DNS_INSECURE;
	else
		return why_set(why, "$DNSSEC is secure or insecure");
	return true;
}

/* "[TTL] [class] type rdata", TTL and class in either order. */
static bool
take_record(struct reader *r, const struct token *token, struct why *why)
{
	struct dns_zone_entry *entry =
	    arena_new_value(r->arena, struct dns_zone_entry);

	entry->owner = r->owner;
	entry->ttl_s = r->ttl_s;
	entry->security = r->security;
	entry->status = DNS_FOUND;
	while (token != NULL && (text_equal_nocase(token->text, TEXT("IN")) ||
				 ttl_of(token->text, &entry->ttl_s)))
		token = token->next;
	if (token == NULL || !type_of(token->text, &entry->type))
		return why_set(why, "no type that is known here");
	token = token->next;
	if (token == NULL)
		return why_set(why, "no data");
	if (!token->quoted && text_starts(token->text, TEXT("!"))) {
		if (!ending_of(token->text, entry, why))
			return false;
	} else if (!data_of(r, token, entry, why)) {
		return false;
	}
	*r->end = entry;
	r->end = &entry->next;
	return true;
}

static bool
take_line(struct reader *r, struct why *why)
{
	bool owner_left_out = ascii_is_wsp(scan_peek(&r->in));
	struct token *token;

	if (!take_tokens(r, &token, why))
		return false;
	if (token == NULL)
		return true;
	if (owner_left_out)
		return r->has_owner ? take_record(r, token, why)
				    : why_set(why, "no owner to repeat");
	if (!token->quoted && text_starts(token->text, TEXT("$")))
		return take_directive(r, token, why);
	r->has_owner = owner_of(r, token, &r->owner, why);
	return r->has_owner && take_record(r, token->next, why);
}

bool
dns_zone_read(struct arena *arena, struct text text,
	      struct dns_zone_entry **first, struct why *why)
{
	struct reader r = {.arena = arena,
			   .line = 1,
			   .ttl_s = DEFAULT_TTL_S,
			   .security = DNS_INSECURE,
			   .end = first};
	unsigned line;

	*first = NULL;
	r.scratch = arena_bytes(arena, text.len);
	scan_init(&r.in, text);
	while (!scan_at_end(&r.in)) {
		line = r.line;
		if (!take_line(&r, why))
			return why_prefix(why, "line %u", line);
	}
	return true;
}
