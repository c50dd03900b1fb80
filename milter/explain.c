#include "milter/explain.h"

#include <getopt.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/dns_zone.h"
#include "base/limits.h"
#include "base/why.h"
#include "base/xalloc.h"
#include "io/file.h"
#include "io/resolver_unbound.h"
#include "milter/facts.h"
#include "milter/setup.h"

#define MESSAGE_BYTES_MOST (100u << 20)

struct request {
	const char *file, *client, *helo, *from, *config, *dns, *root_key;
	const char *zone, *listener;
	const char *rcpt[16];
	size_t rcpt_count;
	int64_t now_s;
	bool json, weak_crypto;
};

static void
usage(FILE *to)
{
	fputs("usage: signet explain [FILE.eml] --client IP --helo NAME\n"
	      "         --from ADDRESS [--rcpt ADDRESS ...] [--json]\n"
	      "         [--dns ADDR@PORT] [--root-key FILE] [--zone FILE]\n"
	      "         [--now EPOCH] [--config FILE] [--listener NAME]\n"
	      "Says what signet-milter would decide, and why.\n",
	      to);
}

static bool
take_option(int option, struct request *request)
{
	uint64_t now;

	switch (option) {
	case 'c':
		request->client = optarg;
		return true;
	case 'h':
		request->helo = optarg;
		return true;
	case 'f':
		request->from = optarg;
		return true;
	case 'r':
		if (request->rcpt_count == 16)
			return false;
		request->rcpt[request->rcpt_count++] = optarg;
		return true;
	case 'd':
		request->dns = optarg;
		return true;
	case 'k':
		request->root_key = optarg;
		return true;
	case 'z':
		request->zone = optarg;
		return true;
	case 'C':
		request->config = optarg;
		return true;
	case 'l':
		request->listener = optarg;
		return true;
	case 'n':
		if (!text_to_u64(text_from(optarg), INT64_MAX, &now))
			return false;
		request->now_s = (int64_t)now;
		return true;
	case 'j':
		request->json = true;
		return true;
	case 'w':
		request->weak_crypto = true;
		return true;
	}
	return false;
}

static bool
read_request(int argc, char **argv, struct request *request)
{
	static const struct option options[] = {
	    {"client", required_argument, NULL, 'c'},
	    {"helo", required_argument, NULL, 'h'},
	    {"from", required_argument, NULL, 'f'},
	    {"rcpt", required_argument, NULL, 'r'},
	    {"dns", required_argument, NULL, 'd'},
	    {"root-key", required_argument, NULL, 'k'},
	    {"zone", required_argument, NULL, 'z'},
	    {"config", required_argument, NULL, 'C'},
	    {"listener", required_argument, NULL, 'l'},
	    {"now", required_argument, NULL, 'n'},
	    {"json", no_argument, NULL, 'j'},
	    {"test-only-weak-crypto", no_argument, NULL, 'w'},
	    {NULL, 0, NULL, 0}};
	static char self[] = "signet explain";
	int option;

	argv[0] = self; /* what getopt calls us */
	optind = 1;
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
		if (!take_option(option, request))
			return false;
	if (optind < argc)
		request->file = argv[optind++];
	return optind == argc &&
	       (request->file != NULL || request->client != NULL) &&
	       (request->zone == NULL || request->dns == NULL);
}

/* --- resolver --- */

struct chosen_resolver {
	struct resolver *resolver;
	struct resolver_unbound *unbound;
};

static bool
open_zone(struct arena *arena, const char *path, struct chosen_resolver *chosen,
	  struct why *why)
{
	struct dns_zone *zone;
	struct text text;

	if (!file_read(arena, path, 16u << 20, &text, why))
		return false;
	zone = dns_zone_parse(arena, text, why);
	if (zone == NULL)
		return why_prefix(why, "%s", path);
	chosen->resolver = dns_zone_resolver(zone);
	return true;
}

static bool
open_resolver(struct arena *arena, const struct request *request,
	      const struct setup *setup, struct chosen_resolver *chosen,
	      struct why *why)
{
	struct resolver_options options;

	if (request->zone != NULL)
		return open_zone(arena, request->zone, chosen, why);
	setup_resolver_options(setup, &options);
	if (request->dns != NULL) {
		options.forward = &request->dns;
		options.forward_count = 1;
		options.root_key = NULL;
	}
	if (request->root_key != NULL)
		options.root_key = request->root_key;
	chosen->unbound = resolver_unbound_open(&options, why);
	if (chosen->unbound == NULL)
		return false;
	chosen->resolver = resolver_unbound_resolver(chosen->unbound);
	return true;
}

/* --- the message --- */

