#include "io/pg.h"

#include <libpq-fe.h>

#include <errno.h>
#include <poll.h>
#include <time.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "base/why.h"
#include "base/xalloc.h"
#include "io/clock.h"

#define PARAMS_MOST 16
#define PAUSE_FIRST_MS 500

/* type numbers of pg_type, which never change */
#define TYPE_ANY 0
#define TYPE_TEXT 25
#define TYPE_TEXT_ARRAY 1009

struct pg {
	char *conninfo, *program;
	int64_t call_ms, pause_most_ms;
	int64_t pause_ms; /* length of the current pause, 0: none */
	struct deadline pause_end;
	PGconn *connection; /* NULL: not connected */
	struct why last;    /* of the last attempt to connect */
};

struct pg_rows {
	PGresult *result;
};

struct pg *
pg_open(const struct pg_options *options)
{
	struct pg *pg = xcalloc(1, sizeof(*pg));

	pg->conninfo = xstrdup(options->conninfo);
	pg->program = xstrdup(options->program);
	pg->call_ms = options->call_ms;
	pg->pause_most_ms = options->pause_most_ms;
	return pg;
}

static void
hang_up(struct pg *pg)
{
	PQfinish(pg->connection);
	pg->connection = NULL;
}

void
pg_close(struct pg *pg)
{
	if (pg == NULL)
		return;
	hang_up(pg);
	free(pg->conninfo);
	free(pg->program);
	free(pg);
}

/* What libpq says, as one line. */
static void
one_line(struct why *why, const char *what, const char *message)
{
	char line[WHY_BYTES];
	size_t n = 0;

	for (; *message != '\0' && n + 3 < sizeof(line); message++) {
		if (*message != '\n' && *message != '\t')
			line[n++] = *message;
		else if (n > 0 && line[n - 1] != ' ' && message[1] != '\0')
			line[n++] = ' ';
	}
	while (n > 0 && line[n - 1] == ' ')
		n--;
	line[n] = '\0';
	why_set(why, "%s%s", what, n > 0 ? line : "no reason given");
}

static void
ignore_notice(void *none, const PGresult *result)
{
}

static void
start_pause(struct pg *pg)
{
	pg->pause_ms = pg->pause_ms == 0 ? PAUSE_FIRST_MS : pg->pause_ms * 2;
	if (pg->pause_ms > pg->pause_most_ms)
		pg->pause_ms = pg->pause_most_ms;
	pg->pause_end = clock_deadline_in(pg->pause_ms);
}

int64_t
pg_pause_ms(const struct pg *pg)
{
	if (pg->connection != NULL || pg->pause_ms == 0)
		return 0;
	return deadline_left_ms(pg->pause_end, clock_monotonic_ms());
}

void
pg_hurry(struct pg *pg)
{
	pg->pause_ms = 0;
}

bool
pg_is_connected(const struct pg *pg)
{
	return pg->connection != NULL;
}

int
pg_socket(const struct pg *pg)
{
	return pg->connection != NULL ? PQsocket(pg->connection) : -1;
}

/* What stands before "dbname" is a default that conninfo overrides. */
static PGconn *
dial(const struct pg *pg)
{
	const char *const names[] = {"connect_timeout",
				     "target_session_attrs",
				     "tcp_user_timeout",
				     "fallback_application_name",
				     "dbname",
				     "client_encoding",
				     NULL};
	const char *const values[] = {"10",	   "read-write", "30000",
				      pg->program, pg->conninfo, "UTF8",
				      NULL};

	return PQconnectdbParams(names, values, 1);
}

bool
pg_connect(struct pg *pg, struct why *why)
{
	if (pg->connection != NULL)
		return true;
	if (pg_pause_ms(pg) > 0)
		return why_set(why, "%s", pg->last.text);
	pg->connection = dial(pg);
	if (pg->connection != NULL &&
	    PQstatus(pg->connection) == CONNECTION_OK) {
		PQsetNoticeReceiver(pg->connection, ignore_notice, NULL);
		PQsetnonblocking(pg->connection, 1);
		pg->pause_ms = 0;
		return true;
	}
	one_line(&pg->last, "",
		 pg->connection == NULL ? "out of memory"
					: PQerrorMessage(pg->connection));
	hang_up(pg);
	start_pause(pg);
	return why_set(why, "%s", pg->last.text);
}

struct pg_param
pg_string(const char *string)
{
	return (struct pg_param){string, 0, TYPE_ANY, false};
}

struct pg_param
pg_text(struct text text)
{
	return (struct pg_param){text.len > 0 ? text.at : "", text.len,
				 TYPE_TEXT, true};
}

static char *
put_u32(char *to, uint32_t value)
{
	to[0] = (char)(value >> 24);
	to[1] = (char)(value >> 16);
	to[2] = (char)(value >> 8);
	to[3] = (char)value;
	return to + 4;
}

