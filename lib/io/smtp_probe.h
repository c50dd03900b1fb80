/* smtp_probe.h - what a mail server offers: EHLO, STARTTLS, its certificates
 * (RFC 5321, RFC 3207)
 *
 * No mail is sent: after the handshake comes QUIT.
 */
#ifndef IO_SMTP_PROBE_H
#define IO_SMTP_PROBE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/certificate.h"
#include "base/deadline.h"
#include "base/ipaddr.h"

struct arena;
struct why;

enum smtp_probe_status {
	SMTP_PROBE_NOT_TRIED = 0,
	SMTP_PROBE_DONE,
	SMTP_PROBE_AWAY,	/* no connection, no answer, "come again" */
	SMTP_PROBE_NO_STARTTLS, /* it does not offer it, or refuses it */
	SMTP_PROBE_NO_TLS	/* the handshake failed */
};

struct smtp_probe {
	struct ipaddr address;
	uint16_t port;
	const char *server_name; /* asked for by SNI */
	const char *helo;	 /* our name */
};

/* Lies in the arena. */
struct smtp_peer {
	const struct certificate *chain; /* its own first */
	size_t count;
	const char *version, *cipher;
	bool requiretls; /* offered within TLS (RFC 8689) */
};

enum smtp_probe_status smtp_probe_run(struct arena *arena,
				      const struct smtp_probe *probe,
				      struct deadline deadline,
				      struct smtp_peer *peer, struct why *why);

#endif
