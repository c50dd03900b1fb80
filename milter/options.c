#include "milter/options.h"

#include <stddef.h>

#include "base/arena.h"
#include "base/domain.h"
#include "base/limits.h"
#include "base/why.h"
#include "io/listen.h"

static const char *const roles[] = {"inbound", "submission", "internal", NULL};
static const char *const modes[] = {"enforce", "test", NULL};
static const char *const remedies[] = {"accept", "tag", "hold", "reject", NULL};
static const char *const temp_remedies[] = {"accept", "tempfail", NULL};
static const char *const discoveries[] = {"walk", "psl", "both", NULL};
static const char *const several[] = {"evaluate", "tag", "hold", "reject",
				      NULL};
static const char *const removals[] = {"ours", "all", NULL};
static const char *const reasons[] = {"spf_fail",  "helo_fail", "iprev_fail",
				      "dkim_fail", "dnsbl",	NULL};

#define AT(member) offsetof(struct milter_options, member)
#define OPTION(name, type, otherwise, help)                                    \
	{                                                                      \
		"milter", #name, type, AT(name), otherwise, 0, 0, NULL, help   \
	}
#define WORD(name, words, otherwise, help)                                     \
	{                                                                      \
		"milter", #name, CONFIG_WORD, AT(name), otherwise, 0, 0,       \
		    words, help                                                \
	}
#define TRUST(name, type, otherwise, help)                                     \
	{                                                                      \
		"trust", #name, type, AT(name), otherwise, 0, 0, NULL, help    \
	}

#define REMEDY_HELP "write accept, tag, hold or reject"

const struct config_option milter_options_table[] = {
    OPTION(listen, CONFIG_STRING, "unix:/run/signet/milter.sock",
	   "write unix:/path or inet:port@127.0.0.1"),
    OPTION(socket_group, CONFIG_STRING, NULL,
	   "name the group of the mail server, such as postfix"),
    OPTION(socket_mode, CONFIG_STRING, "0660",
	   "write an octal mode such as 0660"),
    OPTION(metrics, CONFIG_STRING, NULL,
	   "write unix:/path or inet:port@127.0.0.1"),
    WORD(role, roles, "inbound", "write inbound, submission or internal"),
    WORD(mode, modes, "enforce", "write enforce or test"),

    OPTION(authserv_id, CONFIG_STRING, NULL, "write a host name"),
    OPTION(own_ids, CONFIG_STRINGS, NULL, "write host names"),
    WORD(remove_results, removals, "ours", "write ours or all"),

    WORD(dmarc_discovery, discoveries, "walk", "write walk, psl or both"),
    OPTION(
	public_suffix_list, CONFIG_STRING, NULL,
	"name a file such as /usr/share/publicsuffix/public_suffix_list.dat"),
    {"milter", "dkim_minimum_bits", CONFIG_UINT, AT(dkim_minimum_bits), "1024",
     LIMIT_RSA_BITS_MIN, LIMIT_RSA_BITS_MAX, NULL, "write 1024 to 4096"},
    OPTION(dkim_body_length, CONFIG_BOOL, "no", "write yes or no"),
    OPTION(dnsbl, CONFIG_STRINGS, NULL,
	   "write names of lists, such as zen.spamhaus.org"),
    {"milter", "clock_skew", CONFIG_SECONDS, AT(clock_skew_s), "5m", 0, 86400,
     NULL, "write a time such as 5m"},

    WORD(dmarc_reject, remedies, "reject", REMEDY_HELP),
    WORD(dmarc_quarantine, remedies, "tag", REMEDY_HELP),
    WORD(dmarc_temperror, temp_remedies, "accept", "write accept or tempfail"),
    {"milter", "reject_reasons", CONFIG_WORDS, AT(reject_reasons),
     "spf_fail dnsbl", 0, 0, reasons,
     "write none, or some of spf_fail, helo_fail, iprev_fail, dkim_fail, "
     "dnsbl"},
    WORD(from_missing, remedies, "tag", REMEDY_HELP),
    WORD(from_ambiguous, remedies, "tag", REMEDY_HELP),
    WORD(from_several, several, "evaluate",
	 "write evaluate, tag, hold or reject"),
    WORD(spf_fail, remedies, "accept", REMEDY_HELP),
    WORD(spf_softfail, remedies, "accept", REMEDY_HELP),
    WORD(spf_permerror, remedies, "accept", REMEDY_HELP),
    WORD(spf_temperror, temp_remedies, "accept", "write accept or tempfail"),
    WORD(helo_fail, remedies, "accept", REMEDY_HELP),
    WORD(iprev_fail, remedies, "accept", REMEDY_HELP),
    WORD(requiretls_forged, remedies, "accept", REMEDY_HELP),
    WORD(bare_newline, remedies, "accept", REMEDY_HELP),

    OPTION(dmarc_reports, CONFIG_BOOL, "yes", "write yes or no"),
    OPTION(failure_reports, CONFIG_BOOL, "no", "write yes or no"),
    OPTION(report_addresses, CONFIG_STRINGS, NULL, "write mail addresses"),

    TRUST(arc_sealers, CONFIG_STRINGS, NULL, "write domains"),
    TRUST(lists, CONFIG_STRINGS, NULL, "write domains"),
    TRUST(lists_file, CONFIG_STRING, NULL,
	  "name the lists_file of signet-mailbox"),
    TRUST(forwarders, CONFIG_STRINGS, NULL, "write domains"),
    TRUST(local_policy, CONFIG_STRINGS, NULL, "write domains"),
    TRUST(relays, CONFIG_NETWORKS, NULL, NULL),
    TRUST(skip_networks, CONFIG_NETWORKS, NULL, NULL),
    TRUST(skip_authenticated, CONFIG_BOOL, "yes", "write yes or no"),
    TRUST(skip_local, CONFIG_BOOL, "yes", "write yes or no"),
    {NULL, NULL, CONFIG_STRING, 0, NULL, 0, 0, NULL, NULL},
};

