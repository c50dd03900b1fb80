#include "load_session.h"

#include <libmilter/mfdef.h>
#include <string.h>

enum { BODY_CHUNK = 65535, MILTER_PROTOCOL = 6 };

/* What Sendmail 8.17 and Postfix 3.7 offer, apart from larger chunks. */
static const uint32_t offered_actions = 0x000001FF;
static const uint32_t offered_protocol = 0x001FFFFF;

static void
macros(struct link *link, char command, const char *const *pairs)
{
	size_t begin = packet_begin(link, SMFIC_MACRO);

	packet_bytes(link, &command, 1);
	for (; *pairs != NULL; pairs++)
		packet_string(link, *pairs);
	packet_end(link, begin);
}

static void
send_negotiate(struct link *link)
{
	size_t begin = packet_begin(link, SMFIC_OPTNEG);

	packet_u32(link, MILTER_PROTOCOL);
	packet_u32(link, offered_actions);
	packet_u32(link, offered_protocol);
	packet_end(link, begin);
}

static void
send_connect(const struct session *session, struct link *link)
{
	const char *ip = session->message->field[FIELD_CLIENT_IP];
	const char *name = session->message->field[FIELD_CLIENT_NAME];
	const char *const pairs[] = {"j",
				     "mx.site.bench",
				     "{daemon_name}",
				     "mx.site.bench",
				     "{client_addr}",
				     ip,
				     "{client_name}",
				     name,
				     "v",
				     "Postfix 3.7.11",
				     NULL};
	const char port[2] = {(char)0xC3, 0x50};
	size_t begin;

	macros(link, SMFIC_CONNECT, pairs);
	begin = packet_begin(link, SMFIC_CONNECT);
	packet_string(link, name);
	packet_bytes(link, strchr(ip, ':') != NULL ? "6" : "4", 1);
	packet_bytes(link, port, sizeof(port));
	packet_string(link, ip);
	packet_end(link, begin);
}

static void
send_string(struct link *link, char command, const char *string)
{
	size_t begin = packet_begin(link, command);

	packet_string(link, string);
	packet_end(link, begin);
}

static void
send_empty(struct link *link, char command)
{
	packet_end(link, packet_begin(link, command));
}

static void
queue_id(const struct session *session, char *id, size_t size)
{
	snprintf(id, size, "%s%.18s", session->load->id_prefix,
		 session->message->field[FIELD_FILE]);
	id[strcspn(id, ".")] = '\0';
}

static void
send_mail(const struct session *session, struct link *link)
{
	const char *from = session->message->field[FIELD_MAIL_FROM];
	char id[40], address[600], size[40];
	const char *const pairs[] = {"i", id, "{mail_addr}", from, NULL};
	size_t begin;

	queue_id(session, id, sizeof(id));
	snprintf(address, sizeof(address), "<%s>", from);
	snprintf(size, sizeof(size), "SIZE=%zu", session->message->bytes);
	macros(link, SMFIC_MAIL, pairs);
	begin = packet_begin(link, SMFIC_MAIL);
	packet_string(link, address);
	packet_string(link, size);
	packet_end(link, begin);
}

static void
send_rcpt(const struct session *session, struct link *link)
{
	const char *rcpt = session->message->field[FIELD_RCPT];
	char id[40], address[600];
	const char *const pairs[] = {"i",
				     id,
				     "{rcpt_addr}",
				     rcpt,
				     "{rcpt_host}",
				     "mx.site.bench",
				     "{rcpt_mailer}",
				     "local",
				     NULL};

	queue_id(session, id, sizeof(id));
	snprintf(address, sizeof(address), "<%s>", rcpt);
	macros(link, SMFIC_RCPT, pairs);
	send_string(link, SMFIC_RCPT, address);
}

static void
send_with_id(const struct session *session, struct link *link, char command)
{
	char id[40];
	const char *const pairs[] = {"i", id, NULL};

	queue_id(session, id, sizeof(id));
	macros(link, command, pairs);
	send_empty(link, command);
}

static void
send_header(const struct session *session, struct link *link)
{
	const struct header *header = &session->headers[session->next];
	const char *value = header->value;
	size_t begin = packet_begin(link, SMFIC_HEADER);

	if (!(link->protocol & SMFIP_HDR_LEADSPC) && *value == ' ')
		value++;
	packet_string(link, header->name);
	packet_string(link, value);
	packet_end(link, begin);
}

static void
send_body(const struct session *session, struct link *link)
{
	size_t left = session->message->body_bytes - session->next;
	size_t begin = packet_begin(link, SMFIC_BODY);

	packet_bytes(link, session->message->body + session->next,
		     left < BODY_CHUNK ? left : BODY_CHUNK);
	packet_end(link, begin);
}

/* The flags by which a milter says "do not send" and "I do not answer". */
struct step_flags {
	uint32_t no_command, no_reply;
};

static struct step_flags
flags_of(enum step step)
{
	switch (step) {
	case STEP_NEGOTIATE:
	case STEP_END_OF_MESSAGE:
		break;
	case STEP_CONNECT:
		return (struct step_flags){SMFIP_NOCONNECT, SMFIP_NR_CONN};
	case STEP_HELO:
		return (struct step_flags){SMFIP_NOHELO, SMFIP_NR_HELO};
	case STEP_MAIL:
		return (struct step_flags){SMFIP_NOMAIL, SMFIP_NR_MAIL};
	case STEP_RCPT:
		return (struct step_flags){SMFIP_NORCPT, SMFIP_NR_RCPT};
	case STEP_DATA:
		return (struct step_flags){SMFIP_NODATA, SMFIP_NR_DATA};
	case STEP_HEADER:
		return (struct step_flags){SMFIP_NOHDRS, SMFIP_NR_HDR};
	case STEP_END_OF_HEADER:
		return (struct step_flags){SMFIP_NOEOH, SMFIP_NR_EOH};
	case STEP_BODY:
		return (struct step_flags){SMFIP_NOBODY, SMFIP_NR_BODY};
	}
	return (struct step_flags){0, 0};
}

static void
send_step(const struct session *session, struct link *link)
{
	switch (session->step) {
	case STEP_NEGOTIATE:
		send_negotiate(link);
		return;
	case STEP_CONNECT:
		send_connect(session, link);
		return;
	case STEP_HELO:
		send_string(link, SMFIC_HELO,
			    session->message->field[FIELD_HELO]);
		return;
	case STEP_MAIL:
		send_mail(session, link);
		return;
	case STEP_RCPT:
		send_rcpt(session, link);
		return;
	case STEP_DATA:
		send_with_id(session, link, SMFIC_DATA);
		return;
	case STEP_HEADER:
		send_header(session, link);
		return;
	case STEP_END_OF_HEADER:
		send_with_id(session, link, SMFIC_EOH);
		return;
	case STEP_BODY:
		send_body(session, link);
		return;
	case STEP_END_OF_MESSAGE:
		send_with_id(session, link, SMFIC_BODYEOB);
		return;
	}
}

/* Is there anything to say at this step to this milter? */
static bool
has_command(const struct session *session, const struct link *link)
{
	if (link->done_with_message || link->done_with_connection)
		return false;
	if (link->protocol & flags_of(session->step).no_command)
		return false;
	if (session->step == STEP_HEADER)
		return session->next < session->n_headers;
	if (session->step == STEP_BODY)
		return !link->skip_body &&
		       session->next < session->message->body_bytes;
	return true;
}

bool
session_command(struct session *session)
{
	struct link *link = &session->links[session->at];

	if (!has_command(session, link))
		return false;
	send_step(session, link);
	return !(link->protocol & flags_of(session->step).no_reply);
}
