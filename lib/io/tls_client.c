#include "io/tls_client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "base/arena.h"
#include "base/limits.h"
#include "base/why.h"
#include "io/clock.h"

struct tls_client {
	struct arena *arena;
	int socket;
	SSL_CTX *context;
	SSL *ssl;
	char line[LIMIT_SMTP_LINE_BYTES];
	size_t start, end; /* what was received and not read yet */
};

static void
client_close(void *handle)
{
	struct tls_client *client = handle;

	SSL_free(client->ssl);
	SSL_CTX_free(client->context);
	if (client->socket >= 0)
		close(client->socket);
}

/* --- the socket --- */

static bool
wait_for(struct tls_client *client, short events, struct deadline deadline,
	 struct why *why)
{
	struct pollfd one = {.fd = client->socket, .events = events};
	int64_t left;
	int ready;

	do {
		left = deadline_left_ms(deadline, clock_monotonic_ms());
		ready = poll(&one, 1, left > INT_MAX ? INT_MAX : (int)left);
	} while (ready < 0 && errno == EINTR);
	if (ready > 0)
		return true;
	return ready == 0 ? why_set(why, "no answer in time")
			  : why_set(why, "poll: %s", strerror(errno));
}

static socklen_t
fill_address(const struct ipaddr *address, uint16_t port,
	     struct sockaddr_storage *to)
{
	struct sockaddr_in6 *ip6 = (struct sockaddr_in6 *)to;
	struct sockaddr_in *ip4 = (struct sockaddr_in *)to;

	memset(to, 0, sizeof(*to));
	if (address->family == 4) {
		ip4->sin_family = AF_INET;
		ip4->sin_port = htons(port);
		memcpy(&ip4->sin_addr, address->bytes, 4);
		return sizeof(*ip4);
	}
	ip6->sin6_family = AF_INET6;
	ip6->sin6_port = htons(port);
	memcpy(&ip6->sin6_addr, address->bytes, 16);
	return sizeof(*ip6);
}

