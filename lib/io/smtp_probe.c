#include "io/smtp_probe.h"

#include "base/arena.h"
#include "base/ascii.h"
#include "base/limits.h"
#include "base/scan.h"
#include "base/utf8.h"
#include "base/why.h"
#include "io/tls_client.h"

struct dialogue {
	struct arena *arena;
	struct tls_client *client;
	struct deadline deadline;
	bool starttls, requiretls; /* offered */
	struct why *why;
};

static void
take_keyword(struct dialogue *dialogue, struct text line)
{
	struct text keyword = text_first(line, text_find(line, ' '));

	if (text_equal_nocase(keyword, TEXT("STARTTLS")))
		dialogue->starttls = true;
	if (text_equal_nocase(keyword, TEXT("REQUIRETLS")))
		dialogue->requiretls = true;
}

/* All lines of one reply.  Gives its first digit, or 0 with the reason. */
static int
read_reply(struct dialogue *dialogue)
{
	struct text line, shown;
	size_t lines;

	for (lines = 0; lines < LIMIT_SMTP_REPLY_LINES; lines++) {
		if (!tls_client_read_line(dialogue->client, dialogue->deadline,
					  &line, dialogue->why))
			return 0;
		if (line.len < 3 || !ascii_is_digit(line.at[0]))
			break;
		take_keyword(dialogue, text_skip(line, 4));
		if (line.len > 3 && line.at[3] == '-')
			continue;
		shown = utf8_for_log(dialogue->arena, line, 200);
		why_set(dialogue->why, "the server said: " TEXT_FMT,
			TEXT_ARG(shown));
		return line.at[0] - '0';
	}
	why_set(dialogue->why, "the server does not speak SMTP");
	return 0;
}

static int
say(struct dialogue *dialogue, const char *command)
{
	if (!tls_client_write(dialogue->client, text_from(command),
			      dialogue->deadline, dialogue->why))
		return 0;
	return read_reply(dialogue);
}

static enum smtp_probe_status
greet(struct dialogue *dialogue, const char *ehlo)
{
	int code = read_reply(dialogue);

	if (code == 2)
		code = say(dialogue, ehlo);
	if (code != 2)
		return SMTP_PROBE_AWAY;
	if (!dialogue->starttls) {
		why_set(dialogue->why, "the server does not offer STARTTLS");
		return SMTP_PROBE_NO_STARTTLS;
	}
	code = say(dialogue, "STARTTLS\r\n");
	if (code == 2)
		return SMTP_PROBE_DONE;
	return code == 0 ? SMTP_PROBE_AWAY : SMTP_PROBE_NO_STARTTLS;
}

enum smtp_probe_status
smtp_probe_run(struct arena *arena, const struct smtp_probe *probe,
	       struct deadline deadline, struct smtp_peer *peer,
	       struct why *why)
{
	struct dialogue dialogue = {
	    .arena = arena, .deadline = deadline, .why = why};
	const char *ehlo = arena_printf(arena, "EHLO %s\r\n", probe->helo);
	enum smtp_probe_status status;
	struct why ignored;

	*peer = (struct smtp_peer){0};
	dialogue.client =
	    tls_client_open(arena, &probe->address, probe->port, deadline, why);
	if (dialogue.client == NULL)
		return SMTP_PROBE_AWAY;
	status = greet(&dialogue, ehlo);
	if (status != SMTP_PROBE_DONE)
		return status;
	if (!tls_client_start(dialogue.client, probe->server_name, deadline,
			      why) ||
	    !tls_client_chain(arena, dialogue.client, &peer->chain,
			      &peer->count, why))
		return SMTP_PROBE_NO_TLS;
	peer->version = tls_client_version(dialogue.client);
	peer->cipher = tls_client_cipher(dialogue.client);
	dialogue.why = &ignored;
	dialogue.requiretls = false;
	if (say(&dialogue, ehlo) == 2)
		peer->requiretls = dialogue.requiretls;
	tls_client_write(dialogue.client, TEXT("QUIT\r\n"), deadline, &ignored);
	return SMTP_PROBE_DONE;
}
