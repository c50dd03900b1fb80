#include "responder.h"

#include <assert.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/text.h"
#include "io/clock.h"

#define PACKET 65535
#define HEADER 12
#define ASKED_NAMES 4096

struct responder {
	const struct responder_row *rows;
	char address[32];
	int udp, tcp, stop[2];
	pthread_t thread;
	int64_t late_since_ms;
	pthread_mutex_t lock;
	char asked[ASKED_NAMES][64];
	size_t asked_count;
};

struct question {
	char name[256];
	size_t name_bytes; /* of text */
	uint16_t type;
	size_t end; /* of the question in the packet */
};

static bool
read_question(const uint8_t *packet, size_t size, struct question *question)
{
	size_t at = HEADER, used = 0, length;

	while (at < size && (length = packet[at++]) > 0) {
		if (at + length > size || used + length + 1 > 255)
			return false;
		if (used > 0)
			question->name[used++] = '.';
		memcpy(question->name + used, packet + at, length);
		used += length;
		at += length;
	}
	if (at + 4 > size)
		return false;
	question->name_bytes = used;
	question->type = (uint16_t)(packet[at] << 8 | packet[at + 1]);
	question->end = at + 4;
	return true;
}

static void
note(struct responder *responder, const struct question *question)
{
	pthread_mutex_lock(&responder->lock);
	assert(responder->asked_count < ASKED_NAMES);
	snprintf(responder->asked[responder->asked_count++], 64, "%.*s",
		 (int)question->name_bytes, question->name);
	pthread_mutex_unlock(&responder->lock);
}

unsigned
responder_asked(struct responder *responder, const char *name)
{
	unsigned count = 0;
	size_t i;

	pthread_mutex_lock(&responder->lock);
	for (i = 0; i < responder->asked_count; i++)
		if (strcmp(responder->asked[i], name) == 0)
			count++;
	pthread_mutex_unlock(&responder->lock);
	return count;
}

static size_t
put16(uint8_t *packet, size_t at, unsigned value)
{
	packet[at] = (uint8_t)(value >> 8);
	packet[at + 1] = (uint8_t)value;
	return at + 2;
}

/* One record that belongs to the name of the question, or to the root. */
static size_t
put_record(uint8_t *packet, size_t at, bool of_root, unsigned type,
	   uint32_t ttl_s, const char *data, size_t bytes)
{
	if (of_root)
		packet[at++] = 0;
	else
		at = put16(packet, at, 0xc000 | HEADER);
	at = put16(packet, at, type);
	at = put16(packet, at, 1);
	at = put16(packet, at, ttl_s >> 16);
	at = put16(packet, at, ttl_s & 0xffff);
	at = put16(packet, at, (unsigned)bytes);
	memcpy(packet + at, data, bytes);
	return at + bytes;
}

static bool
row_has_name(const struct responder_row *row, const struct question *question)
{
	return text_equal_nocase(text_from(row->name),
				 text_of(question->name, question->name_bytes));
}

static bool
is_late_enough(struct responder *responder)
{
	int64_t now_ms = clock_monotonic_ms();

	if (responder->late_since_ms == 0)
		responder->late_since_ms = now_ms;
	return now_ms - responder->late_since_ms >= RESPONDER_LATE_MS;
}

/* Appends the records that fit the question; false for "say nothing". */
static bool
answer(struct responder *responder, const struct question *question,
       bool is_tcp, uint8_t *packet, size_t *at)
{
	static const char soa[] = "\0\0"
				  "\0\0\0\1\0\0\0\1\0\0\0\1\0\0\0\1"
				  "\0\0\0\74";
	const struct responder_row *row;
	unsigned answers = 0, rcode = 3;

	for (row = responder->rows; row->name != NULL; row++) {
		if (!row_has_name(row, question))
			continue;
		if (row->way == RESPOND_SILENCE ||
		    (row->way == RESPOND_LATE && !is_late_enough(responder)))
			return false;
		rcode = row->way == RESPOND_SERVFAIL ? 2 : 0;
		if (row->way == RESPOND_BY_TCP && !is_tcp) {
			packet[2] |= 2;
			break;
		}
		if (rcode == 0 &&
		    (row->type == question->type || row->type == 5)) {
			*at = put_record(packet, *at, false, row->type,
					 row->ttl_s, row->data, row->bytes);
			answers++;
		}
	}
	packet[3] = (uint8_t)(0x80 | rcode);
	put16(packet, 6, answers);
	if (answers == 0 && rcode != 2 && (packet[2] & 2) == 0) {
		*at = put_record(packet, *at, true, 6, 60, soa, 22);
		put16(packet, 8, 1);
	}
	return true;
}

