#include "admin/dns.h"

#include <getopt.h>
#include <signal.h>

#include "admin/dns_check.h"
#include "admin/dns_keys.h"
#include "admin/dns_records.h"
#include "admin/dns_store.h"
#include "base/arena.h"
#include "base/why.h"
#include "io/clock.h"
#include "io/https.h"
#include "io/resolver_unbound.h"

#define DEFAULT_CONFIG SIGNET_SYSCONFDIR "/signet.conf"

struct dns_arguments {
	const char *config, *domain;
	enum dns_records_form form;
	bool json, no_store;
	struct dns_check_options check;
};

static int
usage(FILE *to, int status)
{
	fputs("usage: signet dns records DOMAIN [--config FILE] "
	      "[--json | --sts-policy]\n"
	      "       signet dns check DOMAIN [--config FILE] [--json] "
	      "[--profile internet.nl]\n"
	      "           [--policy FILE] [--connect HOST:PORT | "
	      "--no-connect] [--no-store]\n",
	      to);
	return status;
}

static int
fail(const char *format, const char *what)
{
	fputs("signet dns: ", stderr);
	fprintf(stderr, "%s%s\n", format, what);
	return 2;
}

/* Where the history of keys is kept, other hosts may have keys too. */
static bool
read_settings(struct arena *arena, const struct dns_arguments *arguments,
	      struct dns_settings *settings, struct why *why)
{
	struct why known;

	if (!dns_settings_read(arena, arguments->config,
			       text_from(arguments->domain), settings, why))
		return false;
	if (settings->keys.record && !arguments->no_store &&
	    !settings->options.reports_only &&
	    !dns_keys_add_known(arena, settings, &known))
		settings->known_trouble = arena_printf(arena, "%s", known.text);
	return true;
}

/* --- records --- */

static int
run_records(struct arena *arena, const struct dns_arguments *arguments)
{
	struct dns_settings settings;
	struct why why;

	if (!read_settings(arena, arguments, &settings, &why))
		return fail("", why.text);
	return dns_records(arena, &settings, arguments->form);
}

/* --- check --- */

static struct resolver_unbound *
open_resolver(const struct config_common *common, struct why *why)
{
	struct resolver_options options = {
	    .forward = common->forward.values,
	    .forward_count = common->forward.count,
	    .root_key = common->root_key != NULL ? common->root_key
						 : resolver_default_root_key(),
	};

	if (options.root_key != NULL && strcmp(options.root_key, "none") == 0)
		options.root_key = NULL;
	return resolver_unbound_open(&options, why);
}

static int
finish(const struct dns_arguments *arguments,
       const struct dns_settings *settings, const struct dns_findings *findings)
{
	struct why why;

	if (arguments->json)
		dns_findings_print_json(findings);
	else
		dns_findings_print(findings);
	fflush(stdout);
	if (!arguments->no_store && !dns_store(settings, findings, &why))
		fail("not kept in the database: ", why.text);
	return dns_findings_status(findings);
}

static int
check_domain(struct arena *arena, struct resolver *resolver,
	     struct https *https, const struct dns_arguments *arguments,
	     const struct dns_settings *settings)
{
	struct dns_check *check = arena_new_value(arena, struct dns_check);
	struct dns_findings findings;
	struct plan plan;

	plan_make(arena, settings, &plan);
	dns_findings_init(&findings, arena, settings->domain);
	check->arena = arena;
	check->resolver = resolver;
	check->https = https;
	check->settings = settings;
	check->options = &arguments->check;
	check->plan = &plan;
	check->findings = &findings;
	check->now_s = clock_unix_ms() / 1000;
	dns_check_all(check);
	return finish(arguments, settings, &findings);
}

/* For the MTA-STS policy, unless it lies in a file; *https may stay NULL. */
static bool
open_https(const struct dns_arguments *arguments,
	   const struct sts_settings *settings, struct https **https,
	   struct why *why)
{
	const struct https_options options = {
	    .ca_file = settings->ca_file,
	    .allowed = settings->allowed.values,
	    .allowed_count = settings->allowed.count,
	    .port = (uint16_t)settings->port,
	    .agent = "signet",
	};

	*https = NULL;
	if (arguments->check.offline || arguments->check.policy_file != NULL)
		return true;
	*https = https_open(&options, why);
	return *https != NULL;
}

