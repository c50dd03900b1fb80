#include "mailtls/tls_override.h"

#include "base/arena.h"
#include "base/limits.h"
#include "base/scan.h"
#include "base/why.h"

const char *
tls_level_name(enum tls_level level)
{
	switch (level) {
	case TLS_LEVEL_UNSET:
		return NULL;
	case TLS_LEVEL_NONE:
		return "none";
	case TLS_LEVEL_MAY:
		return "may";
	case TLS_LEVEL_ENCRYPT:
		return "encrypt";
	case TLS_LEVEL_DANE:
		return "dane";
	case TLS_LEVEL_DANE_ONLY:
		return "dane-only";
	case TLS_LEVEL_SECURE:
		return "secure";
	}
	return NULL;
}

bool
tls_override_name(struct arena *arena, struct text name,
		  struct tls_override *override, struct why *why)
{
	override->is_parent = name.len > 0 && name.at[0] == '.';
	return domain_parse(arena, text_skip(name, override->is_parent),
			    &override->domain, why);
}

bool
tls_override_level(struct text word, struct tls_override *override,
		   struct why *why)
{
	int level;

	override->is_published = text_equal_nocase(word, TEXT("published"));
	override->level = TLS_LEVEL_UNSET;
	if (override->is_published)
		return true;
	for (level = TLS_LEVEL_NONE; level <= TLS_LEVEL_SECURE; level++)
		if (text_equal_nocase(word, text_from(tls_level_name(
						(enum tls_level)level)))) {
			override->level = (enum tls_level)level;
			return true;
		}
	return why_set(why, "the level is none, may, encrypt, dane, dane-only, "
			    "secure or published");
}

/* ".d" or "d", as Postfix takes it. */
static bool
take_match(struct arena *arena, struct text name, struct text *match,
	   struct why *why)
{
	struct domain domain;
	bool below = name.len > 0 && name.at[0] == '.';

	if (text_equal_nocase(name, TEXT("hostname")) ||
	    text_equal_nocase(name, TEXT("nexthop")) ||
	    text_equal_nocase(name, TEXT("dot-nexthop")))
		return why_set(
		    why,
		    "match takes names of certificates, not \"" TEXT_FMT "\"",
		    TEXT_ARG(name));
	if (!domain_parse(arena, text_skip(name, below), &domain, why))
		return false;
	*match = below ? text_from(arena_printf(arena, "." TEXT_FMT,
						TEXT_ARG(domain.name)))
		       : domain.name;
	return true;
}

bool
tls_override_match(struct arena *arena, struct text names,
		   struct tls_override *override, struct why *why)
{
	struct text *match =
	    arena_new_array(arena, struct text, LIMIT_TLS_OVERRIDE_NAMES);
	struct scan in;

	override->match = match;
	override->match_count = 0;
	if (names.len == 0)
		return true;
	if (override->level != TLS_LEVEL_SECURE)
		return why_set(why, "names of certificates go with the level "
				    "secure only");
	scan_init(&in, names);
	while (!scan_at_end(&in)) {
		if (override->match_count == LIMIT_TLS_OVERRIDE_NAMES)
			return why_set(why, "more than %d names",
				       LIMIT_TLS_OVERRIDE_NAMES);
		if (!take_match(arena, text_trim(scan_until(&in, ':')),
				&match[override->match_count++], why))
			return false;
	}
	return true;
}

/* How near an override is to the domain: its bytes, and one more if it is
 * exact; 0: it is about others. */
static size_t
nearness(const struct tls_override *override, struct domain domain)
{
	if (domain_equal(override->domain, domain))
		return override->is_parent ? 0 : domain.name.len + 1;
	return override->is_parent && domain_is_within(domain, override->domain)
		   ? override->domain.name.len
		   : 0;
}

const struct tls_override *
tls_override_find(const struct tls_override *overrides, size_t count,
		  struct domain domain, int64_t now_s)
{
	const struct tls_override *found = NULL;
	size_t i, best = 0;

	for (i = 0; i < count; i++) {
		size_t near = overrides[i].until_s > now_s
				  ? nearness(&overrides[i], domain)
				  : 0;

		if (near > best) {
			best = near;
			found = &overrides[i];
		}
	}
	return found;
}
