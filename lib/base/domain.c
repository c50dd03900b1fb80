#include "base/domain.h"

#include <idn2.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "base/why.h"

/* what a byte of a domain becomes: 0 has no place in one */
static const char byte_becomes[256] = {
    ['-'] = '-', ['.'] = '.', ['_'] = '_', ['0'] = '0', ['1'] = '1',
    ['2'] = '2', ['3'] = '3', ['4'] = '4', ['5'] = '5', ['6'] = '6',
    ['7'] = '7', ['8'] = '8', ['9'] = '9', ['a'] = 'a', ['b'] = 'b',
    ['c'] = 'c', ['d'] = 'd', ['e'] = 'e', ['f'] = 'f', ['g'] = 'g',
    ['h'] = 'h', ['i'] = 'i', ['j'] = 'j', ['k'] = 'k', ['l'] = 'l',
    ['m'] = 'm', ['n'] = 'n', ['o'] = 'o', ['p'] = 'p', ['q'] = 'q',
    ['r'] = 'r', ['s'] = 's', ['t'] = 't', ['u'] = 'u', ['v'] = 'v',
    ['w'] = 'w', ['x'] = 'x', ['y'] = 'y', ['z'] = 'z', ['A'] = 'a',
    ['B'] = 'b', ['C'] = 'c', ['D'] = 'd', ['E'] = 'e', ['F'] = 'f',
    ['G'] = 'g', ['H'] = 'h', ['I'] = 'i', ['J'] = 'j', ['K'] = 'k',
    ['L'] = 'l', ['M'] = 'm', ['N'] = 'n', ['O'] = 'o', ['P'] = 'p',
    ['Q'] = 'q', ['R'] = 'r', ['S'] = 's', ['T'] = 't', ['U'] = 'u',
    ['V'] = 'v', ['W'] = 'w', ['X'] = 'x', ['Y'] = 'y', ['Z'] = 'z',
};

/* The path of nearly all names: ASCII, copied and checked in one pass. */
static bool
parse_ascii(struct arena *arena, struct text text, struct domain *domain,
	    struct why *why)
{
	char name[LIMIT_DOMAIN_BYTES];
	size_t label = 0, i;

	if (text.len > 0 && text.at[text.len - 1] == '.')
		text.len--;
	if (text.len == 0)
		return why_set(why, "empty domain");
	if (text.len > LIMIT_DOMAIN_BYTES)
		return why_set(why, "domain above %d bytes",
			       LIMIT_DOMAIN_BYTES);
	for (i = 0; i < text.len; i++) {
		name[i] = byte_becomes[(unsigned char)text.at[i]];
		if (name[i] == '\0')
			return why_set(why, "byte 0x%02x in a domain",
				       (unsigned char)text.at[i]);
		if (name[i] != '.') {
			label++;
			continue;
		}
		if (label == 0 || label > LIMIT_LABEL_BYTES)
			break;
		label = 0;
	}
	if (label == 0)
		return why_set(why, "empty label in a domain");
	if (label > LIMIT_LABEL_BYTES)
		return why_set(why, "label above %d bytes in a domain",
			       LIMIT_LABEL_BYTES);
	domain->name = text_copy(arena, text_of(name, text.len));
	return true;
}

/* The output of the library is parsed again: the mapping can make dots,
 * empty labels and bytes that no domain has. */
static bool
parse_idna(struct arena *arena, struct text text, struct domain *domain,
	   struct why *why)
{
	char *a_labels = NULL;
	int error;
	bool good;

	if (text.len > LIMIT_DOMAIN_INPUT_BYTES)
		return why_set(why, "domain above %d bytes",
			       LIMIT_DOMAIN_INPUT_BYTES);
	if (text_has(text, '\0') || !utf8_is_valid(text))
		return why_set(why, "domain is not valid UTF-8");
	error = idn2_to_ascii_8z(text_string(arena, text), &a_labels,
				 IDN2_NONTRANSITIONAL);
	if (error != IDN2_OK)
		return why_set(why, "domain cannot be converted: %s",
			       idn2_strerror(error));
	good = parse_ascii(arena, text_from(a_labels), domain, why);
	idn2_free(a_labels);
	return good;
}

bool
domain_parse(struct arena *arena, struct text text, struct domain *domain,
	     struct why *why)
{
	domain->name = text_of(NULL, 0);
	if (text_is_ascii(text))
		return parse_ascii(arena, text, domain, why);
	return parse_idna(arena, text, domain, why);
}

bool
domain_is_set(struct domain domain)
{
	return domain.name.len > 0;
}

bool
domain_equal(struct domain a, struct domain b)
{
	return text_equal(a.name, b.name);
}

bool
domain_is_within(struct domain domain, struct domain parent)
{
	size_t above;

	if (parent.name.len == 0 || domain.name.len < parent.name.len)
		return false;
	above = domain.name.len - parent.name.len;
	if (above > 0 && domain.name.at[above - 1] != '.')
		return false;
	return memcmp(domain.name.at + above, parent.name.at,
		      parent.name.len) == 0;
}

size_t
domain_labels(struct domain domain)
{
	size_t labels = domain.name.len > 0, i;

	for (i = 0; i < domain.name.len; i++)
		labels += domain.name.at[i] == '.';
	return labels;
}

struct domain
domain_last_labels(struct domain domain, size_t labels)
{
	size_t i = domain.name.len;

	if (labels == 0)
		return (struct domain){text_of(NULL, 0)};
	while (i > 0) {
		if (domain.name.at[i - 1] == '.' && --labels == 0)
			break;
		i--;
	}
	return (struct domain){text_skip(domain.name, i)};
}

struct domain
domain_parent(struct domain domain)
{
	size_t dot = text_find(domain.name, '.');

	return (struct domain){text_skip(domain.name, dot + 1)};
}

static bool
has_a_label(struct text name)
{
	size_t i;

	for (i = 0; i + 4 <= name.len; i++)
		if ((i == 0 || name.at[i - 1] == '.') &&
		    memcmp(name.at + i, "xn--", 4) == 0)
			return true;
	return false;
}

/* The U-labels, if turning them back gives the same A-labels. */
static bool
to_u_labels(struct arena *arena, struct domain domain, struct text *u_labels)
{
	struct domain again;
	char *utf8 = NULL;

	if (idn2_to_unicode_8z8z(text_string(arena, domain.name), &utf8,
				 IDN2_NONTRANSITIONAL) != IDN2_OK)
		return false;
	*u_labels = text_copy(arena, text_from(utf8));
	idn2_free(utf8);
	return !text_is_ascii(*u_labels) &&
	       parse_idna(arena, *u_labels, &again, NULL) &&
	       domain_equal(again, domain);
}

bool
domain_is_idna(struct arena *arena, struct domain domain)
{
	struct text u_labels;

	return !has_a_label(domain.name) ||
	       to_u_labels(arena, domain, &u_labels);
}

struct text
domain_for_people(struct arena *arena, struct domain domain)
{
	struct text u_labels, label;
	size_t at;

	if (!has_a_label(domain.name) ||
	    !to_u_labels(arena, domain, &u_labels) ||
	    utf8_mixes_directions(u_labels))
		return domain.name;
	for (at = 0; at < u_labels.len; at += label.len + 1) {
		label = text_skip(u_labels, at);
		label = text_first(label, text_find(label, '.'));
		if (!utf8_is_plain_label(label))
			return domain.name;
	}
	return u_labels;
}
