/* quota.h - `signet quota`: how full mailboxes are, and may be
 *
 *	signet quota show [WHAT]		accounts, domains, an address
 *	signet quota set WHAT [BYTES [MESSAGES]]
 *	signet quota option NAME VALUE
 *	signet quota reconcile [ACCOUNT]	compare with Dovecot
 *	signet quota adopt TABLE		take over a quota_clone table
 */
#ifndef ADMIN_QUOTA_H
#define ADMIN_QUOTA_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct pg;
struct pg_param;
struct pg_rows;

/* One call of the command: what its parts share. */
struct quota_run {
	const char *config, *doveadm, *conninfo, *columns;
	const char *doveadm_socket; /* of its server, or NULL */
	bool recalc, total;
	const char *most;
	const char *action;
	char **words; /* behind the action */
	int count;
	const char *hostname; /* of signet.conf */
	const char *database; /* conninfo of signet.conf */
	struct arena *arena;
	struct pg *pg;
};

/* Exit status: 0, 1: not all went well, 2: usage or trouble. */
int quota_main(int argc, char **argv);

/* Prints the sentence; 2. */
int quota_fail(const char *sentence);

/* A statement; false after a sentence on standard error. */
bool quota_ask(struct quota_run *run, const char *sql,
	       const struct pg_param *params, size_t count,
	       struct pg_rows **rows);

#endif
