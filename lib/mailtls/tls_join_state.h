/* tls_join_state.h - what the delivering processes logged so far
 *
 * For the tls_join_*.c files.
 */
#ifndef MAILTLS_TLS_JOIN_STATE_H
#define MAILTLS_TLS_JOIN_STATE_H

#include "mailtls/tls_join.h"

#define TLS_JOIN_HOST_BYTES 64
#define TLS_JOIN_ID_BYTES 24
#define TLS_JOIN_RELAY_BYTES 128

/* A host that was tried. */
struct tls_join_session {
	struct text mx, address;
	uint16_t port;
	int64_t at_us;
	enum postfix_log_trust trust;
	bool is_established, is_old; /* resumed, or used again */
	bool is_failed;		     /* the handshake */
	bool is_violated;	     /* the policy was not met */
	bool is_offered;	     /* STARTTLS */
	bool is_plain;		     /* mail went in clear */
	bool is_told;		     /* by a datagram */
	bool is_untold;		     /* it could not be sent */
	unsigned reply;		     /* to STARTTLS, if it was refused */
	struct text failure, reason;
	struct tls_join_session *next;
};

/* A host that did not get as far as a session. */
struct tls_join_miss {
	struct text mx, domain;
	int64_t at_us;
	bool is_mismatch; /* not in the MTA-STS policy */
	struct text failure, reason;
	struct tls_join_miss *next;
};

struct tls_join_answered {
	struct tls_answer answer;
	bool is_used; /* for a delivery; the process asks for each anew */
	struct tls_join_answered *next;
};

struct tls_join_process {
	char host[TLS_JOIN_HOST_BYTES];
	uint32_t pid;
	struct arena *arena; /* of sessions and misses */
	struct tls_join_session *sessions, **sessions_end;
	struct tls_join_miss *misses, **misses_end;
	unsigned session_count, miss_count;
	struct arena *answer_arena, *spare_arena;
	struct tls_join_answered *answers; /* newest first, one a domain */
	unsigned copied; /* into answer_arena, since it was cleared */
	char done_id[TLS_JOIN_ID_BYTES];    /* queue id that was told last */
	char done_at[TLS_JOIN_RELAY_BYTES]; /* and where it went */
	int64_t done_us, seen_us;
	uint64_t position;	       /* first line that counts still */
	struct tls_join_process *same; /* in the bucket, or of free ones */
	struct tls_join_process *older, *newer; /* by when they were seen */
};

/* One delivery, to be told. */
struct tls_join_delivery {
	const struct postfix_log *log;
	int64_t at_us;
	struct text domain; /* of the recipient */
	const struct tls_join_session *sessions;
	const struct tls_join_miss *misses;
	const struct tls_answer *answer; /* NULL: none is known */
	bool is_report;
};

/* --- tls_join_state.c --- */

struct tls_join_table;

struct tls_join_table *tls_join_table_new(struct arena *arena);
/* NULL if it is not there. */
struct tls_join_process *tls_join_table_find(struct tls_join_table *table,
					     const char *host, uint32_t pid);
/* Makes it if it is not there; it is the one seen last then. */
struct tls_join_process *tls_join_table_get(struct tls_join_table *table,
					    const char *host, uint32_t pid,
					    int64_t at_us);
void tls_join_table_expire(struct tls_join_table *table, int64_t now_us);
uint64_t tls_join_table_oldest(const struct tls_join_table *table);
size_t tls_join_table_count(const struct tls_join_table *table);
uint64_t tls_join_table_forgotten(const struct tls_join_table *table);
/* Its sessions and misses were told. */
void tls_join_process_clear(struct tls_join_process *process);
bool tls_join_process_is_pending(const struct tls_join_process *process);
/* The name of the host that logged, up to the first dot. */
void tls_join_host_name(struct text host, char to[TLS_JOIN_HOST_BYTES]);

/* --- tls_join_answers.c --- */

void tls_join_process_answer(struct tls_join_process *process,
			     const struct tls_answer *answer);
/* The answer for a recipient's domain, or for a host that was tried: mail may
 * go another way than by the MX of the recipient's domain.  NULL if there is
 * none of about that time. */
const struct tls_answer *
tls_join_process_find(const struct tls_join_process *process,
		      struct text domain, struct text mx, int64_t at_us);
/* Whether the MTA-STS policy of the answer names the host; true if there is
 * none. */
bool tls_join_is_named(const struct tls_answer *answer, struct text mx);
/* TLSA of the host, or NULL. */
const struct tlsrpt_policy *
tls_join_host_policy(const struct tls_answer *answer, struct text mx);

/* --- tls_join_session.c --- */

/* A line of smtp(8) about a host. */
void tls_join_process_line(struct tls_join_process *process,
			   const struct postfix_log *log, int64_t at_us);
/* The line of a recipient, which may tell of one more host; `tells_plain`:
 * a delivery without any line about TLS went in clear. */
void tls_join_process_deliver(struct tls_join_process *process,
			      const struct postfix_log *log, int64_t at_us,
			      bool tells_plain);
/* Lower case, or empty if it is no domain. */
struct text tls_join_domain(struct arena *arena, struct text name);

/* --- tls_join_result.c --- */

void tls_join_tell(struct arena *arena, const struct tls_join_calls *calls,
		   const struct tls_join_delivery *delivery);

#endif
