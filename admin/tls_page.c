#include "admin/tls_page.h"

#include <getopt.h>
#include <signal.h>

#include "admin/tls_history.h"
#include "admin/tls_record.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "base/why.h"
#include "io/clock.h"
#include "io/listen.h"
#include "io/pg.h"
#include "io/socketmap_client.h"
#include "mailtls/tls_reply.h"
#include "postfix-policy/explain_live.h"
#include "postfix-policy/settings.h"

#define PAGE_BYTES_MOST (8u << 20)
#define SERVER_MS 20000
#define RECORD_MS 10000

struct request {
	const char *config, *key, *server;
	struct explain_live_options live;
};

struct page {
	struct arena *arena;
	const struct settings *settings;
	const struct request *request;
	struct explained explained;
	struct buf to;
};

static int
usage(FILE *to, int status)
{
	fputs("usage: signet tls [-c FILE] [--dns ADDR@PORT] "
	      "[--root-key FILE | none]\n"
	      "           [--server ADDRESS] [--no-database] DOMAIN\n"
	      "       signet tls override add|list|remove ...\n",
	      to);
	return status;
}

enum { OPTION_DNS = 256, OPTION_ROOT_KEY, OPTION_NO_DATABASE, OPTION_SERVER };

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
	case OPTION_SERVER:
		request->server = optarg;
		return true;
	default:
		return false;
	}
}

static bool
read_request(int argc, char **argv, struct request *request)
{
	static char self[] = "signet tls";
	static const struct option options[] = {
	    {"config", required_argument, NULL, 'c'},
	    {"dns", required_argument, NULL, OPTION_DNS},
	    {"root-key", required_argument, NULL, OPTION_ROOT_KEY},
	    {"server", required_argument, NULL, OPTION_SERVER},
	    {"no-database", no_argument, NULL, OPTION_NO_DATABASE},
	    {NULL, 0, NULL, 0}};
	int option;

	argv[0] = self; /* what getopt calls us */
	while ((option = getopt_long(argc, argv, "c:", options, NULL)) != -1)
		if (!take_option(request, option))
			return false;
	if (argc - optind != 1)
		return false;
	request->key = argv[optind];
	return true;
}

/* --- what the server says --- */

static const char *
server_of(const struct page *page)
{
	const struct config_strings *listen = &page->settings->policy.listen;

	if (page->request->server != NULL)
		return page->request->server;
	return listen->count > 0 ? listen->values[0] : "";
}

static const char *
word_of(enum socketmap_status status)
{
	switch (status) {
	case SOCKETMAP_OK:
		return "OK";
	case SOCKETMAP_NOTFOUND:
		return "NOTFOUND";
	case SOCKETMAP_TEMP:
		return "TEMP";
	case SOCKETMAP_PERM:
		return "PERM";
	case SOCKETMAP_NOT_ASKED:
		break;
	}
	return NULL;
}

static struct text
reply_anew(struct page *page, enum tls_dialect dialect)
{
	struct buf reply;

	buf_init(&reply, page->arena, LIMIT_SOCKETMAP_REPLY_BYTES);
	tls_reply_write(&reply, &page->explained.policy, dialect);
	return text_trim(buf_view(&reply));
}

static struct text
shown(struct page *page, struct text text)
{
	return utf8_for_log(page->arena, text, LIMIT_SOCKETMAP_REPLY_BYTES);
}

/* "TEMP" has a sentence behind it that may differ. */
static bool
is_same(struct text now, struct text anew)
{
	return text_equal(now, anew) || (text_starts(now, TEXT("TEMP ")) &&
					 text_starts(anew, TEXT("TEMP ")));
}

/* What it has known for a while may not be what is found now. */
static void
write_reply(struct page *page, enum tls_dialect dialect, const char *word,
	    struct text rest)
{
	struct text anew = reply_anew(page, dialect), now;
	struct buf line;

	buf_init(&line, page->arena, 2 * LIMIT_SOCKETMAP_REPLY_BYTES);
	buf_string(&line, word);
	buf_char(&line, ' ');
	buf_text(&line, rest);
	now = text_trim(buf_view(&line));
	buf_printf(&page->to, "    %-14s ", tls_dialect_name(dialect));
	buf_text(&page->to, shown(page, now));
	buf_char(&page->to, '\n');
	if (is_same(now, anew))
		return;
	buf_string(&page->to, "      found now:   ");
	buf_text(&page->to, shown(page, anew));
	buf_char(&page->to, '\n');
}

static bool
ask_server(struct page *page, struct socketmap_client *client,
	   struct deadline deadline, struct why *why)
{
	enum socketmap_status status;
	enum tls_dialect dialect;
	struct text rest;
	unsigned i;

	for (i = 0; i < TLS_DIALECTS; i++) {
		dialect = tls_dialect_at(i);
		status =
		    socketmap_ask(client, text_from(tls_dialect_name(dialect)),
				  page->explained.key, deadline, &rest, why);
		if (status == SOCKETMAP_NOT_ASKED)
			return false;
		write_reply(page, dialect, word_of(status), rest);
	}
	return true;
}

static void
write_replies(struct page *page)
{
	struct deadline deadline = clock_deadline_in(SERVER_MS);
	struct socketmap_client *client = NULL;
	struct listen_address address;
	struct why why;

	if (listen_parse(server_of(page), &address, &why))
		client = socketmap_client_open(page->arena, &address, deadline,
					       &why);
	if (client != NULL) {
		buf_printf(&page->to, "told      by signet-policy at %s\n",
			   server_of(page));
		if (ask_server(page, client, deadline, &why))
			return;
	}
	buf_printf(&page->to,
		   "told      NOTHING: signet-policy does not answer: " TEXT_FMT
		   "\n          it would say:\n",
		   TEXT_ARG(shown(page, text_from(why.text))));
	explain_write_replies(page->arena, &page->explained, &page->to);
}

/* --- the page --- */

static void
write_page(struct page *page, struct explain_live *live)
{
	struct domain domain = page->explained.facts.nexthop.domain;

	explain_write_facts(page->arena, &page->explained, &page->to);
	write_replies(page);
	if (!domain_is_set(domain))
		return;
	tls_record_write(page->arena, explain_live_resolver(live), domain,
			 clock_deadline_in(RECORD_MS), &page->to);
	tls_history_write(page->arena, explain_live_database(live), domain,
			  &page->to);
}

static int
show(const struct request *request, const struct settings *settings,
     struct why *why)
{
	struct explain_live *live =
	    explain_live_open(settings, &request->live, why);
	struct page page = {.settings = settings, .request = request};
	bool waits;

	if (live == NULL)
		return 2;
	page.arena = arena_new();
	buf_init(&page.to, page.arena, PAGE_BYTES_MOST);
	explain_live_look(live, page.arena, text_from(request->key),
			  &page.explained);
	write_page(&page, live);
	fwrite(buf_view(&page.to).at, 1, buf_view(&page.to).len, stdout);
	waits = page.explained.policy.verdict == TLS_VERDICT_TEMP;
	arena_free(page.arena);
	explain_live_close(live);
	return waits ? 1 : 0;
}

int
tls_page_main(int argc, char **argv)
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
		status = show(&request, settings, &why);
	if (status == 2)
		fprintf(stderr, "signet tls: %s\n", why.text);
	settings_free(settings);
	return status;
}
