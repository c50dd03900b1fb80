/* A whole session in a world that the input describes:
 *
 *	options, client, HELO, MAIL, RCPT	one line each
 *	zone file				up to a line "."
 *	message
 *
 * The message goes through twice, the second time with one DNS question that
 * fails: nothing may get better by that.  Then a plain one on the same
 * connection must pass, whatever was before. */
#include <assert.h>
#include <jansson.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/dns_zone.h"
#include "base/limits.h"
#include "base/scan.h"
#include "mailauth/auth_results.h"
#include "milter/facts.h"
#include "milter/setup.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	struct text options, client, helo, sender, recipient, zone, message;
};

/* What the two runs are compared by. */
struct outcome {
	enum spf_result spf, helo;
	enum arc_result arc;
	enum dmarc_result dmarc;
	unsigned questions;
};

static const char plain_zone[] =
    "plain.test. TXT \"v=spf1 ip4:192.0.2.200 -all\"\n"
    "_dmarc.plain.test. TXT \"v=DMARC1; p=reject\"\n";

static struct setup *setup;
static struct engine *engine;

static struct config_strings
domain_list(const char *name)
{
	const char **values = arena_new_array(setup->arena, const char *, 1);

	values[0] = name;
	return (struct config_strings){.values = values, .count = 1};
}

static struct config_networks
network_list(struct text name)
{
	struct ipnet *values = arena_new_array(setup->arena, struct ipnet, 1);

	assert(ipnet_parse(name, values));
	return (struct config_networks){.values = values, .count = 1};
}

static void
start(void)
{
	struct milter_options *options;

	setup = setup_load("/dev/null", NULL, NULL);
	assert(setup != NULL);
	setup->common.hostname = "mx.site.test";
	options = &setup->milter;
	options->dmarc_discovery = DISCOVER_BOTH;
	options->arc_sealers = domain_list("sealer.example");
	options->lists = domain_list("list.example");
	options->forwarders = domain_list("forwarder.example");
	options->relays = network_list(TEXT("198.51.100.0/24"));
	options->skip_networks = network_list(TEXT("203.0.113.0/24"));
	engine = setup_engine(setup, NULL, NULL, NULL);
	assert(engine != NULL);
	engine->fixed_now_s = 1700000000;
}

static void
split(struct text data, struct input *input)
{
	struct scan in;
	size_t end;

	scan_init(&in, data);
	input->options = scan_until(&in, '\n');
	input->client = scan_until(&in, '\n');
	input->helo = scan_until(&in, '\n');
	input->sender = scan_until(&in, '\n');
	input->recipient = scan_until(&in, '\n');
	input->zone = scan_rest(&in);
	for (end = 0; end < input->zone.len; end++)
		if (text_starts(text_skip(input->zone, end), TEXT("\n.\n")))
			break;
	input->message = text_skip(input->zone, end + 3);
	input->zone = text_first(input->zone, end + 1);
}

static int
chosen(const struct input *input, char letter, int value, int otherwise)
{
	return text_has(input->options, letter) ? value : otherwise;
}

static void
set_options(const struct input *input)
{
	struct milter_options *options = &setup->milter;

	options->role = chosen(input, 's', ROLE_SUBMISSION, ROLE_INBOUND);
	options->role = chosen(input, 'i', ROLE_INTERNAL, options->role);
	options->mode = chosen(input, 't', MODE_TEST, MODE_ENFORCE);
	options->dmarc_discovery =
	    chosen(input, 'b', DISCOVER_BOTH, DISCOVER_WALK);
	options->reject_reasons =
	    (unsigned)chosen(input, 'n', 0, 1u << REASON_SPF_FAIL);
	options->spf_fail = options->spf_softfail = options->spf_permerror =
	    chosen(input, 'r', REMEDY_REJECT, REMEDY_ACCEPT);
	options->from_missing = options->from_ambiguous = options->helo_fail =
	    options->spf_fail;
	options->dmarc_temperror = options->spf_temperror =
	    chosen(input, 'f', TEMP_TEMPFAIL, TEMP_ACCEPT);
	options->remove_results = chosen(input, 'a', REMOVE_ALL, REMOVE_OURS);
}

