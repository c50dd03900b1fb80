/* tls_client.h - a connection that turns to TLS, to look at the other side
 *
 * The one file that includes libssl.  Any certificate is taken: who wants to
 * trust one looks at the chain.  Versions from TLS 1.0 on are spoken, so that
 * an old server can be told from one without TLS.  Each call ends at its
 * deadline.  A client ends with its arena, and its thread has SIGPIPE
 * ignored.
 */
#ifndef IO_TLS_CLIENT_H
#define IO_TLS_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/certificate.h"
#include "base/deadline.h"
#include "base/ipaddr.h"
#include "base/text.h"

struct arena;
struct tls_client;
struct why;

/* Connects, in clear.  NULL with the reason. */
struct tls_client *tls_client_open(struct arena *arena,
				   const struct ipaddr *address, uint16_t port,
				   struct deadline deadline, struct why *why);

/* One line without its line end, valid until the next call; a line above
 * LIMIT_SMTP_LINE_BYTES is an error. */
bool tls_client_read_line(struct tls_client *client, struct deadline deadline,
			  struct text *line, struct why *why);
bool tls_client_write(struct tls_client *client, struct text bytes,
		      struct deadline deadline, struct why *why);

/* The handshake; `server_name` is asked for (SNI).  Bytes that came in clear
 * and were not read are an error: somebody put them there. */
bool tls_client_start(struct tls_client *client, const char *server_name,
		      struct deadline deadline, struct why *why);

/* After the handshake: what the server has shown, its own certificate
 * first. */
bool tls_client_chain(struct arena *arena, struct tls_client *client,
		      const struct certificate **chain, size_t *count,
		      struct why *why);
/* "TLSv1.3", "TLS_AES_256_GCM_SHA384" */
const char *tls_client_version(const struct tls_client *client);
const char *tls_client_cipher(const struct tls_client *client);

#endif