/* Makes the reply in place; its size, or 0 for none. */
static size_t
reply(struct responder *responder, uint8_t *packet, size_t size, bool is_tcp)
{
	struct question question;

	if (size < HEADER || !read_question(packet, size, &question))
		return 0;
	note(responder, &question);
	packet[2] = 0x81;
	put16(packet, 4, 1);
	put16(packet, 6, 0);
	put16(packet, 8, 0);
	put16(packet, 10, 0);
	size = question.end;
	return answer(responder, &question, is_tcp, packet, &size) ? size : 0;
}

static void
serve_udp(struct responder *responder)
{
	static _Thread_local uint8_t packet[2 * PACKET];
	struct sockaddr_in from;
	socklen_t length = sizeof(from);
	ssize_t got = recvfrom(responder->udp, packet, PACKET, 0,
			       (struct sockaddr *)&from, &length);
	size_t size =
	    got > 0 ? reply(responder, packet, (size_t)got, false) : 0;

	if (size > 0)
		sendto(responder->udp, packet, size, 0,
		       (struct sockaddr *)&from, length);
}

static void
serve_tcp(struct responder *responder)
{
	static _Thread_local uint8_t packet[2 + 2 * PACKET];
	int fd = accept(responder->tcp, NULL, NULL);
	size_t size;

	if (recv(fd, packet, 2, MSG_WAITALL) == 2) {
		size = (size_t)(packet[0] << 8 | packet[1]);
		if (recv(fd, packet + 2, size, MSG_WAITALL) == (ssize_t)size) {
			size = reply(responder, packet + 2, size, true);
			put16(packet, 0, (unsigned)size);
			send(fd, packet, size + 2, MSG_NOSIGNAL);
		}
	}
	close(fd);
}

static void *
serve(void *handle)
{
	struct responder *responder = handle;
	struct pollfd ready[3] = {
	    {.fd = responder->udp, .events = POLLIN},
	    {.fd = responder->tcp, .events = POLLIN},
	    {.fd = responder->stop[0], .events = POLLIN},
	};

	while (poll(ready, 3, -1) > 0 && ready[2].revents == 0) {
		if (ready[0].revents != 0)
			serve_udp(responder);
		if (ready[1].revents != 0)
			serve_tcp(responder);
	}
	return NULL;
}

static bool
bind_both(struct responder *responder)
{
	struct sockaddr_in here = {.sin_family = AF_INET,
				   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof(here);

	responder->udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	responder->tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert(bind(responder->udp, (struct sockaddr *)&here, length) == 0);
	assert(getsockname(responder->udp, (struct sockaddr *)&here, &length) ==
	       0);
	snprintf(responder->address, sizeof(responder->address), "127.0.0.1@%u",
		 ntohs(here.sin_port));
	if (bind(responder->tcp, (struct sockaddr *)&here, length) == 0 &&
	    listen(responder->tcp, 16) == 0)
		return true;
	close(responder->udp);
	close(responder->tcp);
	return false;
}

struct responder *
responder_start(const struct responder_row *rows)
{
	struct responder *responder = calloc(1, sizeof(*responder));
	int tries = 0;

	assert(responder != NULL);
	responder->rows = rows;
	pthread_mutex_init(&responder->lock, NULL);
	/* the port may be free for UDP alone */
	while (!bind_both(responder))
		assert(++tries < 100);
	assert(pipe(responder->stop) == 0);
	assert(pthread_create(&responder->thread, NULL, serve, responder) == 0);
	return responder;
}

void
responder_stop(struct responder *responder)
{
	close(responder->stop[1]);
	pthread_join(responder->thread, NULL);
	close(responder->stop[0]);
	close(responder->udp);
	close(responder->tcp);
	pthread_mutex_destroy(&responder->lock);
	free(responder);
}

const char *
responder_address(const struct responder *responder)
{
	return responder->address;
}
