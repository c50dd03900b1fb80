/* postfix_log.h - what Postfix writes into its log about TLS, line by line
 *
 * A line is read in the traditional form of syslog and of postlogd(8)
 * ("Nov 22 12:45:40 host postfix/smtp[123]: ..."), with a time of RFC 3339
 * instead, or as the object that journalctl -o json writes.  Known are the
 * lines of smtp(8), tlsproxy(8), smtpd(8) and qmgr(8) of Postfix 3.5 to 3.11
 * at smtp_tls_loglevel and smtpd_tls_loglevel 1 or more.
 *
 * Every text of a line is foreign: names come from the DNS and the SMTP
 * dialogue.  Texts borrow from the line, or lie in the arena.
 */
#ifndef MAILTLS_POSTFIX_LOG_H
#define MAILTLS_POSTFIX_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

struct arena;

enum postfix_log_kind {
	POSTFIX_LOG_OTHER = 0, /* nothing that is looked for */

	/* of smtp and tlsproxy, about `mx` and `address` */
	POSTFIX_LOG_ESTABLISHED, /* `trust`, `resumed` */
	POSTFIX_LOG_REUSED,	 /* a session that was counted before */
	POSTFIX_LOG_UNVERIFIED,	 /* of its certificate: `failure`, `reason` */
	POSTFIX_LOG_HANDSHAKE_FAILED, /* `reason` */
	POSTFIX_LOG_NOT_OFFERED,      /* STARTTLS is required and not there */
	POSTFIX_LOG_REFUSED,	      /* STARTTLS was answered: `reply` */
	POSTFIX_LOG_TLSRPT,	      /* a datagram was sent: `domain` */
	POSTFIX_LOG_NO_REQUIRETLS,    /* not offered (RFC 8689) */
	/* of smtp, about the host that was spoken of last */
	POSTFIX_LOG_LIBRARY,	  /* of OpenSSL: `reason` */
	POSTFIX_LOG_NOT_VERIFIED, /* policy not met */
	POSTFIX_LOG_NOT_STARTED,  /* handshake failed */
	POSTFIX_LOG_UNTOLD,	  /* the datagram was not sent after all */
	/* before there was a session */
	POSTFIX_LOG_MX_MISMATCH,   /* `mx` is not in the policy of `domain` */
	POSTFIX_LOG_POLICY_LOOKUP, /* for `domain` and `mx`: `reason` */
	POSTFIX_LOG_DELIVERY,	   /* one recipient: see struct postfix_log */

	POSTFIX_LOG_SENDER,  /* qmgr: `domain`, `local_part` of the sender */
	POSTFIX_LOG_REMOVED, /* qmgr */

	POSTFIX_LOG_ACCEPTED,	  /* smtpd: handshake done */
	POSTFIX_LOG_ACCEPT_FAILED /* smtpd: `reason` */
};

enum postfix_log_trust {
	POSTFIX_LOG_TRUST_UNSET = 0,
	POSTFIX_LOG_ANONYMOUS,
	POSTFIX_LOG_UNTRUSTED,
	POSTFIX_LOG_TRUSTED,
	POSTFIX_LOG_VERIFIED /* all that the policy asked for */
};

/* As it stands there. */
struct postfix_log_time {
	int year; /* 0: not told */
	int month, day, hour, minute, second, microsecond;
	bool has_offset;
	int offset_s; /* east of Greenwich */
};

struct postfix_log {
	enum postfix_log_kind kind;
	struct postfix_log_time time;
	struct text host;     /* tag of the host that logged */
	struct text instance; /* syslog_name: "postfix", "postfix/relay" */
	struct text program;  /* "smtp" */
	uint32_t pid;
	struct text cursor; /* of the journal */

	struct text queue_id;
	struct text mx, address; /* "mx.example.net", "192.0.2.1" */
	uint16_t port;		 /* 0: not told */
	struct text domain;	 /* of the recipient, if nothing else is said */
	struct text local_part;
	struct text failure; /* word of RFC 8460 section 4.3 */
	struct text reason;  /* one word, or empty */
	struct text detail;  /* the sentence of Postfix */
	enum postfix_log_trust trust;
	bool resumed;
	unsigned reply; /* code of SMTP */

	/* POSTFIX_LOG_DELIVERY; `mx` is empty with relay=none */
	struct text status; /* "sent", "deferred", "bounced" */
	struct text dsn;
	struct text tls; /* of Postfix 3.11: "secure", "may:none", ... */
	unsigned uses;	 /* which use of the connection, from 1 */
	/* why the host was given up: NOT_OFFERED, REFUSED, NOT_VERIFIED,
	 * NOT_STARTED, NO_REQUIRETLS; else OTHER */
	enum postfix_log_kind verdict;
	bool has_replied; /* to MAIL or later: the session got that far */
};

/* False if the line is of none of these programs or cannot be read; kind is
 * then OTHER, as it is for lines of theirs that tell nothing. */
bool postfix_log_parse(struct arena *arena, struct text line,
		       struct postfix_log *log);
/* The same for one object of the journal; `cursor` is set whatever it is. */
bool postfix_log_parse_json(struct arena *arena, struct text line,
			    struct postfix_log *log);

/* Microseconds since 1970.  Of a time without a year, it is the newest such
 * day that is not more than a day after `now_s`; without an offset, `zone_s`
 * counts. */
int64_t postfix_log_unix_us(const struct postfix_log_time *time, int64_t now_s,
			    int zone_s);

/* "established"; for tests and messages. */
const char *postfix_log_kind_name(enum postfix_log_kind kind);

#endif
