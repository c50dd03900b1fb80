#include "judge/link_host.h"

#include "base/ascii.h"
#include "base/limits.h"
#include "base/scan.h"
#include "base/utf8.h"
#include "judge/junk_tokens.h"

#define LABELS_MOST 4

static bool
is_scheme_byte(char c)
{
	return ascii_is_alnum(c) || c == '+' || c == '-' || c == '.';
}

/* What ends a link in running text. */
static bool
is_link_byte(char c)
{
	return (unsigned char)c > ' ' && c != '<' && c != '>' && c != '"' &&
	       c != '(' && c != ')' && c != '[' && c != ']' && c != 0x7f;
}

static bool
is_authority_byte(char c)
{
	return is_link_byte(c) && c != '/' && c != '?' && c != '#' && c != '\\';
}

static bool
is_host(struct text host)
{
	size_t i;

	if (host.len < 4 || host.len > LIMIT_DOMAIN_BYTES ||
	    !text_has(host, '.') || !utf8_is_valid(host))
		return false;
	for (i = 0; i < host.len; i++)
		if (!ascii_is_alnum(host.at[i]) && host.at[i] != '.' &&
		    host.at[i] != '-' && host.at[i] != '_' &&
		    (unsigned char)host.at[i] < 0x80)
			return false;
	return true;
}

bool
link_host_read(struct arena *arena, struct text link, struct text *host)
{
	struct scan in;
	struct text scheme, authority;

	scan_init(&in, text_trim(link));
	scheme = scan_while(&in, is_scheme_byte);
	if (text_equal_nocase(scheme, TEXT("http")) ||
	    text_equal_nocase(scheme, TEXT("https")) ||
	    text_equal_nocase(scheme, TEXT("ftp"))) {
		if (!scan_char(&in, ':'))
			return false;
	} else if (scheme.len > 0) {
		return false;
	}
	if (!scan_string(&in, "//"))
		return false;
	authority = scan_while(&in, is_authority_byte);
	if (text_has(authority, '@'))
		authority =
		    text_skip(authority, text_find_last(authority, '@') + 1);
	authority = text_first(authority, text_find(authority, ':'));
	while (authority.len > 0 && authority.at[authority.len - 1] == '.')
		authority.len--;
	*host = text_lower(arena, authority);
	if (text_starts(*host, TEXT("www.")))
		*host = text_skip(*host, 4);
	return is_host(*host);
}

void
link_host_add(struct junk_set *set, struct text prefix, struct text host)
{
	size_t dots = 0, i;

	for (i = host.len; i > 0; i--) {
		if (host.at[i - 1] != '.')
			continue;
		if (++dots >= 2 && dots <= LABELS_MOST)
			junk_set_add(set, prefix, text_skip(host, i));
	}
	if (host.len <= LIMIT_JUNK_WORD_BYTES)
		junk_set_add(set, prefix, host);
}

static void
add_link(struct arena *arena, struct junk_set *set, struct text prefix,
	 struct text link)
{
	struct text host;

	if (link_host_read(arena, link, &host))
		link_host_add(set, prefix, host);
}

/* Behind "www." of a bare name. */
static void
add_bare(struct arena *arena, struct junk_set *set, struct text prefix,
	 struct text rest)
{
	struct scan in;
	struct text host;

	scan_init(&in, rest);
	host = text_lower(arena, scan_while(&in, is_authority_byte));
	host = text_first(host, text_find(host, ':'));
	while (host.len > 0 && !ascii_is_alnum(host.at[host.len - 1]) &&
	       (unsigned char)host.at[host.len - 1] < 0x80)
		host.len--;
	if (is_host(host))
		link_host_add(set, prefix, host);
}

void
link_host_find(struct arena *arena, struct junk_set *set, struct text prefix,
	       struct text utf8)
{
	struct scan in;
	size_t links = 0;

	scan_init(&in, utf8);
	while (!scan_at_end(&in) && links < LIMIT_JUNK_LINKS) {
		struct text rest = scan_rest(&in);

		if (text_starts_nocase(rest, TEXT("http://")) ||
		    text_starts_nocase(rest, TEXT("https://"))) {
			add_link(arena, set, prefix,
				 scan_while(&in, is_link_byte));
			links++;
		} else if (text_starts_nocase(rest, TEXT("www."))) {
			add_bare(arena, set, prefix, text_skip(rest, 4));
			scan_while(&in, is_link_byte);
			links++;
		} else {
			in.at++;
		}
	}
}
