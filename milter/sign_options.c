#include "milter/sign_options.h"

#include <stddef.h>

#include "base/arena.h"
#include "base/domain.h"
#include "base/limits.h"
#include "base/why.h"
#include "io/listen.h"
#include "mailauth/signed_fields.h"

static const char *const modes[] = {"enforce", "test", NULL};
static const char *const dns_remedies[] = {"no", "warn", "skip", NULL};
static const char *const canons[] = {"relaxed", "simple", NULL};
static const char *const identities[] = {"none", "domain", "author", NULL};
static const char *const resigns[] = {"no", "lists", NULL};
static const char *const removals[] = {"none", "ours", "all", NULL};
static const char *const servers[] = {"postfix", "sendmail", NULL};
static const char *const mismatches[] = {"reject", "unsigned", "accept", NULL};
static const char *const failures[] = {"accept", "tempfail", NULL};

#define AT(member) offsetof(struct sign_options, member)
#define OPTION(name, type, otherwise, help)                                    \
	{                                                                      \
		"sign", #name, type, AT(name), otherwise, 0, 0, NULL, help     \
	}
#define WORD(name, words, otherwise, help)                                     \
	{                                                                      \
		"sign", #name, CONFIG_WORD, AT(name), otherwise, 0, 0, words,  \
		    help                                                       \
	}
#define SECONDS(name, otherwise, least, most, help)                            \
	{                                                                      \
		"sign", #name, CONFIG_SECONDS, AT(name##_s), otherwise, least, \
		    most, NULL, help                                           \
	}

#define DAY_S 86400ull
#define TABLE_HELP "write a file, refile:FILE or file:FILE"

const struct config_option sign_options_table[] = {
    OPTION(listen, CONFIG_STRING, "unix:/run/signet/sign.sock",
	   "write unix:/path or inet:port@127.0.0.1"),
    OPTION(socket_group, CONFIG_STRING, NULL,
	   "name the group of the mail server, such as postfix"),
    OPTION(socket_mode, CONFIG_STRING, "0660",
	   "write an octal mode such as 0660"),
    OPTION(metrics, CONFIG_STRING, NULL,
	   "write unix:/path or inet:port@127.0.0.1"),
    WORD(mode, modes, "enforce", "write enforce or test"),

    OPTION(authenticated, CONFIG_BOOL, "yes", "write yes or no"),
    OPTION(daemon_names, CONFIG_STRINGS, NULL,
	   "write names as milter_macro_daemon_name of Postfix has them"),
    OPTION(networks, CONFIG_NETWORKS, "127.0.0.0/8 ::1", NULL),

    OPTION(parent_keys, CONFIG_BOOL, "no", "write yes or no"),
    OPTION(rules, CONFIG_STRING, NULL, "name a file of rules"),
    OPTION(key_table, CONFIG_STRING, NULL, TABLE_HELP),
    OPTION(signing_table, CONFIG_STRING, NULL, TABLE_HELP),
    OPTION(multiple_signatures, CONFIG_BOOL, "no", "write yes or no"),
    WORD(check_dns, dns_remedies, "warn", "write no, warn or skip"),
    SECONDS(check_dns_interval, "1h", 1, 7 * DAY_S, "write a time such as 1h"),

    WORD(header_canonicalization, canons, "relaxed", "write relaxed or simple"),
    WORD(body_canonicalization, canons, "relaxed", "write relaxed or simple"),
    SECONDS(expiry, "14d", 0, 3653 * DAY_S,
	    "write a time such as 14d, or 0 for none"),
    WORD(identity, identities, "none", "write none, domain or author"),
    OPTION(sign_headers, CONFIG_STRINGS, NULL, "write names of header fields"),
    OPTION(oversign_headers, CONFIG_STRINGS, NULL,
	   "write names of header fields"),
    WORD(mail_server, servers, "postfix", "write postfix or sendmail"),
    {"sign", "line_length_limit", CONFIG_UINT, AT(line_length_limit), "998", 0,
     65536, NULL, "write what smtp_line_length_limit of Postfix says, or 0"},
    WORD(signing_failure, failures, "accept", "write accept or tempfail"),

    WORD(resign, resigns, "no", "write no or lists"),
    WORD(remove_signatures, removals, "ours", "write none, ours or all"),
    OPTION(arc_domain, CONFIG_STRING, NULL, "write a domain with a key"),
    OPTION(arc_selector, CONFIG_STRING, NULL, "write a selector of arc_domain"),
    OPTION(arc_authserv_id, CONFIG_STRING, NULL,
	   "write the authserv_id of [milter]"),

    OPTION(sender_table, CONFIG_STRING, NULL,
	   "name a file of addresses and logins"),
    OPTION(sender_database, CONFIG_BOOL, "no", "write yes or no"),
    OPTION(sender_snapshot, CONFIG_STRING, SIGNET_SIGN_STATEDIR "/senders",
	   "name a file"),
    SECONDS(sender_refresh, "1m", 1, DAY_S, "write a time such as 1m"),
    WORD(sender_mismatch, mismatches, "reject",
	 "write reject, unsigned or accept"),
    OPTION(sender_envelope, CONFIG_BOOL, "no", "write yes or no"),
    OPTION(sender_exempt, CONFIG_STRINGS, NULL, "write logins"),
    OPTION(recipient_delimiter, CONFIG_STRING, NULL,
	   "write what recipient_delimiter of Postfix says"),

    OPTION(requiretls_check, CONFIG_STRING, NULL,
	   "write the listen of [policy], such as unix:/path"),
    OPTION(requiretls_exempt, CONFIG_STRINGS, NULL,
	   "write domains, with a dot in front for those below"),
    OPTION(tls_field, CONFIG_BOOL, "no", "write yes or no"),
    {NULL, NULL, CONFIG_STRING, 0, NULL, 0, 0, NULL, NULL},
};

