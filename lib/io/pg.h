/* pg.h - PostgreSQL: one connection, calls with bound parameters
 *
 * The one file that includes libpq.  The connection is made when it is first
 * needed and made again after it was lost, with a growing pause between
 * attempts.  Nothing here needs a session: a transaction may end up on any
 * server connection of a pooler.  `conninfo` is what libpq takes, several
 * hosts included; unless it says otherwise, a server that takes writes is
 * looked for, so that a promoted standby is found.
 *
 * One connection belongs to one thread.
 */
#ifndef IO_PG_H
#define IO_PG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

struct arena;
struct pg;
struct pg_rows;
struct why;

enum pg_status {
	PG_NOT_ASKED,
	PG_DONE,
	PG_AWAY,   /* no server, connection lost, out of disk, lost a lock, out
		      of time: the same call may work later.  The connection
		      is closed and nothing of its transaction stays. */
	PG_REFUSED /* the server said no: it will say so again */
};

struct pg_options {
	const char *conninfo;
	const char *program;   /* application_name */
	int64_t call_ms;       /* longest time a call may take */
	int64_t pause_most_ms; /* longest pause between attempts to connect */
};

/* Keeps copies of the strings and does not connect.  Never NULL. */
struct pg *pg_open(const struct pg_options *options);
/* NULL is allowed. */
void pg_close(struct pg *pg);

/* Connects unless connected.  During a pause it fails at once with the reason
 * of the last attempt; `pg_pause_ms` tells how long that lasts. */
bool pg_connect(struct pg *pg, struct why *why);
bool pg_is_connected(const struct pg *pg);
int64_t pg_pause_ms(const struct pg *pg);

/* Socket of the connection or -1, for poll(2). */
int pg_socket(const struct pg *pg);

/* Ends the pause: the next call connects at once. */
void pg_hurry(struct pg *pg);

/* A value to bind.  What they point to must live until the call is over. */
struct pg_param {
	const char *at;
	size_t len;
	unsigned type;
	bool binary;
};

/* In the text form of whatever type is wanted; NULL is null. */
struct pg_param pg_string(const char *string);
/* text; valid UTF-8 without a zero byte. */
struct pg_param pg_text(struct text text);
/* text[] with `count` such elements. */
struct pg_param pg_texts(struct arena *arena, const struct text *values,
			 size_t count);

/* Runs one statement, connecting if needed.  `rows` may be NULL; else it gets
 * the rows, which live as long as the arena. */
enum pg_status pg_call(struct pg *pg, struct arena *arena, const char *sql,
		       const struct pg_param *params, size_t count,
		       struct pg_rows **rows, struct why *why);

/* The same for any number of rows in constant memory: `row` gets one at a time
 * as row 0 of `rows`, which it may not keep.  False, with a reason, ends the
 * call as PG_REFUSED.  call_ms is the longest wait for the next row. */
typedef bool pg_row_fn(void *handle, const struct pg_rows *rows,
		       struct why *why);
enum pg_status pg_stream(struct pg *pg, const char *sql,
			 const struct pg_param *params, size_t count,
			 pg_row_fn *row, void *handle, struct why *why);

/* Runs a script of several statements without parameters. */
enum pg_status pg_run(struct pg *pg, const char *script, struct why *why);

size_t pg_rows_count(const struct pg_rows *rows);
bool pg_rows_is_null(const struct pg_rows *rows, size_t row, int column);
/* Text form; empty for null. */
struct text pg_rows_text(const struct pg_rows *rows, size_t row, int column);
/* 0 for null and for what is no number. */
int64_t pg_rows_int(const struct pg_rows *rows, size_t row, int column);

#endif
