/* tls_event.h - what is known of TLS to other servers, as lines of the spool
 *
 * Types tls_result (a TLS session that was tried, or given up before it
 * began) and tls_domain (how a recipient domain is secured), as docs/events.md
 * describes them.  A line is valid JSON and UTF-8 whatever it is made of.
 */
#ifndef MAILTLS_TLS_EVENT_H
#define MAILTLS_TLS_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "mailtls/tlsrpt_report_read.h"

struct arena;
struct buf;

/* What each event begins with. */
struct tls_event {
	const char *id; /* UUID: version 7, or 8 for what may be seen twice */
	int64_t at_ms;	/* Unix time */
	struct text host;
	const char *program;
};

enum tls_source {
	TLS_SOURCE_NONE,
	TLS_SOURCE_DATAGRAM, /* told by the MTA */
	TLS_SOURCE_LOG,	     /* from its log */
	TLS_SOURCE_PROBE,    /* a look of our own */
	TLS_SOURCE_POLICY    /* found before a session could be */
};

/* "datagram", "log", "probe", "policy". */
const char *tls_source_name(enum tls_source source);

/* One session.  Each policy counts at most one session: as `successful` or
 * `failed`; with both 0 its failures are told and nothing is counted.  A
 * failure of 0 sessions counts as one.  Domains are lower-case A-labels. */
struct tls_result {
	struct text recipient_domain;
	enum tls_source source;
	struct text instance;	   /* which MTA; may be empty */
	struct text tlsrpt_record; /* as seen; empty: none, or not known */
	bool is_report;		   /* a delivery of a report of ours */
	const struct tlsrpt_policy *policies; /* at least one */
};

/* The line without its end; buf_ok(to) is false if it did not fit. */
void tls_result_write(struct arena *arena, const struct tls_event *event,
		      const struct tls_result *result, struct buf *to);

/* 0 (NULL): nothing is said about it. */
enum tls_seen { TLS_SEEN_NOTHING, TLS_SEEN_YES, TLS_SEEN_NO, TLS_SEEN_ERROR };

struct tls_domain {
	struct text domain;	/* lower-case A-labels */
	enum tls_seen starttls; /* yes, no */
	enum tls_seen requiretls;
	enum tls_seen mx_dnssec; /* or error */
	const char *dane;  /* "all", "some", "unusable", "none", "error" */
	const char *sts;   /* "enforce", "testing", "none", "absent",
			      "error" */
	const char *level; /* "dane-only", "dane", "secure", "may", "none",
			      "temp" */
};

void tls_domain_write(struct arena *arena, const struct tls_event *event,
		      const struct tls_domain *domain, struct buf *to);

#endif
