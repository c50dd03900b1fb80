#include "load_link.h"

#include "corpus.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { READ_BYTES = 16384, LENGTH_BYTES = 4 };

static bool
connect_unix(struct link *link, const char *path)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};

	if (strlen(path) >= sizeof(to.sun_path)) {
		errno = ENAMETOOLONG;
		return false;
	}
	memcpy(to.sun_path, path, strlen(path) + 1);
	link->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	return link->fd >= 0 &&
	       connect(link->fd, (struct sockaddr *)&to, sizeof(to)) == 0;
}

static bool
connect_inet(struct link *link, const char *port_at_address)
{
	struct sockaddr_in to = {.sin_family = AF_INET};
	const char *at = strchr(port_at_address, '@');
	int on = 1;

	if (at == NULL || inet_pton(AF_INET, at + 1, &to.sin_addr) != 1) {
		errno = EINVAL;
		return false;
	}
	to.sin_port = htons((uint16_t)strtoul(port_at_address, NULL, 10));
	link->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	return link->fd >= 0 &&
	       setsockopt(link->fd, IPPROTO_TCP, TCP_NODELAY, &on,
			  sizeof(on)) == 0 &&
	       connect(link->fd, (struct sockaddr *)&to, sizeof(to)) == 0;
}

bool
link_open(struct link *link, const char *address)
{
	bool connected;

	link->protocol = 0;
	link->done_with_connection = link->done_with_message = false;
	link->wants_write = false;
	link->out.len = link->out.done = 0;
	link->in.len = link->in.done = 0;
	if (strncmp(address, "unix:", 5) == 0)
		connected = connect_unix(link, address + 5);
	else if (strncmp(address, "inet:", 5) == 0)
		connected = connect_inet(link, address + 5);
	else {
		errno = EINVAL;
		return false;
	}
	return connected && fcntl(link->fd, F_SETFL, O_NONBLOCK) == 0;
}

void
link_close(struct link *link)
{
	if (link->fd >= 0)
		close(link->fd);
	link->fd = -1;
}

static void
bytes_reserve(struct bytes *bytes, size_t more)
{
	if (bytes->len + more <= bytes->size)
		return;
	bytes->size = (bytes->len + more) * 2;
	bytes->data = need_more(bytes->data, bytes->size);
}

void
packet_bytes(struct link *link, const void *data, size_t len)
{
	bytes_reserve(&link->out, len);
	if (len > 0)
		memcpy(link->out.data + link->out.len, data, len);
	link->out.len += len;
}

void
packet_string(struct link *link, const char *string)
{
	packet_bytes(link, string, strlen(string) + 1);
}

void
packet_u32(struct link *link, uint32_t value)
{
	uint32_t wire = htonl(value);

	packet_bytes(link, &wire, sizeof(wire));
}

size_t
packet_begin(struct link *link, char command)
{
	size_t begin = link->out.len;

	packet_u32(link, 0);
	packet_bytes(link, &command, 1);
	return begin;
}

void
packet_end(struct link *link, size_t begin)
{
	uint32_t wire = htonl((uint32_t)(link->out.len - begin - LENGTH_BYTES));

	memcpy(link->out.data + begin, &wire, sizeof(wire));
}

bool
link_flush(struct link *link)
{
	struct bytes *out = &link->out;

	link->wants_write = false;
	while (out->done < out->len) {
		ssize_t n = send(link->fd, out->data + out->done,
				 out->len - out->done, MSG_NOSIGNAL);

		if (n < 0 && errno == EAGAIN) {
			link->wants_write = true;
			return true;
		}
		if (n < 0 && errno != EINTR)
			return false;
		if (n > 0)
			out->done += (size_t)n;
	}
	out->done = out->len = 0;
	return true;
}

bool
link_fill(struct link *link)
{
	struct bytes *in = &link->in;
	ssize_t n;

	if (in->done == in->len)
		in->done = in->len = 0;
	bytes_reserve(in, READ_BYTES);
	n = recv(link->fd, in->data + in->len, READ_BYTES, 0);
	if (n > 0)
		in->len += (size_t)n;
	return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

bool
link_packet(struct link *link, struct packet *packet)
{
	struct bytes *in = &link->in;
	size_t left = in->len - in->done;
	uint32_t wire, len;

	if (left < LENGTH_BYTES)
		return false;
	memcpy(&wire, in->data + in->done, sizeof(wire));
	len = ntohl(wire);
	if (len == 0 || left - LENGTH_BYTES < len)
		return false;
	packet->command = in->data[in->done + LENGTH_BYTES];
	packet->data = in->data + in->done + LENGTH_BYTES + 1;
	packet->len = len - 1;
	in->done += LENGTH_BYTES + len;
	return true;
}
