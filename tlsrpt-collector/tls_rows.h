/* tls_rows.h - rows of signet.tls_report_rows as policies of a report */
#ifndef TLSRPT_COLLECTOR_TLS_ROWS_H
#define TLSRPT_COLLECTOR_TLS_ROWS_H

#include "mailtls/tlsrpt_report_read.h"

struct arena;
struct pg_rows;

/* The columns in the order of the call that tls_make.c writes. */
#define TLS_ROWS_COLUMNS                                                       \
	"policy, type, domain, strings, mx_hosts, successful, failed, "        \
	"failure, sending_ip, receiving_ip, receiving_mx, receiving_helo, "    \
	"information, reason, sessions"

/* All of these read row 0 and copy into the arena. */

/* What tells one policy from the next. */
struct text tls_rows_key(const struct pg_rows *rows);

/* Without failures. */
void tls_rows_policy(struct arena *arena, const struct pg_rows *rows,
		     struct tlsrpt_policy *policy);

/* NULL: the row has none. */
struct tlsrpt_failure *tls_rows_failure(struct arena *arena,
					const struct pg_rows *rows);

#endif
