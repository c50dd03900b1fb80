#include "io/config_domain.h"

#include <stddef.h>

#include "base/arena.h"
#include "base/limits.h"
#include "base/why.h"

#define MEMBER(name) offsetof(struct config_domain, name)

/* in the order of their enums */
static const char *const policy_words[] = {"none", "quarantine", "reject",
					   NULL};
static const char *const sts_words[] = {"off", "none", "testing", "enforce",
					NULL};

#define ADDRESS_HELP "write mail addresses, such as reports@example.org"

const struct config_option config_domain_table[] = {
    {.section = "domain",
     .name = "reports_only",
     .type = CONFIG_BOOL,
     .offset = MEMBER(reports_only),
     .otherwise = "no"},
    {.section = "domain",
     .name = "mx",
     .type = CONFIG_STRINGS,
     .offset = MEMBER(mx),
     .help = "write host names, such as mx1.example.org"},
    {.section = "domain",
     .name = "spf_include",
     .type = CONFIG_STRINGS,
     .offset = MEMBER(spf_include),
     .help = "write domains, such as _spf.example.net"},
    {.section = "domain",
     .name = "spf_fail",
     .type = CONFIG_BOOL,
     .offset = MEMBER(spf_fail),
     .otherwise = "no"},
    {.section = "domain",
     .name = "dmarc_policy",
     .type = CONFIG_WORD,
     .offset = MEMBER(dmarc_policy),
     .otherwise = "none",
     .words = policy_words},
    {.section = "domain",
     .name = "dmarc_rua",
     .type = CONFIG_STRINGS,
     .offset = MEMBER(dmarc_rua),
     .help = ADDRESS_HELP},
    {.section = "domain",
     .name = "dmarc_ruf",
     .type = CONFIG_STRINGS,
     .offset = MEMBER(dmarc_ruf),
     .help = ADDRESS_HELP},
    {.section = "domain",
     .name = "tlsrpt_rua",
     .type = CONFIG_STRINGS,
     .offset = MEMBER(tlsrpt_rua),
     .help = ADDRESS_HELP},
    {.section = "domain",
     .name = "host_tlsrpt_rua",
     .type = CONFIG_STRINGS,
     .offset = MEMBER(host_tlsrpt_rua),
     .help = ADDRESS_HELP},
    {.section = "domain",
     .name = "mta_sts",
     .type = CONFIG_WORD,
     .offset = MEMBER(mta_sts),
     .otherwise = "off",
     .words = sts_words},
    {.section = "domain",
     .name = "mta_sts_max_age",
     .type = CONFIG_SECONDS,
     .offset = MEMBER(mta_sts_max_age_s),
     .otherwise = "7d",
     .least = 300,
     .most = 31557600},
    {.section = "domain",
     .name = "certificates",
     .type = CONFIG_STRINGS,
     .offset = MEMBER(certificates),
     .help = "write files in PEM form, the one in use first"},
    {.section = NULL},
};

struct domain_reader {
	struct arena *arena;
	struct config_source *source;
	const char *name; /* of the section */
	struct why *why;
};

static bool
blame(const struct domain_reader *reader, const char *option, const char *value)
{
	return config_blame(reader->source, "domain", reader->name, option,
			    value, reader->why);
}

static bool
check_names(const struct domain_reader *reader, const char *option,
	    struct config_strings *strings)
{
	struct domain domain;
	size_t i;

	for (i = 0; i < strings->count; i++) {
		if (domain_parse(reader->arena, text_from(strings->values[i]),
				 &domain, NULL)) {
			strings->values[i] =
			    text_string(reader->arena, domain.name);
			continue;
		}
		why_set(reader->why,
			"%s: \"%.80s\" is no host name; write names such as "
			"mx1.example.org",
			option, strings->values[i]);
		return blame(reader, option, strings->values[i]);
	}
	return true;
}

/* LOCAL@DOMAIN, the domain in A-labels. */
static bool
make_address(const struct domain_reader *reader, const char **value)
{
	struct text text = text_from(*value), local;
	size_t at = text_find_last(text, '@');
	struct domain domain;

	local = text_first(text, at);
	if (at == 0 || at == text.len || text.len > LIMIT_ADDRESS_BYTES ||
	    !domain_parse(reader->arena, text_skip(text, at + 1), &domain,
			  NULL))
		return false;
	*value = arena_printf(reader->arena, TEXT_FMT "@" TEXT_FMT,
			      TEXT_ARG(local), TEXT_ARG(domain.name));
	return true;
}

static bool
check_addresses(const struct domain_reader *reader, const char *option,
		struct config_strings *strings)
{
	size_t i;

	for (i = 0; i < strings->count; i++) {
		if (make_address(reader, &strings->values[i]))
			continue;
		why_set(reader->why,
			"%s: \"%.80s\" is no address; " ADDRESS_HELP, option,
			strings->values[i]);
		return blame(reader, option, strings->values[i]);
	}
	return true;
}

static bool
check_all(const struct domain_reader *reader, struct config_domain *options)
{
	return check_names(reader, "mx", &options->mx) &&
	       check_names(reader, "spf_include", &options->spf_include) &&
	       check_addresses(reader, "dmarc_rua", &options->dmarc_rua) &&
	       check_addresses(reader, "dmarc_ruf", &options->dmarc_ruf) &&
	       check_addresses(reader, "tlsrpt_rua", &options->tlsrpt_rua) &&
	       check_addresses(reader, "host_tlsrpt_rua",
			       &options->host_tlsrpt_rua);
}

/* The name of the domain's section as the file spells it; NULL if none. */
static const char *
section_of(struct arena *arena, struct config_source *source,
	   struct domain domain)
{
	const char *const *names;
	size_t i, count = config_names(source, "domain", &names);
	struct domain one;

	for (i = 0; i < count; i++)
		if (domain_parse(arena, text_from(names[i]), &one, NULL) &&
		    domain_equal(one, domain))
			return names[i];
	return NULL;
}

bool
config_domain_fill(struct arena *arena, struct config_source *source,
		   struct domain domain, struct config_domain *options,
		   struct why *why)
{
	struct domain_reader reader = {
	    .arena = arena,
	    .source = source,
	    .name = section_of(arena, source, domain),
	    .why = why,
	};

	if (!config_fill(source, config_domain_table, "domain", reader.name,
			 options, why) ||
	    !check_all(&reader, options))
		return false;
	if (options->host_tlsrpt_rua.count == 0)
		options->host_tlsrpt_rua = options->tlsrpt_rua;
	return true;
}

bool
config_domain_names(struct arena *arena, struct config_source *source,
		    const struct domain **domains, size_t *count,
		    struct why *why)
{
	const char *const *names;
	size_t i, found = config_names(source, "domain", &names);
	struct domain *list = arena_new_array(arena, struct domain, found + 1);
	struct config_domain options;

	for (i = 0; i < found; i++) {
		if (!domain_parse(arena, text_from(names[i]), &list[i], why))
			return why_prefix(why, "[domain %.80s]", names[i]);
		if (!config_domain_fill(arena, source, list[i], &options, why))
			return false;
	}
	*domains = list;
	*count = found;
	return true;
}
