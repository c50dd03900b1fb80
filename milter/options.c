#include "milter/options.h"

#include <stddef.h>

#include "base/arena.h"
#include "base/domain.h"
#include "base/limits.h"
#include "base/why.h"
#include "io/listen.h"

static const char *const roles[] = {"inbound", "submission", "internal", NULL};
static const char *const modes[] = {"enforce", "test", NULL};
static const char *const remedies[] = {"accept", "tag", "hold", "reject",
				       NULL};
static const char *const temp_remedies[] = {"accept", "tempfail", NULL};
static const char *const discoveries[] = {"walk", "psl", "both", NULL};
static const char *const several[] = {"evaluate", "tag", "hold", "reject",
				      NULL};
static const char *const removals[] = {"ours", "all", NULL};
static const char *const reasons[] = {"spf_fail", "helo_fail", "iprev_fail",
				      "dkim_fail", NULL};

#define AT(member) offsetof(struct milter_options, member)
#define OPTION(name, type, otherwise, help)                                    \
	{"milter", #name, type, AT(name), otherwise, 0, 0, NULL, help}
#define WORD(name, words, otherwise, help)                                     \
	{"milter", #name, CONFIG_WORD, AT(name), otherwise, 0, 0, words, help}
#define TRUST(name, type, otherwise, help)                                     \
	{"trust", #name, type, AT(name), otherwise, 0, 0, NULL, help}

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
    OPTION(public_suffix_list, CONFIG_STRING, NULL,
	   "name a file such as /usr/share/publicsuffix/public_suffix_list.dat"),
    {"milter", "dkim_minimum_bits", CONFIG_UINT, AT(dkim_minimum_bits),
     "1024", LIMIT_RSA_BITS_MIN, LIMIT_RSA_BITS_MAX, NULL,
     "write 1024 to 4096"},
    OPTION(dkim_body_length, CONFIG_BOOL, "no", "write yes or no"),
    {"milter", "clock_skew", CONFIG_SECONDS, AT(clock_skew_s), "300", 0, 86400,
     NULL, "write a time such as 5m"},

    WORD(dmarc_reject, remedies, "reject", REMEDY_HELP),
    WORD(dmarc_quarantine, remedies, "tag", REMEDY_HELP),
    WORD(dmarc_temperror, temp_remedies, "accept",
	 "write accept or tempfail"),
    {"milter", "reject_reasons", CONFIG_WORDS, AT(reject_reasons), "spf_fail",
     0, 0, reasons,
     "write none, or some of spf_fail, helo_fail, iprev_fail, dkim_fail"},
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

    OPTION(dmarc_reports, CONFIG_BOOL, "yes", "write yes or no"),
    OPTION(report_addresses, CONFIG_STRINGS, NULL, "write mail addresses"),

    TRUST(arc_sealers, CONFIG_STRINGS, NULL, "write domains"),
    TRUST(lists, CONFIG_STRINGS, NULL, "write domains"),
    TRUST(forwarders, CONFIG_STRINGS, NULL, "write domains"),
    TRUST(local_policy, CONFIG_STRINGS, NULL, "write domains"),
    TRUST(relays, CONFIG_NETWORKS, NULL, "write networks as 192.0.2.0/24"),
    TRUST(skip_networks, CONFIG_NETWORKS, NULL,
	  "write networks as 192.0.2.0/24"),
    TRUST(skip_authenticated, CONFIG_BOOL, "yes", "write yes or no"),
    TRUST(skip_local, CONFIG_BOOL, "yes", "write yes or no"),
    {NULL, NULL, CONFIG_STRING, 0, NULL, 0, 0, NULL, NULL},
};

static bool
check_domains(struct arena *arena, const struct config_strings *list,
	      const char *name, struct why *why)
{
	struct domain domain;
	size_t i;

	for (i = 0; i < list->count; i++)
		if (!domain_parse(arena, text_from(list->values[i]), &domain,
				  why))
			return why_prefix(why, "%s: \"%s\" is no domain", name,
					  list->values[i]);
	return true;
}

static bool
check_sockets(const struct milter_options *options, struct why *why)
{
	struct listen_address address;
	mode_t mode;

	if (!listen_parse(options->listen, &address, why))
		return why_prefix(why, "listen");
	if (!listen_parse_mode(options->socket_mode, &mode, why))
		return why_prefix(why, "socket_mode");
	if (options->metrics == NULL)
		return true;
	if (!listen_parse(options->metrics, &address, why))
		return why_prefix(why, "metrics");
	return listen_is_local(&address) ||
	       why_set(why, "metrics = %s: figures are not for the network; "
			    "write unix:/path or inet:port@127.0.0.1",
		       options->metrics);
}

bool
milter_options_check(const struct milter_options *options, struct why *why)
{
	struct arena *arena = arena_new();
	bool fine;

	fine = check_domains(arena, &options->arc_sealers, "arc_sealers",
			     why) &&
	       check_domains(arena, &options->lists, "lists", why) &&
	       check_domains(arena, &options->forwarders, "forwarders", why) &&
	       check_domains(arena, &options->local_policy, "local_policy",
			     why) &&
	       check_domains(arena, &options->own_ids, "own_ids", why) &&
	       check_sockets(options, why);
	if (fine && options->public_suffix_list != NULL &&
	    options->dmarc_discovery == DISCOVER_WALK)
		fine = why_set(why, "public_suffix_list is set, but "
				    "dmarc_discovery = walk does not use it; "
				    "remove it, or write dmarc_discovery = "
				    "both");
	arena_free(arena);
	return fine;
}

const char *
remedy_name(enum remedy remedy)
{
	return remedies[remedy];
}