/* Where what is checked was read. */
struct origin {
	const struct config_source *source;
	const char *listener; /* or NULL */
};

static bool
blame(const struct origin *origin, const char *option, struct why *why)
{
	return config_blame(origin->source, "sign", origin->listener, option,
			    NULL, why);
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

/* Whoever reaches the socket may say that he has logged in. */
static bool
check_listen(const char *listen, struct why *why)
{
	struct listen_address address;

	if (!listen_parse(listen, &address, why))
		return why_prefix(why, "listen");
	return listen_is_private(&address) ||
	       why_set(why,
		       "listen: who reaches \"%.80s\" gets our signatures, and "
		       "the Internet would; write unix:/path, "
		       "inet:port@127.0.0.1 or an address of a network of "
		       "your own",
		       listen);
}

static bool
check_sockets(const struct origin *origin, const struct sign_options *options,
	      struct why *why)
{
	struct listen_address address;
	mode_t mode;

	if (!check_listen(options->listen, why))
		return blame(origin, "listen", why);
	if (!listen_parse_mode(options->socket_mode, &mode, why)) {
		why_prefix(why, "socket_mode");
		return blame(origin, "socket_mode", why);
	}
	if (options->requiretls_check != NULL &&
	    !listen_parse(options->requiretls_check, &address, why)) {
		why_prefix(why, "requiretls_check");
		return blame(origin, "requiretls_check", why);
	}
	return options->metrics == NULL ||
	       check_metrics(options->metrics, why) ||
	       blame(origin, "metrics", why);
}

static bool
check_tables(const struct origin *origin, const struct sign_options *options,
	     struct why *why)
{
	if ((options->key_table == NULL) == (options->signing_table == NULL))
		return true;
	if (options->key_table == NULL) {
		why_set(why, "signing_table is set without key_table, which "
			     "says where the keys are; write key_table = "
			     "FILE");
		return blame(origin, "signing_table", why);
	}
	why_set(why, "key_table is set without signing_table, so nothing uses "
		     "it; write signing_table = FILE, or remove it");
	return blame(origin, "key_table", why);
}

static bool
check_domain(const struct origin *origin, const char *option, const char *value,
	     struct why *why)
{
	struct arena *arena = arena_new();
	struct domain domain;
	bool is = value == NULL ||
		  domain_parse(arena, text_from(value), &domain, NULL);

	arena_free(arena);
	if (is)
		return true;
	why_set(why,
		"%s: \"%.80s\" is no domain; write a name such as "
		"example.org",
		option, value);
	return blame(origin, option, why);
}

static bool
check_arc(const struct origin *origin, const struct sign_options *options,
	  struct why *why)
{
	if (options->arc_domain == NULL && options->arc_selector != NULL) {
		why_set(why, "arc_selector is set without arc_domain; write "
			     "arc_domain = DOMAIN, or remove it");
		return blame(origin, "arc_selector", why);
	}
	return check_domain(origin, "arc_domain", options->arc_domain, why) &&
	       check_domain(origin, "arc_authserv_id", options->arc_authserv_id,
			    why);
}

static bool
check_senders(const struct origin *origin, const struct sign_options *options,
	      struct why *why)
{
	if (options->sender_table == NULL || !options->sender_database)
		return true;
	why_set(why, "sender_table and sender_database are both set; one of "
		     "them says who owns an address: remove the other");
	return blame(origin, "sender_database", why);
}

static bool
check_names(const struct origin *origin, const char *option,
	    const struct config_strings *names, struct why *why)
{
	size_t i;

	for (i = 0; i < names->count; i++) {
		if (signed_fields_is_name(text_from(names->values[i])))
			continue;
		why_set(why, "%s: \"%.80s\" is no name of a header field",
			option, names->values[i]);
		return blame(origin, option, why);
	}
	return true;
}

static bool
check_fields(const struct origin *origin, const struct sign_options *options,
	     struct why *why)
{
	if (options->sign_headers.count + options->oversign_headers.count >
	    LIMIT_SIGNED_NAMES) {
		why_set(why, "more than %d names of header fields",
			LIMIT_SIGNED_NAMES);
		return blame(origin, "sign_headers", why);
	}
	if (options->line_length_limit == 1) {
		why_set(why, "lines of 1 byte cannot be broken; write 998");
		return blame(origin, "line_length_limit", why);
	}
	return check_names(origin, "sign_headers", &options->sign_headers,
			   why) &&
	       check_names(origin, "oversign_headers",
			   &options->oversign_headers, why);
}

bool
sign_options_check(const struct config_source *source, const char *listener,
		   const struct sign_options *options, struct why *why)
{
	struct origin origin = {source, listener};

	return check_sockets(&origin, options, why) &&
	       check_tables(&origin, options, why) &&
	       check_fields(&origin, options, why) &&
	       check_arc(&origin, options, why) &&
	       check_senders(&origin, options, why);
}
