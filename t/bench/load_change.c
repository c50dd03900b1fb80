#include "load_session.h"

#include <arpa/inet.h>
#include <libmilter/mfdef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static char *
keep(struct session *session, const char *prefix, const char *string)
{
	size_t size = strlen(prefix) + strlen(string) + 1;
	char *copy = need(size);

	snprintf(copy, size, "%s%s", prefix, string);
	session->owned = need_more(session->owned, (session->n_owned + 1) *
						       sizeof(*session->owned));
	session->owned[session->n_owned++] = copy;
	return copy;
}

void
session_headers_reset(struct session *session)
{
	const struct message *message = session->message;
	size_t size = message->n_headers * sizeof(*session->headers);

	while (session->n_owned > 0)
		free(session->owned[--session->n_owned]);
	session->changes.len = 0;
	session->n_headers = message->n_headers;
	session->headers = need_more(session->headers, size);
	memcpy(session->headers, message->headers, size);
}

static void
insert(struct session *session, size_t place, struct header header)
{
	if (place > session->n_headers)
		place = session->n_headers;
	session->headers =
	    need_more(session->headers,
		      (session->n_headers + 1) * sizeof(*session->headers));
	memmove(session->headers + place + 1, session->headers + place,
		(session->n_headers - place) * sizeof(*session->headers));
	session->headers[place] = header;
	session->n_headers++;
}

/* Replaces the `number`th field of that name; an empty value removes it. */
static void
change(struct session *session, uint32_t number, const char *name,
       struct header header, bool removed)
{
	size_t n;

	for (n = 0; n < session->n_headers; n++) {
		if (strcasecmp(session->headers[n].name, name) != 0 ||
		    --number > 0)
			continue;
		if (!removed) {
			session->headers[n] = header;
			return;
		}
		session->n_headers--;
		memmove(session->headers + n, session->headers + n + 1,
			(session->n_headers - n) * sizeof(*session->headers));
		return;
	}
}

static void
changes_add(struct session *session, const char *string)
{
	struct bytes *to = &session->changes;
	size_t len = strlen(string);

	if (to->len + len + 1 > to->size) {
		to->size = (to->len + len + 1) * 2;
		to->data = need_more(to->data, to->size);
	}
	memcpy(to->data + to->len, string, len + 1);
	to->len += len;
}

static void
note(struct session *session, const char *what, const struct header *header)
{
	if (session->load->dump == NULL)
		return;
	changes_add(session, "\x01");
	changes_add(session, what);
	changes_add(session, header->name);
	changes_add(session, ":");
	changes_add(session, header->value);
}

/* Takes a zero-terminated string off the packet; NULL: there is none. */
static const char *
take_string(struct packet *packet)
{
	const char *string = packet->data;
	const char *end = memchr(packet->data, 0, packet->len);

	if (end == NULL)
		return NULL;
	packet->len -= (size_t)(end + 1 - string);
	packet->data = end + 1;
	return string;
}

static uint32_t
take_u32(struct packet *packet)
{
	uint32_t wire;

	if (packet->len < sizeof(wire))
		return 0;
	memcpy(&wire, packet->data, sizeof(wire));
	packet->data += sizeof(wire);
	packet->len -= sizeof(wire);
	return ntohl(wire);
}

void
session_change(struct session *session, const struct packet *from)
{
	const struct link *link = &session->links[session->at];
	struct packet packet = *from;
	struct header header;
	const char *name, *value;
	uint32_t number = 0;
	bool removed;

	if (packet.command != SMFIR_ADDHEADER &&
	    packet.command != SMFIR_INSHEADER &&
	    packet.command != SMFIR_CHGHEADER)
		return;
	if (packet.command != SMFIR_ADDHEADER)
		number = take_u32(&packet);
	name = take_string(&packet);
	value = take_string(&packet);
	if (name == NULL || value == NULL)
		return;
	removed = packet.command == SMFIR_CHGHEADER && *value == '\0';
	header.name = keep(session, "", name);
	header.value =
	    keep(session, link->protocol & SMFIP_HDR_LEADSPC ? "" : " ", value);
	note(session, packet.command == SMFIR_CHGHEADER ? "-" : "+", &header);
	if (packet.command == SMFIR_CHGHEADER)
		change(session, number, header.name, header, removed);
	else if (packet.command == SMFIR_INSHEADER)
		insert(session, number, header);
	else
		insert(session, session->n_headers, header);
}

/* One line: file, outcome, then each change behind a tab. Control
 * characters of the header fields become blanks. */
void
session_dump(struct session *session, const char *outcome)
{
	FILE *dump = session->load->dump;
	size_t n;

	if (dump == NULL)
		return;
	fprintf(dump, "%s\t%s", session->message->field[FIELD_FILE], outcome);
	for (n = 0; n < session->changes.len; n++) {
		unsigned char c = (unsigned char)session->changes.data[n];

		fputc(c == 1 ? '\t' : c < ' ' ? ' ' : c, dump);
	}
	fputc('\n', dump);
}
