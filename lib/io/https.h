/* https.h - asking web servers that others name: MTA-STS policies, reports
 *
 * The second file that includes libcurl (io/transfer.h is the other).  The
 * server must prove its name to the authorities of the web (WebPKI).  One
 * request is one connection, HTTP/1.1, TLS 1.2 or newer: no redirect, proxy,
 * cookie, login or compression.  Addresses come from our resolver, and those
 * that no host of the Internet has are refused unless allowed.
 *
 * One handle serves any number of threads; a thread of its own moves the
 * bytes, so that the authorities are read and kept once.
 */
#ifndef IO_HTTPS_H
#define IO_HTTPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/deadline.h"
#include "base/ipaddr.h"
#include "base/text.h"

struct arena;
struct https;
struct resolver;
struct why;

enum https_result {
	HTTPS_NOT_TRIED = 0,
	HTTPS_REPLIED,	   /* with any status: look at it */
	HTTPS_NO_HOST,	   /* the name does not exist or has no address */
	HTTPS_DNS_FAILED,  /* its addresses could not be asked */
	HTTPS_FORBIDDEN,   /* a URL or address where we do not go */
	HTTPS_UNREACHABLE, /* no connection, or it broke */
	HTTPS_NOT_TRUSTED, /* certificate: name, issuer, dates */
	HTTPS_TLS_FAILED,  /* other trouble in the handshake */
	HTTPS_LATE,	   /* deadline */
	HTTPS_TOO_LARGE,   /* more than body_most */
	HTTPS_BROKEN,	   /* no HTTP */
	HTTPS_ABORTED	   /* https_abort */
};

struct https_options {
	const char *ca_file;	     /* PEM; NULL: the system's */
	const struct ipnet *allowed; /* beside global addresses; borrowed */
	size_t allowed_count;
	uint16_t port;	   /* for URLs without one; 0: 443 */
	const char *agent; /* "signet"; NULL: none is told */
};

struct https_request {
	const char *url;	/* "https://HOST[:PORT]/PATH", ASCII */
	const char *media_type; /* of `body`; NULL: a GET */
	struct text body;	/* borrowed */
	size_t body_most;	/* bytes of the reply */
};

struct https_reply {
	unsigned status;
	const char *media_type; /* lower case, no parameters, printable; ""
				   if none was told */
	struct text body;
	char address[IPADDR_STRING_BYTES]; /* that was connected to, or "" */
};

/* Reads no authority yet.  NULL with the reason. */
struct https *https_open(const struct https_options *options, struct why *why);
/* Whether the file of authorities is there; libcurl's own, where options name
 * none.  Without it no server is trusted: `why` names the file. */
bool https_has_authorities(const struct https *https, struct why *why);
/* NULL is allowed.  No request may be running. */
void https_close(struct https *https);

/* Blocks until the end of the reply or the deadline, questions to the
 * resolver included.  The reply lies in the arena and counts with
 * HTTPS_REPLIED only; `why` gets a sentence with everything else. */
enum https_result https_ask(struct https *https, struct arena *arena,
			    struct resolver *resolver,
			    const struct https_request *request,
			    struct deadline deadline, struct https_reply *reply,
			    struct why *why);

/* All requests, running and to come, end as HTTPS_ABORTED.  Any thread. */
void https_abort(struct https *https);

/* "replied", "no host", "dns failed", ... */
const char *https_result_name(enum https_result result);

#endif
