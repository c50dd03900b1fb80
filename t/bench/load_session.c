#include "load_session.h"

#include <arpa/inet.h>
#include <err.h>
#include <libmilter/mfdef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>

/* Packets gather up to this before they are written without need. */
enum { GATHER_BYTES = 65536 };

static void session_run(struct session *session);

double
seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static bool
all_begun(const struct load *load)
{
	return load->next == load->limit ||
	       (load->stop_at > 0 && seconds_now() > load->stop_at);
}

/* When the next message is to begin. */
static double
due_at(const struct load *load)
{
	if (load->rate <= 0)
		return 0;
	return load->rate_began +
	       (double)(load->next - load->rate_first) / load->rate;
}

/* A message that begins too late has waited since it was due. */
static bool
take_message(struct session *session)
{
	struct load *load = session->load;
	double due = due_at(load);

	if (all_begun(load) || seconds_now() < due)
		return false;
	session->message =
	    &load->corpus->messages[load->next++ % load->corpus->n_messages];
	session->reply[0] = '\0';
	session->began = due > 0 ? due : seconds_now();
	session_headers_reset(session);
	return true;
}

static void
hang_up(struct session *session)
{
	size_t n;

	for (n = 0; n < session->load->n_links; n++)
		link_close(&session->links[n]);
}

static void
session_fail(struct session *session, const char *why)
{
	warn("%s: %s", session->message->field[FIELD_FILE], why);
	session->load->failed++;
	hang_up(session);
	session_start(session, session->load);
}

/* Writes what is gathered for one milter; false ends the session. */
static bool
flush(struct session *session, struct link *link)
{
	struct epoll_event event = {.data.ptr = link};
	bool waited = link->wants_write;

	if (link->out.len == 0)
		return true;
	if (!link_flush(link))
		return false;
	if (waited == link->wants_write)
		return true;
	event.events = EPOLLIN | (link->wants_write ? EPOLLOUT : 0U);
	return epoll_ctl(session->load->epoll, EPOLL_CTL_MOD, link->fd,
			 &event) == 0;
}

void
session_start(struct session *session, struct load *load)
{
	size_t n;

	session->load = load;
	if (!take_message(session)) {
		if (all_begun(load))
			load->active--;
		else
			load->idle[load->n_idle++] = session;
		return;
	}
	session->step = STEP_NEGOTIATE;
	session->at = session->next = 0;
	session->messages = 0;
	session->waiting = session->held = false;
	for (n = 0; n < load->n_links; n++) {
		struct link *link = &session->links[n];
		struct epoll_event event = {.events = EPOLLIN,
					    .data.ptr = link};

		link->session = session;
		link->skip_body = false;
		if (!link_open(link, load->addresses[n]))
			err(1, "connect to %s", load->addresses[n]);
		if (epoll_ctl(load->epoll, EPOLL_CTL_ADD, link->fd, &event) !=
		    0)
			err(1, "epoll_ctl");
	}
	session_run(session);
}

int
sessions_wake(struct load *load)
{
	double wait = 0;

	while (load->n_idle > 0) {
		wait = due_at(load) - seconds_now();
		if (wait > 0 && !all_begun(load))
			return 1 + (int)(wait * 1000);
		session_start(load->idle[--load->n_idle], load);
	}
	return -1;
}

static void
command_to_all(struct session *session, char command)
{
	size_t n;

	for (n = 0; n < session->load->n_links; n++) {
		struct link *link = &session->links[n];

		packet_end(link, packet_begin(link, command));
		(void)flush(session, link);
	}
}

/* The next message on this connection, or the end of it and the next. */
static void
next_message(struct session *session, bool abort_it)
{
	struct load *load = session->load;
	size_t n;

	if (++session->messages < load->messages_per_connection &&
	    session->step >= STEP_MAIL && take_message(session)) {
		if (abort_it)
			command_to_all(session, SMFIC_ABORT);
		for (n = 0; n < load->n_links; n++) {
			session->links[n].done_with_message = false;
			session->links[n].skip_body = false;
		}
		session->step = STEP_MAIL;
		session->at = session->next = 0;
		session_run(session);
		return;
	}
	command_to_all(session, SMFIC_QUIT);
	hang_up(session);
	session_start(session, load);
}

static void
message_end(struct session *session, char final)
{
	struct load *load = session->load;
	double now = seconds_now();
	bool refused = final != SMFIR_CONTINUE && final != SMFIR_ACCEPT;
	bool at_end = session->step == STEP_END_OF_MESSAGE;

	load->message_ms[load->completed] = (now - session->began) * 1e3;
	load->eom_ms[load->completed] =
	    at_end ? (now - session->eom_at) * 1e3 : 0;
	load->completed++;
	if (!refused)
		load->accepted++;
	else if (final == SMFIR_TEMPFAIL || session->reply[0] == '4')
		load->tempfailed++;
	else
		load->refused++;
	session_dump(session, !refused			? "accept"
			      : final == SMFIR_TEMPFAIL ? "tempfail"
			      : session->reply[0]	? session->reply
							: "reject");
	next_message(session, refused);
}

