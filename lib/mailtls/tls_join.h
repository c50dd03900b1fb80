/* tls_join.h - results of TLS sessions from the log of the mail server
 *
 * smtp(8) of Postfix handles one delivery at a time.  So what its process
 * logged, in order: the handshakes of the hosts that it tried, and then one
 * line for each recipient, belongs together by host and process id; and the
 * policy answers that our server gave to the same process id belong to it.
 * A session is counted once, whatever the number of recipients.
 *
 * Each session has two results: one under the policy of the recipient domain
 * (MTA-STS, or none) and one under that of the MX host (TLSA, or none).
 * Counted as the table of RFC 8460 reporting asks:
 *
 *	handshake done, and the policy met or not enforced	success, both
 *	handshake failed, or the policy not met		failure, both
 *	STARTTLS refused, or required and not offered	failure, both
 *	delivered in clear where nothing asks for TLS	told, not counted
 *	MX host not in the MTA-STS policy, enforce	failure of the domain
 *	the same, testing					told
 *	problem with the policy, the mail went all the same	told
 *	the same, the mail waits				failure
 *	DANE demanded, no TLSA or no DNSSEC		failure of the host
 *	TLS session resumed, connection used again	nothing
 *
 * Where Postfix says that it sent a datagram for a session ("TLSRPT: ..."),
 * the result that the datagram has is left out here, and the other one stays.
 *
 * Bounds: LIMIT_TLS_JOIN_PROCESSES, _HOSTS, _ANSWERS.
 */
#ifndef MAILTLS_TLS_JOIN_H
#define MAILTLS_TLS_JOIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/uuid.h"
#include "mailtls/postfix_log.h"
#include "mailtls/tls_answer.h"
#include "mailtls/tls_event.h"

struct arena;
struct tls_join;

/* The host that mail went to. */
struct tls_join_look {
	struct text mx, address, instance;
	uint16_t port;
	int64_t at_us;
};

/* What comes out.  Texts live as long as the call. */
struct tls_join_calls {
	/* `id` is made of the line that tells of the session: the same line
	 * has the same id. */
	void (*result)(void *data, const struct tls_result *result,
		       const char id[UUID_STRING_BYTES], int64_t at_us);
	/* REQUIRETLS was, or was not, offered to mail for the domain. */
	void (*requiretls)(void *data, struct text domain, bool offered,
			   int64_t at_us);
	/* Mail went under MTA-STS in mode testing, whose checks the mail
	 * server does not make: somebody may look at the host. */
	void (*look)(void *data, const struct tls_answer *answer,
		     const struct tls_join_look *look);
	/* The MX of the domain could not be had: somebody may ask again what
	 * it was. */
	void (*unresolved)(void *data, struct text domain, int64_t at_us);
	void *data;
};

struct tls_join_options {
	/* domain of the senders "report+...@" of our reports; empty: any */
	struct text report_domain;
	/* Mail may go by other hosts than the MX of its recipients (relayhost,
	 * transport maps): where no answer tells the next hop, nobody knows
	 * whose session it was, and it makes no result. */
	bool is_indirect;
	/* syslog_name of the transport of our reports; empty: none */
	struct text report_instance;
};

/* Ends with the arena. */
struct tls_join *tls_join_new(struct arena *arena,
			      const struct tls_join_options *options,
			      const struct tls_join_calls *calls);

/* Answers come before the lines that they belong to, which name this host in
 * one way or another: an answer fits by process id and domain. */
void tls_join_answer(struct tls_join *join, const struct tls_answer *answer);

/* `position` rises with each line. */
void tls_join_line(struct tls_join *join, const struct postfix_log *log,
		   int64_t at_us, uint64_t position);

/* Forgets what was silent for long at that time of the log. */
void tls_join_expire(struct tls_join *join, int64_t now_us);

/* Position of the first line that something unfinished rests on; UINT64_MAX
 * if there is none. */
uint64_t tls_join_oldest(const struct tls_join *join);

/* For metrics: processes that are known now; sessions that were forgotten
 * without a delivery. */
size_t tls_join_processes(const struct tls_join *join);
uint64_t tls_join_forgotten(const struct tls_join *join);

#endif
