/* junk.h - signet junk: what the junk filter has learned, and why it judges
 * as it does
 */
#ifndef ADMIN_JUNK_H
#define ADMIN_JUNK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dovecot-plugin/mailbox_settings.h"
#include "io/pg.h"

struct arena;

/* One call of the command. */
struct junk_run {
	const char *config, *doveadm, *mailbox;
	const char *const *ham; /* mailboxes, up to NULL */
	char **words;		/* behind the action */
	int count;
	struct arena *arena;
	struct mailbox_settings settings;
	struct pg *pg;
};

/* 0: done; 1: some of it could not be read; 2: wrong arguments, or the
 * database could not be asked. */
int junk_main(int argc, char **argv);

/* Tells the sentence; 2. */
int junk_fail(const char *sentence);
bool junk_ask(struct junk_run *run, const char *sql,
	      const struct pg_param *params, size_t count,
	      struct pg_rows **rows);

#endif
