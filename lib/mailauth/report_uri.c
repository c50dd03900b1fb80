#include "mailauth/report_uri.h"

#include "base/arena.h"
#include "base/ascii.h"
#include "base/buf.h"
#include "base/limits.h"
#include "base/scan.h"
#include "base/why.h"

#define LOCAL_PART_BYTES 64 /* RFC 5321 section 4.5.3.1.1 */

static bool
is_scheme(char c)
{
	return ascii_is_alnum(c) || c == '+' || c == '-' || c == '.';
}

/* atext of RFC 5322 */
static bool
is_atext(char c)
{
	return ascii_is_alnum(c) ||
	       (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL);
}

static bool
is_dot_atom(struct text text)
{
	struct scan in;

	scan_init(&in, text);
	do {
		if (scan_while(&in, is_atext).len == 0)
			return false;
	} while (scan_char(&in, '.'));
	return scan_at_end(&in);
}

static void
broken(struct report_uri *uri, const char *reason)
{
	uri->kind = REPORT_URI_BROKEN;
	uri->reason = reason;
}

static int
hex_value(char c)
{
	return ascii_is_digit(c) ? c - '0' : ascii_lower(c) - 'a' + 10;
}

/* False with a reason for a broken encoding and for control bytes. */
static bool
decode(struct report_uri *uri, struct text text, struct buf *to)
{
	size_t i;
	char c;

	for (i = 0; i < text.len; i++) {
		c = text.at[i];
		if (c == '%') {
			if (text.len - i < 3 || !ascii_is_hex(text.at[i + 1]) ||
			    !ascii_is_hex(text.at[i + 2])) {
				broken(uri, "a percent sign without two "
					    "hexadecimal digits");
				return false;
			}
			c = (char)(hex_value(text.at[i + 1]) * 16 +
				   hex_value(text.at[i + 2]));
			i += 2;
		}
		if ((unsigned char)c < 0x20 || c == 0x7f) {
			broken(uri, "a control byte in the address");
			return false;
		}
		buf_char(to, c);
	}
	return true;
}

static const char *
fault_of_local(struct text local)
{
	size_t i;

	for (i = 0; i < local.len; i++)
		if ((unsigned char)local.at[i] >= 0x80)
			return "a local part that is not ASCII";
	if (text_has(local, ',') || text_has(local, '@'))
		return "several addresses";
	if (!is_dot_atom(local))
		return "a local part that is no dot-atom";
	if (local.len > LOCAL_PART_BYTES)
		return "a local part above 64 bytes";
	return NULL;
}

/* A host that mail or HTTPS can go to. */
static bool
take_host(struct arena *arena, struct text text, struct report_uri *uri)
{
	if (text_has(text, ','))
		broken(uri, "several addresses");
	else if (!domain_parse(arena, text, &uri->host, NULL))
		broken(uri, "the host is no domain name");
	else if (domain_labels(uri->host) < 2)
		broken(uri, "the host has one label only");
	else
		return true;
	return false;
}

static void
read_mailto(struct arena *arena, struct text rest, struct report_uri *uri)
{
	struct buf decoded;
	struct text address, local;
	const char *fault;
	size_t at;

	if (text_has(rest, '?') || text_has(rest, '#')) {
		broken(uri, "header fields or a fragment behind the address");
		return;
	}
	buf_init(&decoded, arena, LIMIT_ADDRESS_BYTES);
	if (!decode(uri, rest, &decoded))
		return;
	address = buf_view(&decoded);
	if (!buf_ok(&decoded)) {
		broken(uri, "too long for an address");
		return;
	}
	at = text_find_last(address, '@');
	if (at == address.len || at == 0) {
		broken(uri, "no mail address");
		return;
	}
	local = text_first(address, at);
	fault = fault_of_local(local);
	if (fault != NULL) {
		broken(uri, fault);
		return;
	}
	if (!take_host(arena, text_skip(address, at + 1), uri))
		return;
	uri->kind = REPORT_URI_MAILTO;
	uri->address =
	    text_from(arena_printf(arena, TEXT_FMT "@" TEXT_FMT,
				   TEXT_ARG(local), TEXT_ARG(uri->host.name)));
}

/* "//host[:port][/path]", no user information */
static void
read_https(struct arena *arena, struct text rest, struct report_uri *uri)
{
	struct text authority;
	struct scan in;

	scan_init(&in, rest);
	if (!scan_string(&in, "//")) {
		broken(uri, "no host");
		return;
	}
	authority = scan_until(&in, '/');
	authority = text_first(authority, text_find(authority, '?'));
	if (text_has(authority, '@')) {
		broken(uri, "a user name in the host part");
		return;
	}
	authority = text_first(authority, text_find(authority, ':'));
	if (take_host(arena, authority, uri))
		uri->kind = REPORT_URI_HTTPS;
}

void
report_uri_parse(struct arena *arena, struct text text, struct report_uri *uri)
{
	struct text scheme;
	struct scan in;

	*uri = (struct report_uri){0};
	text = text_trim(text);
	uri->uri = text_copy(arena, text_first(text, text_find(text, '!')));
	scan_init(&in, uri->uri);
	scheme = scan_while(&in, is_scheme);
	if (scheme.len == 0 || !ascii_is_alpha(scheme.at[0]) ||
	    !scan_char(&in, ':'))
		broken(uri, "no scheme, such as mailto:");
	else if (text_equal_nocase(scheme, TEXT("mailto")))
		read_mailto(arena, scan_rest(&in), uri);
	else if (text_equal_nocase(scheme, TEXT("https")))
		read_https(arena, scan_rest(&in), uri);
	else
		uri->kind = REPORT_URI_UNKNOWN;
}