/* Moves to the next thing to say; false at the end of the message. */
static bool
session_step(struct session *session)
{
	const struct link *link = &session->links[session->at];

	if (session->step == STEP_HEADER &&
	    ++session->next < session->n_headers)
		return true;
	if (session->step == STEP_BODY && !link->skip_body) {
		session->next += 65535;
		if (session->next < session->message->body_bytes)
			return true;
	}
	session->next = 0;
	if (session->step >= STEP_HEADER &&
	    session->step < STEP_END_OF_MESSAGE) {
		session->step++;
		return true;
	}
	if (++session->at < session->load->n_links) {
		if (session->step == STEP_END_OF_MESSAGE)
			session->step = STEP_HEADER;
		return true;
	}
	session->at = 0;
	if (session->step == STEP_END_OF_MESSAGE)
		return false;
	session->step++;
	return true;
}

/* Stays here for good if this is where connections are to be held. */
static bool
hold_here(struct session *session)
{
	size_t last = session->load->n_links - 1;

	if (session->step != session->load->hold || session->at != last)
		return false;
	session->held = true;
	session->load->held++;
	return true;
}

/* Says what there is to say until an answer or room is needed. */
static void
session_run(struct session *session)
{
	for (;;) {
		struct link *link = &session->links[session->at];
		bool answered = session_command(session);
		bool end = session->step == STEP_END_OF_MESSAGE;
		bool held = !answered && hold_here(session);
		size_t at = session->at;

		if (end && session->at == 0)
			session->eom_at = seconds_now();
		if (answered)
			session->waiting = true;
		else if (!held && !session_step(session)) {
			message_end(session, SMFIR_ACCEPT);
			return;
		}
		if ((answered || held || at != session->at ||
		     link->out.len > GATHER_BYTES) &&
		    !flush(session, link)) {
			session_fail(session, "write");
			return;
		}
		if (answered || held || link->wants_write)
			return;
	}
}

static uint32_t
u32_at(const struct packet *packet, size_t offset)
{
	uint32_t wire = 0;

	if (packet->len >= offset + sizeof(wire))
		memcpy(&wire, packet->data + offset, sizeof(wire));
	return ntohl(wire);
}

/* An answer that decides about the current step. */
static void
session_answer(struct session *session, char command)
{
	struct link *link = &session->links[session->at];

	session->waiting = false;
	if (command == SMFIR_SKIP)
		link->skip_body = true;
	else if (command == SMFIR_ACCEPT && session->step <= STEP_HELO)
		link->done_with_connection = true;
	else if (command == SMFIR_ACCEPT)
		link->done_with_message = true;
	else if (command != SMFIR_CONTINUE) {
		message_end(session, command);
		return;
	}
	if (hold_here(session))
		return;
	if (session_step(session))
		session_run(session);
	else
		message_end(session, SMFIR_ACCEPT);
}

/* Handles one packet; true if it ended the wait. */
static bool
session_packet(struct session *session, const struct packet *packet)
{
	size_t len = packet->len;

	switch (packet->command) {
	case SMFIC_OPTNEG:
		session->links[session->at].protocol = u32_at(packet, 8);
		session_answer(session, SMFIR_CONTINUE);
		return true;
	case SMFIR_REPLYCODE:
		if (len >= sizeof(session->reply))
			len = sizeof(session->reply) - 1;
		memcpy(session->reply, packet->data, len);
		session->reply[len] = '\0';
		session_answer(session, packet->command);
		return true;
	case SMFIR_CONTINUE:
	case SMFIR_ACCEPT:
	case SMFIR_SKIP:
	case SMFIR_REJECT:
	case SMFIR_TEMPFAIL:
	case SMFIR_DISCARD:
	case SMFIR_SHUTDOWN:
	case SMFIR_CONN_FAIL:
		session_answer(session, packet->command);
		return true;
	}
	session_change(session, packet);
	return false;
}

void
session_event(struct link *link, uint32_t events)
{
	struct session *session = link->session;
	struct packet packet;

	if ((events & EPOLLOUT) != 0) {
		if (!flush(session, link)) {
			session_fail(session, "write");
			return;
		}
		if (!session->waiting && !session->held && !link->wants_write)
			session_run(session);
		return;
	}
	if (!link_fill(link)) {
		session_fail(session, "the milter closed the connection");
		return;
	}
	while (session->waiting && link_packet(link, &packet)) {
		if (session_packet(session, &packet))
			return;
	}
}

void
session_free(struct session *session)
{
	size_t n;

	hang_up(session);
	while (session->n_owned > 0)
		free(session->owned[--session->n_owned]);
	free(session->owned);
	free(session->headers);
	free(session->changes.data);
	for (n = 0; n < LINKS_MAX; n++) {
		free(session->links[n].in.data);
		free(session->links[n].out.data);
	}
}