static bool
connect_socket(struct tls_client *client, const struct ipaddr *address,
	       uint16_t port, struct deadline deadline, struct why *why)
{
	struct sockaddr_storage to;
	socklen_t length = fill_address(address, port, &to);
	int error = 0;
	socklen_t size = sizeof(error);

	client->socket =
	    socket(to.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (client->socket < 0)
		return why_set(why, "socket: %s", strerror(errno));
	if (connect(client->socket, (struct sockaddr *)&to, length) == 0)
		return true;
	if (errno != EINPROGRESS)
		return why_set(why, "cannot connect: %s", strerror(errno));
	if (!wait_for(client, POLLOUT, deadline, why))
		return why_prefix(why, "cannot connect");
	getsockopt(client->socket, SOL_SOCKET, SO_ERROR, &error, &size);
	return error == 0 ||
	       why_set(why, "cannot connect: %s", strerror(error));
}

struct tls_client *
tls_client_open(struct arena *arena, const struct ipaddr *address,
		uint16_t port, struct deadline deadline, struct why *why)
{
	struct tls_client *client = arena_new_value(arena, struct tls_client);

	client->arena = arena;
	client->socket = -1;
	arena_defer(arena, client_close, client);
	return connect_socket(client, address, port, deadline, why) ? client
								    : NULL;
}

/* --- bytes, in clear or not --- */

/* Whether to try again after a call that gave `result`. */
static bool
retry(struct tls_client *client, int result, struct deadline deadline,
      struct why *why)
{
	unsigned long error;

	switch (SSL_get_error(client->ssl, result)) {
	case SSL_ERROR_WANT_READ:
		return wait_for(client, POLLIN, deadline, why);
	case SSL_ERROR_WANT_WRITE:
		return wait_for(client, POLLOUT, deadline, why);
	case SSL_ERROR_ZERO_RETURN:
		return why_set(why, "the server closed the connection");
	default:
		break;
	}
	error = ERR_get_error();
	if (error == 0)
		return why_set(why, "the server closed the connection");
	return why_set(why, "TLS: %s",
		       ERR_reason_error_string(error) != NULL
			   ? ERR_reason_error_string(error)
			   : "error");
}

static bool
receive(struct tls_client *client, char *to, size_t room, size_t *received,
	struct deadline deadline, struct why *why)
{
	ssize_t length;

	for (;;) {
		if (client->ssl != NULL) {
			ERR_clear_error();
			length = SSL_read(client->ssl, to, (int)room);
			if (length <= 0 &&
			    !retry(client, (int)length, deadline, why))
				return false;
		} else {
			if (!wait_for(client, POLLIN, deadline, why))
				return false;
			length = recv(client->socket, to, room, 0);
			if (length == 0)
				return why_set(why, "the server closed the "
						    "connection");
			if (length < 0 && errno != EINTR && errno != EAGAIN)
				return why_set(why, "%s", strerror(errno));
		}
		if (length > 0) {
			*received = (size_t)length;
			return true;
		}
	}
}

bool
tls_client_write(struct tls_client *client, struct text bytes,
		 struct deadline deadline, struct why *why)
{
	ssize_t length;

	while (bytes.len > 0) {
		if (client->ssl != NULL) {
			ERR_clear_error();
			length =
			    SSL_write(client->ssl, bytes.at, (int)bytes.len);
			if (length <= 0 &&
			    !retry(client, (int)length, deadline, why))
				return false;
		} else {
			if (!wait_for(client, POLLOUT, deadline, why))
				return false;
			length = send(client->socket, bytes.at, bytes.len,
				      MSG_NOSIGNAL);
			if (length < 0 && errno != EINTR && errno != EAGAIN)
				return why_set(why, "%s", strerror(errno));
		}
		if (length > 0)
			bytes = text_skip(bytes, (size_t)length);
	}
	return true;
}

bool
tls_client_read_line(struct tls_client *client, struct deadline deadline,
		     struct text *line, struct why *why)
{
	size_t length, received = 0;

	for (;;) {
		*line = text_of(client->line + client->start,
				client->end - client->start);
		length = text_find(*line, '\n');
		if (length < line->len) {
			client->start += length + 1;
			*line = text_trim(text_first(*line, length));
			return true;
		}
		memmove(client->line, client->line + client->start, line->len);
		client->start = 0;
		client->end = line->len;
		if (client->end == sizeof(client->line))
			return why_set(why, "a line above %d bytes",
				       LIMIT_SMTP_LINE_BYTES);
		if (!receive(client, client->line + client->end,
			     sizeof(client->line) - client->end, &received,
			     deadline, why))
			return false;
		client->end += received;
	}
}

/* --- TLS --- */

static bool
make_context(struct tls_client *client, const char *server_name,
	     struct why *why)
{
	client->context = SSL_CTX_new(TLS_client_method());
	if (client->context == NULL)
		return why_set(why, "TLS: no context");
	SSL_CTX_set_min_proto_version(client->context, TLS1_VERSION);
	SSL_CTX_set_security_level(client->context, 0);
	SSL_CTX_set_verify(client->context, SSL_VERIFY_NONE, NULL);
	client->ssl = SSL_new(client->context);
	if (client->ssl == NULL || SSL_set_fd(client->ssl, client->socket) != 1)
		return why_set(why, "TLS: no session");
	return server_name == NULL ||
	       SSL_set_tlsext_host_name(client->ssl, server_name) == 1 ||
	       why_set(why, "TLS: no server name");
}

bool
tls_client_start(struct tls_client *client, const char *server_name,
		 struct deadline deadline, struct why *why)
{
	int result;

	if (client->end > client->start)
		return why_set(why, "bytes in clear behind the answer to "
				    "STARTTLS");
	if (!make_context(client, server_name, why))
		return false;
	for (;;) {
		ERR_clear_error();
		result = SSL_connect(client->ssl);
		if (result == 1)
			return true;
		if (!retry(client, result, deadline, why))
			return false;
	}
}

bool
tls_client_chain(struct arena *arena, struct tls_client *client,
		 const struct certificate **chain, size_t *count,
		 struct why *why)
{
	STACK_OF(X509) *shown = SSL_get_peer_cert_chain(client->ssl);
	struct certificate *list;
	unsigned char *der;
	int i, length;
	bool ok = true;

	*count = 0;
	if (shown == NULL || sk_X509_num(shown) == 0)
		return why_set(why, "the server showed no certificate");
	list = arena_new_array(arena, struct certificate, LIMIT_CERTIFICATES);
	for (i = 0; ok && i < sk_X509_num(shown) && i < LIMIT_CERTIFICATES;
	     i++) {
		der = NULL;
		length = i2d_X509(sk_X509_value(shown, i), &der);
		if (length <= 0)
			return why_set(why, "the certificate has no DER");
		ok = certificate_parse(
		    arena, text_of((const char *)der, (size_t)length),
		    &list[(*count)++], why);
		OPENSSL_free(der);
	}
	*chain = list;
	return ok;
}

const char *
tls_client_version(const struct tls_client *client)
{
	return SSL_get_version(client->ssl);
}

const char *
tls_client_cipher(const struct tls_client *client)
{
	return SSL_get_cipher_name(client->ssl);
}
