#include "session_bench.h"

#include "unit.h"

#include "base/limits.h"
#include "base/why.h"
#include "base/xalloc.h"
#include "mailauth/message.h"

int
bench_new(void **state)
{
	struct bench *bench = xcalloc(1, sizeof(*bench));
	struct why why;

	bench->arena = arena_new();
	bench->setup = setup_load("/dev/null", NULL, &why);
	if (bench->setup == NULL)
		fail_msg("setup: %s", why.text);
	bench->setup->common.hostname = BENCH_HOST;
	bench->options = &bench->setup->milter;
	*state = bench;
	return 0;
}

int
bench_free(void **state)
{
	struct bench *bench = *state;

	if (bench->session != NULL)
		session_free(bench->session);
	if (bench->engine != NULL)
		engine_release(bench->engine);
	else
		setup_free(bench->setup);
	arena_free(bench->arena);
	free(bench);
	return 0;
}

void
bench_start(struct bench *bench, const char *zone)
{
	struct why why;

	bench->zone = dns_zone_parse(bench->arena, text_from(zone), &why);
	if (bench->zone == NULL)
		fail_msg("zone: %s", why.text);
	bench->engine = setup_engine(
	    bench->setup, dns_zone_resolver(bench->zone), NULL, &why);
	if (bench->engine == NULL)
		fail_msg("engine: %s", why.text);
	bench->engine->fixed_now_s = BENCH_NOW_S;
	bench->session = session_new(bench->engine);
}

void
bench_connect(struct bench *bench, const struct mail *mail)
{
	struct ipaddr client = {0};

	if (mail->client != NULL)
		assert_true(ipaddr_parse(text_from(mail->client), &client));
	session_connect(bench->session, TEXT("client.example"), &client);
	session_helo(bench->session, text_from(mail->helo));
}

static void
send_content(struct bench *bench, struct text raw)
{
	struct session *session = bench->session;
	const struct header_field *field;
	struct message parsed;
	size_t body;

	message_init(&parsed, bench->arena);
	body = message_parse(&parsed, raw);
	for (field = parsed.top; field != NULL; field = field->below)
		session_header(session, field->name, field->value);
	session_end_of_header(session);
	session_body(session, text_skip(raw, body));
}

void
bench_send(struct bench *bench, const struct mail *mail)
{
	session_mail(bench->session, text_from(mail->sender),
		     text_from(mail->login));
	session_rcpt(bench->session, mail->rcpt != NULL
					 ? text_from(mail->rcpt)
					 : TEXT("user@site.test"));
	send_content(bench, text_from(mail->raw));
	session_end(bench->session);
}

void
bench_mail(struct bench *bench, const struct mail *mail)
{
	bench_connect(bench, mail);
	bench_send(bench, mail);
}

struct text
bench_event(struct bench *bench)
{
	struct text line = facts_event(bench->session, TEXT("4XyZ"));

	assert_true(line.len > 0);
	assert_true(line.len < LIMIT_EVENT_BYTES);
	return line;
}
