/* A message on its way out, with a key for example.com: sender, login and
 * recipient on a line each, then the message.  Whatever it holds is signed or
 * has a reason why not; a plain message after it is signed. */
#include <assert.h>

#include "base/arena.h"
#include "base/limits.h"
#include "base/scan.h"
#include "milter/sign_facts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct sign_engine *engine;

static void
start(void)
{
	static struct sign_options options = {
	    .authenticated = true,
	    .check_dns = DNS_CHECK_SKIP,
	    .expiry_s = 86400,
	    .identity = IDENTITY_AUTHOR,
	    .resign = RESIGN_LISTS,
	    .line_length_limit = 998,
	};
	static const struct sign_engine_parts parts = {
	    .key_directory = "/nonexistent",
	    .host = "mx.example.com",
	    .listener = "sign",
	};
	struct signing_key *key;
	struct domain domain;

	engine = sign_engine_new(arena_new(), &options, &parts, NULL);
	assert(engine != NULL);
	assert(domain_parse(engine->arena, TEXT("example.com"), &domain, NULL));
	key = arena_new_value(engine->arena, struct signing_key);
	key->domain = domain;
	key->selector = TEXT("s");
	key->key = private_key_new(engine->arena, CRYPTO_ED25519, 0, NULL);
	assert(key->key != NULL);
	key->public_half = private_key_public(engine->arena, key->key);
	key->path = "none";
	engine->keys.keys =
	    arena_new_array(engine->arena, struct signing_key *, 1);
	engine->keys.keys[0] = key;
	engine->keys.count = 1;
	engine->arc_key = key;
	engine->arc_domain = domain;
	engine->fixed_now_s = 1700000000;
}

static void
feed(struct sign_session *session, struct text raw)
{
	const struct header_field *field;
	struct arena *arena = arena_new();
	struct message parsed;
	struct text body;

	message_init(&parsed, arena);
	body = text_skip(raw, message_parse(&parsed, raw));
	for (field = parsed.top; field != NULL; field = field->below)
		sign_session_header(session, field->name, field->value);
	for (; body.len > 0; body = text_skip(body, 7))
		sign_session_body(session, text_first(body, 7));
	sign_session_end(session);
	arena_free(arena);
}

static void
check(struct sign_session *session)
{
	struct buf line;
	size_t i;

	assert((session->action == SIGN_SIGNED) ==
	       (session->signature_count > 0));
	assert(session->action == SIGN_SIGNED || session->reason != NULL);
	for (i = 0; i < session->signature_count; i++) {
		struct text value = session->signatures[i].value;

		assert(text_starts(value, TEXT(" v=1;")));
		assert(!text_has(value, '\0'));
	}
	assert(sign_facts_event(session, TEXT("4Q")).len > 0);
	buf_init(&line, session->arena, LIMIT_LOG_LINE_BYTES);
	sign_facts_log(session, TEXT("4Q"), &line);
	assert(buf_ok(&line) && !text_has(buf_view(&line), '\n'));
}

static void
check_plain(struct sign_session *session)
{
	sign_session_mail(session, TEXT("a@example.com"), TEXT("ann"),
			  TEXT(""));
	feed(session, TEXT("From: a@example.com\r\nSubject: x\r\n\r\nx\r\n"));
	assert(session->action == SIGN_SIGNED);
	check(session);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sign_session *session;
	struct text sender, login;
	struct ipaddr peer = {.family = 4, .bytes = {192, 0, 2, 1}};
	struct scan in;

	if (engine == NULL)
		start();
	session = sign_session_new(engine);
	sign_session_connect(session, TEXT("x"), &peer);
	scan_init(&in, text_of((const char *)data, size));
	sender = scan_until(&in, '\n');
	login = scan_until(&in, '\n');
	sign_session_mail(session, sender, login, TEXT(""));
	sign_session_rcpt(session, scan_until(&in, '\n'));
	feed(session, scan_rest(&in));
	check(session);
	check_plain(session);
	sign_session_free(session);
	return 0;
}
