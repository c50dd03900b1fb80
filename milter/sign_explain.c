#include "milter/sign_explain.h"

#include <getopt.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/utf8.h"
#include "base/why.h"
#include "io/clock.h"
#include "io/file.h"
#include "milter/key_watch.h"
#include "milter/sign_facts.h"
#include "milter/sign_setup.h"

#define MESSAGE_BYTES_MOST (50u << 20)

struct request {
	const char *file, *client, *login, *daemon, *from, *config, *listener;
	int64_t now_s;
	bool json, no_dns;
};

static void
usage(FILE *to)
{
	fputs(
	    "usage: signet explain-sign FILE.eml [--login NAME] [--client IP]\n"
	    "         [--daemon NAME] [--from ADDRESS] [--no-dns] [--json]\n"
	    "         [--now EPOCH] [--config FILE] [--listener NAME]\n"
	    "Says which key signet-sign would sign with, and why.\n",
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
	case 'l':
		request->login = optarg;
		return true;
	case 'd':
		request->daemon = optarg;
		return true;
	case 'f':
		request->from = optarg;
		return true;
	case 'D':
		request->no_dns = true;
		return true;
	case 'j':
		request->json = true;
		return true;
	case 'n':
		if (!text_to_u64(text_from(optarg), INT64_MAX, &now))
			return false;
		request->now_s = (int64_t)now;
		return true;
	case 'C':
		request->config = optarg;
		return true;
	case 'L':
		request->listener = optarg;
		return true;
	}
	return false;
}

static bool
read_request(int argc, char **argv, struct request *request)
{
	static const struct option options[] = {
	    {"client", required_argument, NULL, 'c'},
	    {"login", required_argument, NULL, 'l'},
	    {"daemon", required_argument, NULL, 'd'},
	    {"from", required_argument, NULL, 'f'},
	    {"no-dns", no_argument, NULL, 'D'},
	    {"json", no_argument, NULL, 'j'},
	    {"now", required_argument, NULL, 'n'},
	    {"config", required_argument, NULL, 'C'},
	    {"listener", required_argument, NULL, 'L'},
	    {NULL, 0, NULL, 0}};
	static char self[] = "signet explain-sign";
	int option;

	argv[0] = self; /* what getopt calls us */
	optind = 1;
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
		if (!take_option(option, request))
			return false;
	if (optind < argc)
		request->file = argv[optind++];
	return optind == argc && request->file != NULL;
}

/* --- the DNS, asked now --- */

static void
ask_dns(const struct key_choice *choice, const struct sign_setup *setup)
{
	struct resolver_options options;
	struct resolver_unbound *unbound;
	const struct dns_answer *answer;
	struct dns_question *question;
	struct arena *arena = arena_new();
	struct signing_key *key;
	enum dns_status status;
	struct why why;
	size_t i;

	sign_setup_resolver(setup, &options);
	unbound = resolver_unbound_open(&options, &why);
	for (i = 0; unbound != NULL && i < choice->count; i++) {
		key = choice->keys[i].key;
		if (!domain_is_set(key->domain))
			continue;
		question = dns_ask(arena, resolver_unbound_resolver(unbound),
				   key_watch_name(arena, key), DNS_TXT);
		status = dns_wait(question, clock_deadline_in(5000), &answer);
		signing_key_set_dns(
		    key, key_watch_judge(arena, key, status, answer));
	}
	arena_free(arena);
	if (unbound != NULL)
		resolver_unbound_close(unbound);
}

static const char *
dns_words(enum key_dns dns)
{
	switch (dns) {
	case KEY_DNS_UNKNOWN:
		return "the DNS was not asked, or did not answer";
	case KEY_DNS_GOOD:
		return "the DNS carries it";
	case KEY_DNS_MISSING:
		return "the DNS has no such record";
	case KEY_DNS_OTHER:
		return "the DNS has another key there";
	}
	return "";
}

/* --- the message --- */

static void
feed_lines(struct sign_session *session, struct text body)
{
	struct text line;
	size_t end;

	while (body.len > 0) {
		end = text_find(body, '\n');
		line = text_first(body, end);
		if (line.len > 0 && line.at[line.len - 1] == '\r')
			line.len--;
		sign_session_body(session, line);
		if (end < body.len)
			sign_session_body(session, TEXT("\r\n"));
		body = text_skip(body, end + 1);
	}
}

static void
feed(struct sign_session *session, const struct request *request,
     const struct ipaddr *client, struct text raw)
{
	const struct header_field *field;
	struct arena *arena = arena_new();
	struct message parsed;
	size_t body;

	sign_session_connect(session, TEXT("localhost"), client);
	sign_session_mail(session, text_from(request->from),
			  text_from(request->login),
			  text_from(request->daemon));
	message_init(&parsed, arena);
	body = message_parse(&parsed, raw);
	for (field = parsed.top; field != NULL; field = field->below)
		sign_session_header(session, field->name, field->value);
	feed_lines(session, text_skip(raw, body));
	sign_session_end(session);
	arena_free(arena);
}