/* Where what is checked was read. */
struct origin {
	const struct config_source *source;
	const char *listener; /* or NULL */
};

/* The place of a [milter] option before `why`. */
static bool
blame(const struct origin *origin, const char *option, const char *word,
      struct why *why)
{
	return config_blame(origin->source, "milter", origin->listener, option,
			    word, why);
}

static bool
is_domain(const char *text)
{
	struct arena *arena = arena_new();
	struct domain domain;
	bool is = domain_parse(arena, text_from(text), &domain, NULL);

	arena_free(arena);
	return is;
}

static bool
check_domains(const struct origin *origin, const char *section,
	      const char *name, const struct config_strings *list,
	      struct why *why)
{
	size_t i;

	for (i = 0; i < list->count; i++) {
		if (is_domain(list->values[i]))
			continue;
		why_set(why,
			"%s: \"%.80s\" is no domain; write names such as "
			"example.org",
			name, list->values[i]);
		return config_blame(origin->source, section, origin->listener,
				    name, list->values[i], why);
	}
	return true;
}

static bool
check_names(const struct origin *origin, const struct milter_options *options,
	    struct why *why)
{
	if (options->authserv_id != NULL && !is_domain(options->authserv_id)) {
		why_set(why,
			"authserv_id: \"%.80s\" is no host name; write one "
			"such as mx.example.org",
			options->authserv_id);
		return blame(origin, "authserv_id", NULL, why);
	}
	if (options->lists_file != NULL && options->lists_file[0] != '/') {
		why_set(why, "lists_file: \"%.80s\" is no whole path",
			options->lists_file);
		return config_blame(origin->source, "trust", NULL, "lists_file",
				    NULL, why);
	}
	return check_domains(origin, "milter", "own_ids", &options->own_ids,
			     why) &&
	       check_domains(origin, "trust", "arc_sealers",
			     &options->arc_sealers, why) &&
	       check_domains(origin, "trust", "lists", &options->lists, why) &&
	       check_domains(origin, "trust", "forwarders",
			     &options->forwarders, why) &&
	       check_domains(origin, "trust", "local_policy",
			     &options->local_policy, why);
}

static bool
check_dnsbl(const struct origin *origin, const struct config_strings *list,
	    struct why *why)
{
	if (list->count > LIMIT_DNSBL_ZONES) {
		why_set(why, "dnsbl: %zu lists are too many; write %d at most",
			list->count, LIMIT_DNSBL_ZONES);
		return blame(origin, "dnsbl", NULL, why);
	}
	return check_domains(origin, "milter", "dnsbl", list, why);
}

static bool
check_report_addresses(const struct origin *origin,
		       const struct config_strings *list, struct why *why)
{
	const char *at;
	size_t i;

	for (i = 0; i < list->count; i++) {
		at = strrchr(list->values[i], '@');
		if (at != NULL && at > list->values[i] && is_domain(at + 1))
			continue;
		why_set(why,
			"report_addresses: \"%.80s\" is no mail address; "
			"write some such as dmarc@example.org",
			list->values[i]);
		return blame(origin, "report_addresses", list->values[i], why);
	}
	return true;
}

static bool
check_metrics(const char *metrics, struct why *why)
{
	struct listen_address address;

	if (!listen_parse(metrics, &address, why))
		return why_prefix(why, "metrics");
	return listen_is_local(&address) ||
	       why_set(why,
		       "metrics: \"%.80s\" is open to others, and figures "
		       "are not for the network; write unix:/path or "
		       "inet:port@127.0.0.1",
		       metrics);
}

static bool
check_sockets(const struct origin *origin, const struct milter_options *options,
	      struct why *why)
{
	struct listen_address address;
	mode_t mode;

	if (!listen_parse(options->listen, &address, why)) {
		why_prefix(why, "listen");
		return blame(origin, "listen", NULL, why);
	}
	if (!listen_parse_mode(options->socket_mode, &mode, why)) {
		why_prefix(why, "socket_mode");
		return blame(origin, "socket_mode", NULL, why);
	}
	return options->metrics == NULL ||
	       check_metrics(options->metrics, why) ||
	       blame(origin, "metrics", NULL, why);
}

static bool
check_discovery(const struct origin *origin,
		const struct milter_options *options, struct why *why)
{
	if (options->public_suffix_list == NULL ||
	    options->dmarc_discovery != DISCOVER_WALK)
		return true;
	why_set(why, "public_suffix_list is set, but dmarc_discovery = walk "
		     "does not use it; remove it, or write dmarc_discovery = "
		     "both");
	return blame(origin, "public_suffix_list", NULL, why);
}

bool
milter_options_check(const struct config_source *source, const char *listener,
		     const struct milter_options *options, struct why *why)
{
	struct origin origin = {source, listener};

	return check_names(&origin, options, why) &&
	       check_dnsbl(&origin, &options->dnsbl, why) &&
	       check_report_addresses(&origin, &options->report_addresses,
				      why) &&
	       check_sockets(&origin, options, why) &&
	       check_discovery(&origin, options, why);
}

const char *
remedy_name(enum remedy remedy)
{
	return remedies[remedy];
}
