#include "postfix-policy/explain_main.h"

#include <getopt.h>
#include <signal.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/why.h"
#include "postfix-policy/explain_live.h"
#include "postfix-policy/settings.h"

#define PAGE_BYTES_MOST (8u << 20)

struct request {
	const char *config, *key;
	bool json;
	struct explain_live_options live;
};

static int
usage(FILE *to, int status)
{
	fputs("usage: signet-policy --explain DOMAIN [-c FILE] "
	      "[--dns ADDR@PORT]\n"
	      "           [--root-key FILE | none] [--no-database] [--json]\n"
	      "DOMAIN is what a mail server asks: example.com, "
	      "example.com:587, [mx.example.com]\n",
	      to);
	return status;
}

enum { OPTION_DNS = 256, OPTION_ROOT_KEY, OPTION_NO_DATABASE, OPTION_JSON };

static bool
take_option(struct request *request, int option)
{
	switch (option) {
	case 'c':
		request->config = optarg;
		return true;
	case OPTION_DNS:
		request->live.dns = optarg;
		return config_is_server(text_from(optarg));
	case OPTION_ROOT_KEY:
		request->live.root_key = optarg;
		return true;
	case OPTION_NO_DATABASE:
		request->live.no_database = true;
		return true;
	case OPTION_JSON:
		request->json = true;
		return true;
	default:
		return false;
	}
}

static bool
read_request(int argc, char **argv, struct request *request)
{
	static const struct option options[] = {
	    {"config", required_argument, NULL, 'c'},
	    {"dns", required_argument, NULL, OPTION_DNS},
	    {"root-key", required_argument, NULL, OPTION_ROOT_KEY},
	    {"no-database", no_argument, NULL, OPTION_NO_DATABASE},
	    {"json", no_argument, NULL, OPTION_JSON},
	    {NULL, 0, NULL, 0}};
	int option;

	while ((option = getopt_long(argc, argv, "c:", options, NULL)) != -1)
		if (!take_option(request, option))
			return false;
	if (argc - optind != 1)
		return false;
	request->key = argv[optind];
	return true;
}

static int
tell(struct arena *arena, const struct request *request,
     const struct explained *explained)
{
	struct buf page;

	buf_init(&page, arena, PAGE_BYTES_MOST);
	if (request->json) {
		json_write(explain_json(arena, explained), 2, &page);
		buf_char(&page, '\n');
	} else {
		explain_write(arena, explained, &page);
	}
	fwrite(buf_view(&page).at, 1, buf_view(&page).len, stdout);
	return explained->policy.verdict == TLS_VERDICT_TEMP ? 1 : 0;
}

static int
explain(const struct request *request, const struct settings *settings,
	struct why *why)
{
	struct explain_live *live =
	    explain_live_open(settings, &request->live, why);
	struct explained explained;
	struct arena *arena;
	int status;

	if (live == NULL)
		return 2;
	arena = arena_new();
	explain_live_look(live, arena, text_from(request->key), &explained);
	status = tell(arena, request, &explained);
	arena_free(arena);
	explain_live_close(live);
	return status;
}

int
explain_main(int argc, char **argv)
{
	struct request request = {0};
	struct settings *settings;
	struct why why;
	int status = 2;

	if (argc > 1 && strcmp(argv[1], "--help") == 0)
		return usage(stdout, 0);
	if (!read_request(argc, argv, &request))
		return usage(stderr, 2);
	signal(SIGPIPE, SIG_IGN);
	settings = settings_load(request.config, &why);
	if (settings != NULL)
		status = explain(&request, settings, &why);
	if (status == 2)
		fprintf(stderr, "signet-policy: %s\n", why.text);
	settings_free(settings);
	return status;
}