/* --- the answer --- */

/* Foreign bytes are made fit for a terminal. */
static void
print_pair(struct arena *arena, const char *name, struct text value)
{
	struct text safe = utf8_for_log(arena, value, 1000);

	printf("%-10s " TEXT_FMT "\n", name, TEXT_ARG(safe));
}

static void
print_keys(const struct sign_session *session)
{
	const struct key_choice *choice = &session->choice;
	const struct chosen_key *chosen;
	struct arena *arena = session->arena;
	size_t i;

	if (choice->how != NULL)
		print_pair(arena, "chosen by", text_from(choice->how));
	for (i = 0; i < choice->count; i++) {
		chosen = &choice->keys[i];
		print_pair(
		    arena, "key",
		    text_from(arena_printf(
			arena,
			"d=" TEXT_FMT " s=" TEXT_FMT " %s %u bits, %s: %s%s",
			TEXT_ARG(chosen->domain.name),
			TEXT_ARG(chosen->key->selector),
			private_key_type(chosen->key->key) == CRYPTO_RSA
			    ? "rsa"
			    : "ed25519",
			private_key_bits(chosen->key->key), chosen->key->path,
			dns_words(signing_key_dns(chosen->key)),
			chosen->skipped ? "; it does not sign" : "")));
	}
}

static const char *
sender_words(const struct sign_session *session)
{
	const struct sign_engine *engine = session->engine;

	if (session->login.len == 0)
		return "nobody has logged in";
	if (!engine->options->sender_database && engine->senders == NULL)
		return "there is no table of senders";
	if (session->mismatch.len > 0)
		return arena_printf(
		    session->arena, TEXT_FMT " does not own " TEXT_FMT,
		    TEXT_ARG(session->login), TEXT_ARG(session->mismatch));
	if (session->reason != NULL &&
	    strcmp(session->reason, "senders_unknown") == 0)
		return "the table of senders has not been read yet";
	return arena_printf(session->arena, TEXT_FMT " may write so",
			    TEXT_ARG(session->login));
}

static void
print_fields(const struct sign_session *session)
{
	size_t i, at;

	for (i = 0; i < session->signature_count; i++) {
		struct text value = session->signatures[i].value;

		fputs("DKIM-Signature:", stdout);
		for (at = 0; at < value.len; at++)
			if (value.at[at] != '\r')
				putchar(value.at[at]);
		putchar('\n');
	}
}

static void
print(const struct sign_session *session)
{
	struct arena *arena = session->arena;
	const struct mailbox *mailbox = session->author.mailboxes.first;

	print_pair(arena, "origin",
		   text_from(sign_origin_name(session->origin)));
	print_pair(arena, "from",
		   mailbox != NULL
		       ? mailbox->address
		       : text_from(author_status_name(session->author.status)));
	print_pair(arena, "sender", text_from(sender_words(session)));
	print_keys(session);
	print_pair(arena, "action",
		   text_from(sign_action_name(session->action)));
	if (session->reason != NULL)
		print_pair(arena, "why", text_from(session->reason));
	if (session->detail != NULL)
		print_pair(arena, "detail", text_from(session->detail));
	print_fields(session);
}

/* --- all of it --- */

/* The snapshot in its file is what a service without the database has. */
static bool
use_snapshot(struct sign_setup *setup)
{
	if (setup->sign.sender_database) {
		setup->sign.sender_database = false;
		setup->sign.sender_table = setup->sign.sender_snapshot;
	}
	return true;
}

static bool
explain(const struct request *request, struct arena *arena, struct why *why)
{
	struct ipaddr client = {0};
	struct sign_session *session;
	struct sign_engine *engine;
	struct sign_setup *setup;
	struct text raw;

	if (request->client != NULL &&
	    !ipaddr_parse(text_from(request->client), &client))
		return why_set(why, "--client %s is no address",
			       request->client);
	if (!file_read(arena, request->file, MESSAGE_BYTES_MOST, &raw, why))
		return false;
	setup = sign_setup_load(request->config, request->listener, why);
	if (setup == NULL || !use_snapshot(setup))
		return false;
	engine = sign_setup_engine(setup, NULL, NULL, why);
	if (engine == NULL)
		return false;
	engine->fixed_now_s = request->now_s;
	session = sign_session_new(engine);
	feed(session, request, &client, raw);
	/* once more, with what the DNS says of these keys */
	if (!request->no_dns && engine->options->check_dns != DNS_CHECK_NO) {
		ask_dns(&session->choice, setup);
		feed(session, request, &client, raw);
	}
	if (request->json)
		printf(TEXT_FMT "\n",
		       TEXT_ARG(sign_facts_event(session, TEXT(""))));
	else
		print(session);
	sign_session_free(session);
	sign_engine_release(engine);
	return true;
}

int
sign_explain_main(int argc, char **argv)
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
	fine = explain(&request, arena, &why);
	if (!fine)
		fprintf(stderr, "signet explain-sign: %s\n", why.text);
	arena_free(arena);
	return fine ? 0 : 2;
}