/* The binary form of an array: dimensions, has-nulls, element type, then for
 * the one dimension its length and first index, then length and bytes of each
 * element. */
struct pg_param
pg_texts(struct arena *arena, const struct text *values, size_t count)
{
	size_t i, bytes = 20 + 4 * count;
	char *start, *to;

	for (i = 0; i < count; i++)
		bytes += values[i].len;
	start = to = arena_bytes(arena, bytes);
	to = put_u32(to, count > 0 ? 1 : 0);
	to = put_u32(to, 0);
	to = put_u32(to, TYPE_TEXT);
	if (count > 0) {
		to = put_u32(to, (uint32_t)count);
		to = put_u32(to, 1);
	}
	for (i = 0; i < count; i++) {
		to = put_u32(to, (uint32_t)values[i].len);
		if (values[i].len > 0)
			memcpy(to, values[i].at, values[i].len);
		to += values[i].len;
	}
	return (struct pg_param){start, (size_t)(to - start), TYPE_TEXT_ARRAY,
				 true};
}

/* Waits until the connection can be read (or written).  False: out of time. */
static bool
wait_for(struct pg *pg, short events, struct deadline deadline)
{
	struct pollfd one = {PQsocket(pg->connection), events, 0};
	int64_t left_ms;
	int n;

	do {
		left_ms = deadline_left_ms(deadline, clock_monotonic_ms());
		n = poll(&one, 1, (int)left_ms);
	} while (n < 0 && errno == EINTR);
	return n > 0;
}

static bool
flush_out(struct pg *pg, struct deadline deadline)
{
	int rest;

	while ((rest = PQflush(pg->connection)) > 0) {
		if (!wait_for(pg, POLLIN | POLLOUT, deadline))
			return false;
		if (PQconsumeInput(pg->connection) == 0)
			return false;
	}
	return rest == 0;
}

/* The next result, or NULL with *ended telling whether the call is over. */
static PGresult *
take_result(struct pg *pg, struct deadline deadline, bool *ended)
{
	PGresult *result;

	*ended = false;
	while (PQisBusy(pg->connection)) {
		if (!wait_for(pg, POLLIN, deadline))
			return NULL;
		if (PQconsumeInput(pg->connection) == 0)
			return NULL;
	}
	result = PQgetResult(pg->connection);
	*ended = result == NULL;
	return result;
}

/* SQLSTATE classes that say nothing about the call itself: connection,
 * serialization and deadlock, resources, locks, operator, system; and the
 * state of a server that has become a standby. */
