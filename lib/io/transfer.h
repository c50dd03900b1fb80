/* transfer.h - our own mail out: SMTP to the local mail server
 *
 * One of the two files that include libcurl (https.c is the other).  One
 * message to one recipient is one transaction; the connection is kept from one
 * to the next.  No TLS and no login: the server is ours and near, and delivers
 * further as it is set up.
 */
#ifndef IO_TRANSFER_H
#define IO_TRANSFER_H

#include <stdint.h>

#include "base/text.h"

struct transfer;
struct why;

enum transfer_result {
	TRANSFER_NOT_TRIED = 0,
	TRANSFER_ACCEPTED,
	TRANSFER_AGAIN,	  /* 4xx for this message, or no last word about it */
	TRANSFER_REFUSED, /* 5xx for this recipient or this message */
	TRANSFER_AWAY	  /* no server, or it does not talk to us, or not for
			     our sender: nothing to do with the recipient */
};

struct transfer_options {
	const char *server; /* HOST:PORT */
	const char *helo;   /* our host name */
	int64_t timeout_ms; /* for one message, connecting included */
};

struct transfer_mail {
	const char *sender, *recipient; /* LOCAL@DOMAIN, printable ASCII */
	struct text content; /* RFC 5322, lines end with CRLF; dots as they
				are */
};

/* Connects when the first message comes.  NULL with the reason. */
struct transfer *transfer_open(const struct transfer_options *options,
			       struct why *why);
/* NULL is allowed. */
void transfer_close(struct transfer *transfer);

/* Blocks until the server has answered, at most timeout_ms.  `why` gets the
 * server's last reply, or what happened, for every result. */
enum transfer_result transfer_send(struct transfer *transfer,
				   const struct transfer_mail *mail,
				   struct why *why);

/* "accepted", "again", "refused", "away", "not tried". */
const char *transfer_result_name(enum transfer_result result);

#endif