/* Line ends become CRLF, as they were on the wire. */
static struct text
with_crlf(struct arena *arena, struct text raw)
{
	size_t lines = 0, i, used = 0;
	char *to;

	for (i = 0; i < raw.len; i++)
		lines += raw.at[i] == '\n';
	to = xrealloc(NULL, 1, raw.len + lines);
	arena_defer(arena, free, to);
	for (i = 0; i < raw.len; i++) {
		if (raw.at[i] == '\n' && (i == 0 || raw.at[i - 1] != '\r'))
			to[used++] = '\r';
		to[used++] = raw.at[i];
	}
	return text_of(to, used);
}

/* An mbox separator is no part of what the milter saw.  What a delivery put
 * on top (Return-Path, our own fields) no signature covers. */
static struct text
without_mbox_line(struct text raw)
{
	if (text_starts(raw, TEXT("From ")))
		return text_skip(raw, text_find(raw, '\n') + 1);
	return raw;
}

static void
feed_message(struct session *session, struct text raw)
{
	struct message parsed;
	const struct header_field *field;
	size_t body;

	message_init(&parsed, session->arena);
	body = message_parse(&parsed, raw);
	for (field = parsed.top; field != NULL; field = field->below)
		session_header(session, field->name, field->value);
	if (session_end_of_header(session))
		session_body(session, text_skip(raw, body));
}

/* "<a@example.com>" as it stands in a log, or the address alone. */
static struct text
address_of(const char *given)
{
	struct text text = text_from(given);

	if (text.len >= 2 && text.at[0] == '<' &&
	    text.at[text.len - 1] == '>')
		return text_of(text.at + 1, text.len - 2);
	return text;
}

static bool
feed(struct session *session, const struct request *request,
     struct text message, struct why *why)
{
	struct ipaddr client = {0};
	size_t i;

	if (request->client != NULL &&
	    !ipaddr_parse(text_from(request->client), &client))
		return why_set(why, "--client %s is no address",
			       request->client);
	session_connect(session, TEXT(""), &client);
	session_helo(session, text_from(request->helo));
	session_mail(session, address_of(request->from), TEXT(""));
	for (i = 0; i < request->rcpt_count; i++)
		session_rcpt(session, address_of(request->rcpt[i]));
	if (request->file == NULL) {
		session->envelope_only = true;
		session_end_of_header(session);
	} else {
		feed_message(session, message);
	}
	session_end(session);
	return true;
}

static void
print_json(const struct session *session)
{
	struct buf to;

	buf_init(&to, session->arena, 8u << 20);
	json_write(facts_explain(session), 2, &to);
	fwrite(to.at, 1, to.len, stdout);
	putchar('\n');
}

static bool
read_message(struct arena *arena, const struct request *request,
	     struct text *message, struct why *why)
{
	if (request->file == NULL)
		return true;
	if (!file_read(arena, request->file, MESSAGE_BYTES_MOST, message, why))
		return false;
	*message = with_crlf(arena, without_mbox_line(*message));
	return true;
}

static bool
explain_with(struct engine *engine, const struct request *request,
	     struct text message, struct why *why)
{
	struct session *session;
	bool fine;

	engine->fixed_now_s = request->now_s;
	engine->weak_crypto = request->weak_crypto;
	session = session_new(engine);
	fine = feed(session, request, message, why);
	if (fine && request->json)
		print_json(session);
	else if (fine)
		explain_print(session);
	session_free(session);
	return fine;
}

static bool
explain(struct arena *arena, const struct request *request, struct why *why)
{
	struct chosen_resolver chosen = {0};
	struct text message = TEXT("");
	struct engine *engine;
	struct setup *setup;
	bool fine;

	if (!read_message(arena, request, &message, why))
		return false;
	setup = setup_load(request->config, request->listener, why);
	if (setup == NULL)
		return false;
	if (!open_resolver(arena, request, setup, &chosen, why)) {
		setup_free(setup);
		return false;
	}
	/* Asked about a client, answer about it, be it this host. */
	setup->milter.skip_local = false;
	engine = setup_engine(setup, chosen.resolver, NULL, why);
	fine = engine != NULL && explain_with(engine, request, message, why);
	if (engine != NULL)
		engine_release(engine);
	if (chosen.unbound != NULL)
		resolver_unbound_close(chosen.unbound);
	return fine;
}

int
explain_main(int argc, char **argv)
{
	struct request request = {0};
	struct arena *arena;
	struct why why;
	bool fine;

	if (argc > 1 && strcmp(argv[1], "--help") == 0) {
		usage(stdout);
		return 0;
	}
	if (!read_request(argc, argv, &request)) {
		usage(stderr);
		return 2;
	}
	arena = arena_new();
	fine = explain(arena, &request, &why);
	if (!fine)
		fprintf(stderr, "signet explain: %s\n", why.text);
	arena_free(arena);
	return fine ? 0 : 2;
}