/* --- one message --- */

static void
send_header(struct session *session, const struct message *message)
{
	const struct header_field *field;

	for (field = message->top; field != NULL; field = field->below)
		session_header(session, field->name, field->value);
}

static void
send_message(struct session *session, struct arena *arena,
	     const struct input *input)
{
	struct message message;
	struct text body;

	session_mail(session, input->sender,
		     text_has(input->options, 'l') ? input->helo : TEXT(""));
	session_mail_argument(session, input->recipient);
	session_rcpt(session, input->recipient);
	message_init(&message, arena);
	body =
	    text_skip(input->message, message_parse(&message, input->message));
	send_header(session, &message);
	session_end_of_header(session);
	session_body(session, text_first(body, body.len / 2));
	session_body(session, text_skip(body, body.len / 2));
	session_end(session);
}

static bool
is_printable(const char *text, size_t most)
{
	size_t length = strlen(text), i;

	for (i = 0; i < length; i++)
		if (text[i] < ' ' || text[i] > '~')
			return false;
	return length > 0 && length <= most;
}

static void
check_decision(const struct session *session)
{
	const struct decision *decision = &session->decision;
	bool refused = decision->action == ACTION_REJECT ||
		       decision->action == ACTION_TEMPFAIL;

	assert(refused == (decision->text != NULL));
	assert(refused == (decision->code != NULL));
	if (refused)
		assert(is_printable(decision->text, 490));
	if (decision->action != ACTION_ACCEPT)
		assert(is_printable(decision->reason, 60));
	if (session->verdict.skipped != SKIP_NOTHING ||
	    session->engine->options->role != ROLE_INBOUND)
		assert(decision->action == ACTION_ACCEPT);
}

static bool
has_top_label(struct domain author, struct text identifier)
{
	return text_ends_nocase(identifier, domain_last_labels(author, 1).name);
}

/* Without help of the code that decided it. */
static void
check_pass(const struct verdict *verdict)
{
	struct domain author = verdict->author.domains[0];
	bool proven = verdict->mail_from.result == SPF_PASS &&
		      has_top_label(author, verdict->mail_from.domain);
	size_t i;

	for (i = 0; i < verdict->dkim_count; i++)
		proven |= verdict->dkim[i].result == DKIM_PASS &&
			  has_top_label(author, verdict->dkim[i].domain.name);
	assert(proven);
	assert(verdict->author.status == AUTHOR_ONE);
	assert(verdict->author.domain_count == 1);
	assert(verdict->dmarc.aligned_spf || verdict->dmarc.aligned_dkim);
}

static void
check_results(const struct session *session, struct arena *arena)
{
	struct auth_results results;
	const struct auth_method *method;

	if (!auth_results_parse(arena, session->auth_results, &results, NULL))
		assert(!"our own field does not parse");
	assert(text_equal(results.id, TEXT("mx.site.test")));
	assert(!results.lax);
	for (method = results.methods; method != NULL; method = method->next)
		if (text_equal(method->method, TEXT("dmarc")))
			assert(text_equal(method->result,
					  text_from(dmarc_result_name(
					      session->verdict.dmarc.result))));
}

static void
check_facts(struct session *session, struct arena *arena)
{
	struct text line = facts_event(session, TEXT("4XyZ"));
	json_t *event;
	struct buf log;
	size_t i;

	assert(line.len > 0 && line.len <= LIMIT_EVENT_BYTES);
	assert(!text_has(line, '\n') && !text_has(line, '\r'));
	event = json_loadb(line.at, line.len, JSON_REJECT_DUPLICATES, NULL);
	assert(event != NULL);
	json_decref(event);
	buf_init(&log, arena, LIMIT_LOG_LINE_BYTES);
	facts_log(session, TEXT("4XyZ"), &log);
	assert(buf_ok(&log));
	assert(text_starts(buf_view(&log), TEXT("4XyZ: client=")));
	for (i = 0; i < log.len; i++)
		assert((unsigned char)log.at[i] >= ' ');
}

