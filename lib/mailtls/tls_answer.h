/* tls_answer.h - what the TLS policy server tells the collector of an answer
 *
 * One JSON object in one datagram for each answer that is more than "nothing
 * known".  The collector joins it by the process id with what that process
 * writes into the log of the mail server: a report names the policy that a
 * session was held against.
 */
#ifndef MAILTLS_TLS_ANSWER_H
#define MAILTLS_TLS_ANSWER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/domain.h"
#include "mailtls/tlsrpt_report_read.h"

struct arena;
struct buf;
struct tls_facts;
struct tls_policy;
struct why;

enum tls_answer_mode {
	TLS_ANSWER_NO_STS = 0,
	TLS_ANSWER_TESTING,
	TLS_ANSWER_ENFORCE
};

struct tls_answer {
	uint32_t pid;  /* who asked; 0: not known */
	int64_t at_us; /* microseconds since 1970 */
	struct text key, map;
	struct domain domain; /* not set: the key is none */
	struct text level;    /* "secure", "TEMP", "NOTFOUND": first word */
	enum tls_answer_mode mode;
	/* of the domain: "sts" or "no-policy-found", without sessions */
	struct tlsrpt_policy *policy;
	/* TLSA of its hosts: type "tlsa", domain the TLSA base domain, the
	 * name of the MX in mx_hosts */
	struct tlsrpt_policy *hosts;
	/* what is wrong with the destination; receiving_mx empty: with the
	 * domain as such */
	struct tlsrpt_failure *problems;
};

/* Whether an answer is to be told: it is more than a bare NOTFOUND. */
bool tls_answer_matters(const struct tls_policy *policy,
			const struct tls_facts *facts);

/* `reply` is what was said, as tls_reply_write wrote it.  The arena is used
 * for building only. */
void tls_answer_write(struct arena *arena, const struct tls_facts *facts,
		      const struct tls_policy *policy, uint32_t pid,
		      int64_t at_us, struct text key, const char *map,
		      struct text reply, struct buf *to);

/* What of it is the same whoever asks: the end of the object from "domain" on,
 * with its brace.  The beginning is the caller's. */
void tls_answer_write_end(struct arena *arena, const struct tls_facts *facts,
			  const struct tls_policy *policy, struct buf *to);

/* Lies in the arena.  At most LIMIT_TLS_ANSWER_BYTES. */
bool tls_answer_parse(struct arena *arena, struct text datagram,
		      struct tls_answer *answer, struct why *why);

#endif
