/* policyweb - serves the same MTA-STS policy for each name, and fast
 *
 * usage: policyweb PORT DIRECTORY
 *
 * Listens on 127.0.0.1.  DIRECTORY/NAME.good.pem is the certificate of the
 * host NAME, DIRECTORY/key.pem the key of all (Signet::PolicyHost makes them).
 * The policy of mta-sts.DOMAIN names mx.DOMAIN.  A thread and one request for
 * each connection.
 */
#include "config.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/ssl.h>

static const char *directory;

static int
choose_certificate(SSL *ssl, void *argument)
{
	const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
	char path[1000];

	(void)argument;
	if (name == NULL || strchr(name, '/') != NULL)
		return 0;
	snprintf(path, sizeof(path), "%s/%.250s.good.pem", directory, name);
	return SSL_use_certificate_file(ssl, path, SSL_FILETYPE_PEM) == 1;
}

/* Reads as far as the empty line. */
static int
read_request(SSL *ssl)
{
	char request[4096];
	int used = 0, got;

	while (used < (int)sizeof(request) - 1) {
		got = SSL_read(ssl, request + used,
			       (int)sizeof(request) - 1 - used);
		if (got <= 0)
			return 0;
		used += got;
		request[used] = '\0';
		if (strstr(request, "\r\n\r\n") != NULL)
			return 1;
	}
	return 0;
}

static void
write_policy(SSL *ssl)
{
	const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
	char policy[600], reply[1000];
	int length;

	if (name == NULL || strncmp(name, "mta-sts.", 8) != 0)
		return;
	length = snprintf(policy, sizeof(policy),
			  "version: STSv1\r\nmode: enforce\r\nmx: mx.%.250s\r\n"
			  "max_age: 604800\r\n",
			  name + 8);
	length = snprintf(reply, sizeof(reply),
			  "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
			  "Content-Length: %d\r\nConnection: close\r\n\r\n%s",
			  length, policy);
	SSL_write(ssl, reply, length);
	SSL_shutdown(ssl);
}

struct visit {
	SSL_CTX *context;
	int fd;
};

static void *
serve(void *argument)
{
	struct visit *visit = argument;
	SSL *ssl = SSL_new(visit->context);

	SSL_set_fd(ssl, visit->fd);
	if (SSL_accept(ssl) == 1 && read_request(ssl))
		write_policy(ssl);
	SSL_free(ssl);
	close(visit->fd);
	free(visit);
	return NULL;
}

static int
open_port(const char *port)
{
	struct sockaddr_in here = {
	    .sin_family = AF_INET,
	    .sin_port = htons((uint16_t)strtoul(port, NULL, 10)),
	    .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)},
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (const struct sockaddr *)&here, sizeof(here)) != 0 ||
	    listen(fd, 128) != 0) {
		perror("policyweb");
		exit(1);
	}
	return fd;
}

static SSL_CTX *
make_context(void)
{
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());
	char path[1000];

	snprintf(path, sizeof(path), "%s/key.pem", directory);
	if (SSL_CTX_use_PrivateKey_file(context, path, SSL_FILETYPE_PEM) !=
	    1) {
		fprintf(stderr, "policyweb: %s is no key\n", path);
		exit(1);
	}
	SSL_CTX_set_cert_cb(context, choose_certificate, NULL);
	return context;
}

int
main(int argc, char **argv)
{
	struct visit *visit;
	SSL_CTX *context;
	pthread_t thread;
	int port_fd, fd;

	if (argc != 3)
		return 2;
	signal(SIGPIPE, SIG_IGN);
	directory = argv[2];
	context = make_context();
	port_fd = open_port(argv[1]);
	for (;;) {
		fd = accept(port_fd, NULL, NULL);
		visit = fd >= 0 ? malloc(sizeof(*visit)) : NULL;
		if (visit == NULL)
			continue;
		*visit = (struct visit){context, fd};
		if (pthread_create(&thread, NULL, serve, visit) == 0)
			pthread_detach(thread);
	}
}