static void
run(struct session *session, const struct input *input, struct outcome *outcome)
{
	struct arena *arena = arena_new();
	const struct verdict *verdict = &session->verdict;

	send_message(session, arena, input);
	check_decision(session);
	if (verdict->dmarc.result == DMARC_PASS)
		check_pass(verdict);
	check_results(session, arena);
	check_facts(session, arena);
	assert(arena_held(session->arena) < LIMIT_ARENA_BYTES / 2);
	*outcome =
	    (struct outcome){verdict->mail_from.result, verdict->helo.result,
			     verdict->arc.result, verdict->dmarc.result,
			     (unsigned)dns_memo_count(session->memo)};
	arena_free(arena);
}

/* --- the whole --- */

/* RFC 7208 sections 5.5 and 7.3: ptr and %{p} go on without an answer. */
static bool
may_gain(struct text zone)
{
	size_t i;

	for (i = 0; i < zone.len; i++)
		if (text_starts_nocase(text_skip(zone, i), TEXT("ptr")) ||
		    text_starts_nocase(text_skip(zone, i), TEXT("%{p")))
			return true;
	return false;
}

static void
compare(const struct outcome *whole, const struct outcome *failing)
{
	assert(failing->spf != SPF_PASS || whole->spf == SPF_PASS);
	assert(failing->helo != SPF_PASS || whole->helo == SPF_PASS);
	assert(failing->arc != ARC_PASS || whole->arc == ARC_PASS);
	assert(failing->dmarc != DMARC_PASS || whole->dmarc == DMARC_PASS);
}

static void
send_plain(struct session *session)
{
	static const struct input plain = {
	    .sender = TEXT_INIT("a@plain.test"),
	    .recipient = TEXT_INIT("u@site.test"),
	    .message = TEXT_INIT("From: a@plain.test\r\n\r\nx\r\n"),
	};
	struct outcome outcome;

	set_options(&plain);
	run(session, &plain, &outcome);
	assert(outcome.dmarc == DMARC_PASS);
	assert(session->decision.action == ACTION_ACCEPT);
	assert(session->decision.reason == NULL);
	assert(forged_count(&session->forged) == 0);
	assert(session->recipient_count == 1);
}

static void
run_all(struct dns_zone *zone, const struct input *input)
{
	struct session *session = session_new(engine);
	struct outcome whole, failing;
	struct ipaddr client = {0}, plain;

	ipaddr_parse(input->client, &client);
	assert(ipaddr_parse(TEXT("192.0.2.200"), &plain));
	set_options(input);
	session_connect(session, input->helo, &client);
	session_helo(session, input->helo);
	run(session, input, &whole);
	dns_zone_fail_question(zone,
			       whole.questions > 0
				   ? (int)(input->message.len % whole.questions)
				   : 0);
	run(session, input, &failing);
	if (!may_gain(input->zone))
		compare(&whole, &failing);
	dns_zone_fail_question(zone, -1);
	session_reset(session);
	session_connect(session, TEXT(""), &plain);
	session_helo(session, TEXT("plain.test"));
	send_plain(session);
	session_free(session);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct dns_zone *zone;
	struct input input;

	if (engine == NULL)
		start();
	split(text_of((const char *)data, size), &input);
	zone = dns_zone_parse(
	    arena,
	    text_from(arena_printf(arena, "%s$ORIGIN .\n" TEXT_FMT, plain_zone,
				   TEXT_ARG(input.zone))),
	    NULL);
	if (zone != NULL) {
		engine->resolver = dns_zone_resolver(zone);
		run_all(zone, &input);
	}
	arena_free(arena);
	return 0;
}