static bool
is_passing(const char *state)
{
	static const char *const classes[] = {"08", "40", "53", "55",
					      "57", "58", "XX"};
	size_t i;

	if (state == NULL || strcmp(state, "25006") == 0)
		return true;
	for (i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
		if (strncmp(state, classes[i], 2) == 0)
			return true;
	return false;
}

static enum pg_status
judge(const PGresult *result, struct why *why)
{
	switch (PQresultStatus(result)) {
	case PGRES_TUPLES_OK:
	case PGRES_COMMAND_OK:
	case PGRES_EMPTY_QUERY:
		return PG_DONE;
	case PGRES_COPY_OUT:
	case PGRES_COPY_IN:
	case PGRES_COPY_BOTH:
	case PGRES_BAD_RESPONSE:
	case PGRES_NONFATAL_ERROR:
	case PGRES_FATAL_ERROR:
	case PGRES_SINGLE_TUPLE:
	case PGRES_PIPELINE_SYNC:
	case PGRES_PIPELINE_ABORTED:
#ifdef LIBPQ_HAS_CHUNK_MODE /* PostgreSQL 17 */
	case PGRES_TUPLES_CHUNK:
#endif
		break;
	}
	one_line(why, "", PQresultErrorMessage(result));
	return is_passing(PQresultErrorField(result, PG_DIAG_SQLSTATE))
		   ? PG_AWAY
		   : PG_REFUSED;
}

static enum pg_status
lost(struct pg *pg, struct deadline deadline, struct why *why)
{
	if (deadline_left_ms(deadline, clock_monotonic_ms()) == 0)
		why_set(why, "the database did not answer in %d s",
			(int)(pg->call_ms / 1000));
	else
		one_line(why, "", PQerrorMessage(pg->connection));
	hang_up(pg);
	return PG_AWAY;
}

static bool
is_copy(const PGresult *result)
{
	ExecStatusType is = PQresultStatus(result);

	return is == PGRES_COPY_IN || is == PGRES_COPY_OUT ||
	       is == PGRES_COPY_BOTH;
}

/* Collects the results of what was sent; the first error stands.  A COPY
 * would never end here, so the connection does. */
static enum pg_status
collect(struct pg *pg, struct deadline deadline, PGresult **last,
	struct why *why)
{
	enum pg_status status = PG_DONE;
	bool ended;
	PGresult *result;

	*last = NULL;
	if (!flush_out(pg, deadline))
		return lost(pg, deadline, why);
	while ((result = take_result(pg, deadline, &ended)) != NULL) {
		if (status == PG_DONE)
			status = judge(result, why);
		PQclear(*last);
		*last = result;
		if (is_copy(result))
			break;
	}
	if (ended && PQstatus(pg->connection) == CONNECTION_OK &&
	    status != PG_AWAY)
		return status;
	PQclear(*last);
	*last = NULL;
	if (status == PG_DONE)
		return lost(pg, deadline, why);
	hang_up(pg);
	return PG_AWAY;
}

static void
end_rows(void *handle)
{
	PQclear(((struct pg_rows *)handle)->result);
}

static bool
send_call(struct pg *pg, const char *sql, const struct pg_param *params,
	  size_t count)
{
	Oid types[PARAMS_MOST];
	const char *values[PARAMS_MOST];
	int lengths[PARAMS_MOST], formats[PARAMS_MOST];
	size_t i;

	if (count > PARAMS_MOST)
		return false;
	for (i = 0; i < count; i++) {
		types[i] = params[i].type;
		values[i] = params[i].at;
		lengths[i] = (int)params[i].len;
		formats[i] = params[i].binary;
	}
	return PQsendQueryParams(pg->connection, sql, (int)count, types, values,
				 lengths, formats, 0) == 1;
}

enum pg_status
pg_call(struct pg *pg, struct arena *arena, const char *sql,
	const struct pg_param *params, size_t count, struct pg_rows **rows,
	struct why *why)
{
	struct deadline deadline;
	enum pg_status status;
	struct pg_rows *kept;
	PGresult *result;

	if (!pg_connect(pg, why))
		return PG_AWAY;
	deadline = clock_deadline_in(pg->call_ms);
	if (!send_call(pg, sql, params, count))
		return lost(pg, deadline, why);
	status = collect(pg, deadline, &result, why);
	if (status != PG_DONE || rows == NULL) {
		PQclear(result);
		return status;
	}
	kept = arena_new_value(arena, struct pg_rows);
	kept->result = result;
	arena_defer(arena, end_rows, kept);
	*rows = kept;
	return status;
}

/* Whatever goes wrong ends the connection, with what is still on its way. */
static enum pg_status
hand_over(struct pg *pg, pg_row_fn *row, void *handle, struct why *why)
{
	struct deadline deadline = clock_deadline_in(pg->call_ms);
	enum pg_status status = PG_DONE;
	struct pg_rows one;
	bool ended;

	if (!flush_out(pg, deadline))
		return lost(pg, deadline, why);
	while ((one.result = take_result(pg, deadline, &ended)) != NULL) {
		if (PQresultStatus(one.result) != PGRES_SINGLE_TUPLE)
			status = judge(one.result, why);
		else if (!row(handle, &one, why))
			status = PG_REFUSED;
		PQclear(one.result);
		if (status != PG_DONE) {
			hang_up(pg);
			return status;
		}
		deadline = clock_deadline_in(pg->call_ms);
	}
	return ended && PQstatus(pg->connection) == CONNECTION_OK
		   ? PG_DONE
		   : lost(pg, deadline, why);
}

enum pg_status
pg_stream(struct pg *pg, const char *sql, const struct pg_param *params,
	  size_t count, pg_row_fn *row, void *handle, struct why *why)
{
	if (!pg_connect(pg, why))
		return PG_AWAY;
	if (!send_call(pg, sql, params, count) ||
	    PQsetSingleRowMode(pg->connection) != 1)
		return lost(pg, clock_deadline_in(pg->call_ms), why);
	return hand_over(pg, row, handle, why);
}

enum pg_status
pg_run(struct pg *pg, const char *script, struct why *why)
{
	struct deadline deadline;
	enum pg_status status;
	PGresult *result;

	if (!pg_connect(pg, why))
		return PG_AWAY;
	deadline = clock_deadline_in(pg->call_ms);
	if (PQsendQuery(pg->connection, script) != 1)
		return lost(pg, deadline, why);
	status = collect(pg, deadline, &result, why);
	PQclear(result);
	return status;
}

size_t
pg_rows_count(const struct pg_rows *rows)
{
	return (size_t)PQntuples(rows->result);
}

bool
pg_rows_is_null(const struct pg_rows *rows, size_t row, int column)
{
	return PQgetisnull(rows->result, (int)row, column) != 0;
}

struct text
pg_rows_text(const struct pg_rows *rows, size_t row, int column)
{
	return text_of(PQgetvalue(rows->result, (int)row, column),
		       (size_t)PQgetlength(rows->result, (int)row, column));
}

int64_t
pg_rows_int(const struct pg_rows *rows, size_t row, int column)
{
	if (pg_rows_is_null(rows, row, column))
		return 0;
	return strtoll(PQgetvalue(rows->result, (int)row, column), NULL, 10);
}