/* What was asked must end before the resolver does: two arenas. */
static int
run_check(struct arena *arena, const struct dns_arguments *arguments)
{
	struct resolver_unbound *unbound;
	struct dns_settings settings;
	struct arena *questions;
	struct https *https;
	struct why why;
	int status;

	if (!read_settings(arena, arguments, &settings, &why))
		return fail("", why.text);
	unbound = open_resolver(&settings.common, &why);
	if (unbound == NULL ||
	    !open_https(arguments, &settings.sts, &https, &why)) {
		resolver_unbound_close(unbound);
		return fail("", why.text);
	}
	signal(SIGPIPE, SIG_IGN);
	questions = arena_new();
	status = check_domain(questions, resolver_unbound_resolver(unbound),
			      https, arguments, &settings);
	arena_free(questions);
	https_close(https);
	resolver_unbound_close(unbound);
	return status;
}

/* --- arguments --- */

enum {
	OPTION_PROFILE = 256,
	OPTION_POLICY,
	OPTION_CONNECT,
	OPTION_NO_CONNECT,
	OPTION_NO_STORE,
	OPTION_JSON,
	OPTION_STS_POLICY
};

static const struct option records_options[] = {
    {"config", required_argument, NULL, 'c'},
    {"json", no_argument, NULL, OPTION_JSON},
    {"sts-policy", no_argument, NULL, OPTION_STS_POLICY},
    {NULL, 0, NULL, 0}};

static const struct option check_options[] = {
    {"config", required_argument, NULL, 'c'},
    {"json", no_argument, NULL, OPTION_JSON},
    {"profile", required_argument, NULL, OPTION_PROFILE},
    {"policy", required_argument, NULL, OPTION_POLICY},
    {"connect", required_argument, NULL, OPTION_CONNECT},
    {"no-connect", no_argument, NULL, OPTION_NO_CONNECT},
    {"no-store", no_argument, NULL, OPTION_NO_STORE},
    {NULL, 0, NULL, 0}};

static bool
take_option(struct dns_arguments *arguments, int option, const char *value)
{
	switch (option) {
	case 'c':
		arguments->config = value;
		return true;
	case OPTION_JSON:
		arguments->json = true;
		arguments->form = DNS_RECORDS_JSON;
		return true;
	case OPTION_STS_POLICY:
		arguments->form = DNS_RECORDS_STS_POLICY;
		return true;
	case OPTION_PROFILE:
		arguments->check.internet_nl = true;
		return strcmp(value, "internet.nl") == 0;
	case OPTION_POLICY:
		arguments->check.policy_file = value;
		return true;
	case OPTION_CONNECT:
		arguments->check.connect = value;
		return dns_check_is_target(value);
	case OPTION_NO_CONNECT:
		arguments->check.offline = true;
		return true;
	case OPTION_NO_STORE:
		arguments->no_store = true;
		return true;
	default:
		return false;
	}
}

static bool
read_arguments(int argc, char **argv, const struct option *options,
	       struct dns_arguments *arguments)
{
	static char self[] = "signet dns";
	int option;

	argv[0] = self; /* what getopt calls us */
	while ((option = getopt_long(argc, argv, "c:", options, NULL)) != -1)
		if (!take_option(arguments, option, optarg))
			return false;
	if (optind + 1 != argc ||
	    (arguments->check.connect != NULL && arguments->check.offline))
		return false;
	arguments->domain = argv[optind];
	return true;
}

int
dns_main(int argc, char **argv)
{
	struct dns_arguments arguments = {.config = DEFAULT_CONFIG};
	struct arena *arena;
	bool check;
	int status;

	if (argc > 1 && strcmp(argv[1], "--help") == 0)
		return usage(stdout, 0);
	if (argc < 2 ||
	    (strcmp(argv[1], "records") != 0 && strcmp(argv[1], "check") != 0))
		return usage(stderr, 2);
	check = strcmp(argv[1], "check") == 0;
	if (!read_arguments(argc - 1, argv + 1,
			    check ? check_options : records_options,
			    &arguments))
		return usage(stderr, 2);
	arena = arena_new();
	status = check ? run_check(arena, &arguments)
		       : run_records(arena, &arguments);
	arena_free(arena);
	return status;
}
