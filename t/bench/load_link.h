/*
 * load_link.h - one connection to one milter: packets out, packets in
 *
 * A packet is a length of 4 bytes in network order, a command byte and
 * data. Packets are gathered in `out` until an answer is needed, as Postfix
 * does it. The socket does not block.
 */
#ifndef BENCH_LOAD_LINK_H
#define BENCH_LOAD_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bytes {
	char *data;
	size_t len;
	size_t size;
	size_t done; /* written to the socket, or read by the session */
};

struct link {
	int fd;
	uint32_t protocol;	   /* negotiated SMFIP_ flags */
	bool done_with_message;	   /* said accept: asks for no more of it */
	bool done_with_connection; /* said so at connect or helo */
	bool skip_body;
	bool wants_write; /* bytes wait for room in the socket */
	struct bytes out, in;
	void *session;
};

struct packet {
	char command;
	const char *data;
	size_t len;
};

/* Connects to "unix:PATH" or "inet:PORT@ADDRESS"; false: errno tells. */
bool link_open(struct link *link, const char *address);
void link_close(struct link *link);

/* Opens a packet, adds to it, closes it. */
size_t packet_begin(struct link *link, char command);
void packet_bytes(struct link *link, const void *data, size_t len);
void packet_string(struct link *link, const char *string); /* with its zero */
void packet_u32(struct link *link, uint32_t value);
void packet_end(struct link *link, size_t begin);

/* Writes what the socket takes; false when the connection is broken. */
bool link_flush(struct link *link);

/* Reads what there is; false at the connection's end or on an error. */
bool link_fill(struct link *link);

/* The next whole packet, borrowed until the next link_fill. */
bool link_packet(struct link *link, struct packet *packet);

#endif
