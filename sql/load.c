#include "sql/load.h"

#include "base/arena.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "base/why.h"
#include "base/xalloc.h"
#include "io/in_work.h"
#include "io/pg.h"
#include "sql/bad_lines.h"
#include "sql/line_reader.h"
#include "sql/spool_reader.h"

/* one call: large enough that its cost is that of its lines */
#define BATCH_BYTES (1u << 20)
#define BATCH_LINES 4000

/* The server gives up before we do, so that no call stays behind there. */
#define BEGIN "begin; set local statement_timeout = '50s'"

struct batch {
	char *bytes;
	size_t used;
	struct text lines[BATCH_LINES];
	size_t numbers[BATCH_LINES];
	size_t count;
};

/* What one file needs while it is loaded. */
struct job {
	struct load *load;
	struct spool_file file;
	struct line_reader reader;
	struct batch batch;
	struct bad_lines bad;
	struct load_counts counts;
	struct arena *arena;   /* as long as the file */
	struct arena *scratch; /* as long as a batch */
};

static struct job *
job_new(struct load *load)
{
	struct job *job = xcalloc(1, sizeof(*job));

	job->load = load;
	job->batch.bytes = xrealloc(NULL, 1, BATCH_BYTES + LIMIT_EVENT_BYTES);
	job->arena = arena_new();
	job->scratch = arena_new();
	bad_lines_init(&job->bad, job->arena);
	return job;
}

static void
job_free(struct job *job)
{
	line_reader_free(&job->reader);
	arena_free(job->scratch);
	arena_free(job->arena);
	free(job->batch.bytes);
	free(job);
}

static bool
batch_is_full(const struct batch *batch)
{
	return batch->used >= BATCH_BYTES || batch->count == BATCH_LINES;
}

static void
batch_add(struct batch *batch, struct text line, size_t number)
{
	char *at = batch->bytes + batch->used;

	memcpy(at, line.at, line.len);
	batch->used += line.len;
	batch->lines[batch->count] = text_of(at, line.len);
	batch->numbers[batch->count++] = number;
}

/* What the database would refuse with all lines beside it is refused here. */
static void
take_line(struct job *job, struct text line)
{
	size_t number = job->reader.number;

	if (text_trim(line).len == 0)
		return;
	if (!in_work_try("the line", line, line))
		bad_lines_add(&job->bad, number, line,
			      TEXT("the program died of it"));
	else if (text_has(line, '\0'))
		bad_lines_add(&job->bad, number, line,
			      TEXT("holds a zero byte"));
	else if (!utf8_is_valid(line))
		bad_lines_add(&job->bad, number, line, TEXT("is not UTF-8"));
	else
		batch_add(&job->batch, line, number);
	in_work_done();
}

/* Reads until the batch is full or the file has ended.  False: an error. */
static bool
fill_batch(struct job *job, bool *at_end, struct why *why)
{
	struct text line;

	*at_end = false;
	job->batch.count = job->batch.used = 0;
	while (!batch_is_full(&job->batch)) {
		switch (line_reader_next(&job->reader, &line, why)) {
		case LINE_WHOLE:
			take_line(job, line);
			continue;
		case LINE_TOO_LONG:
			bad_lines_add_unread(&job->bad, job->reader.number,
					     TEXT("is too long"));
			continue;
		case LINE_NO_END:
			bad_lines_add(&job->bad, job->reader.number, line,
				      TEXT("is not complete: its writer "
					   "was stopped in the middle"));
			continue;
		case LINE_END:
			*at_end = true;
			return true;
		case LINE_NONE:
		case LINE_ERROR:
			return false;
		}
	}
	return true;
}

static void
add_type(struct load_counts *counts, struct text name, uint64_t rows)
{
	struct load_type *type;
	size_t i;

	for (i = 0; i < counts->type_count; i++)
		if (text_equal(text_from(counts->types[i].name), name))
			break;
	if (i == LOAD_TYPES_MOST || name.len >= sizeof(type->name))
		return;
	type = &counts->types[i];
	if (i == counts->type_count) {
		memcpy(type->name, name.at, name.len);
		type->name[name.len] = '\0';
		counts->type_count++;
	}
	type->rows += rows;
}

/* Row 0 has the counts, row -1 those of another type, the others name a
 * refused line each. */
static void
take_answer(struct job *job, const struct pg_rows *rows)
{
	struct batch *batch = &job->batch;
	int64_t n;
	size_t i;

	for (i = 0; i < pg_rows_count(rows); i++) {
		n = pg_rows_int(rows, i, 0);
		if (n == 0) {
			job->counts.messages += pg_rows_int(rows, i, 2);
			job->counts.evaluations += pg_rows_int(rows, i, 3);
			job->counts.duplicates += pg_rows_int(rows, i, 4);
		} else if (n == -1) {
			add_type(&job->counts, pg_rows_text(rows, i, 1),
				 (uint64_t)pg_rows_int(rows, i, 2));
		} else if (n > 0 && n <= (int64_t)batch->count) {
			bad_lines_add(&job->bad, batch->numbers[n - 1],
				      batch->lines[n - 1],
				      pg_rows_text(rows, i, 1));
		}
	}
}

/* Which of its lines it was is not known, so all of them wait for a person. */
static void
set_batch_aside(struct job *job)
{
	const struct batch *batch = &job->batch;
	size_t i;

	for (i = 0; i < batch->count; i++)
		bad_lines_add(&job->bad, batch->numbers[i], batch->lines[i],
			      TEXT("the program died when it sent this line "
				   "and those beside it"));
}

static enum pg_status
call_with_batch(struct job *job, struct why *why)
{
	struct pg_param params[2];
	struct pg_rows *rows;
	enum pg_status status;

	params[0] = pg_text(text_from(job->load->name));
	params[1] = pg_texts(job->scratch, job->batch.lines, job->batch.count);
	status = pg_call(job->load->pg, job->scratch,
			 "select * from signet.load_events($1, $2)", params, 2,
			 &rows, why);
	if (status == PG_DONE)
		take_answer(job, rows);
	job->counts.lines += job->batch.count;
	return status;
}

static enum pg_status
send_batch(struct job *job, struct why *why)
{
	const struct batch *batch = &job->batch;
	enum pg_status status = PG_DONE;

	if (batch->count == 0)
		return PG_DONE;
	if (in_work_try("lines to be sent, the first", batch->lines[0],
			text_of(batch->bytes, batch->used)))
		status = call_with_batch(job, why);
	else
		set_batch_aside(job);
	in_work_done();
	arena_reset(job->scratch);
	return status;
}

static enum load_status
status_of(enum pg_status status)
{
	switch (status) {
	case PG_DONE:
		return LOAD_DONE;
	case PG_NOT_ASKED:
	case PG_AWAY:
		return LOAD_AWAY;
	case PG_REFUSED:
		return LOAD_REFUSED;
	}
	return LOAD_AWAY;
}

/* All batches of the file in one transaction. */
static enum load_status
load_lines(struct job *job, struct why *why)
{
	struct pg *pg = job->load->pg;
	enum pg_status status;
	struct why ignored;
	bool at_end = false;

	status = pg_run(pg, BEGIN, why);
	while (status == PG_DONE && !at_end) {
		if (!fill_batch(job, &at_end, why)) {
			pg_run(pg, "rollback", &ignored);
			return LOAD_STUCK;
		}
		status = send_batch(job, why);
	}
	if (status == PG_DONE)
		status = pg_run(pg, "commit", why);
	else if (status == PG_REFUSED)
		pg_run(pg, "rollback", &ignored);
	return status_of(status);
}

const char *
load_counts_types(struct arena *arena, const struct load_counts *counts)
{
	const char *all = "";
	size_t i;

	for (i = 0; i < counts->type_count; i++)
		all = arena_printf(arena, "%s %s=%llu", all,
				   counts->types[i].name,
				   (unsigned long long)counts->types[i].rows);
	return all;
}

static void
add_counts(struct load_counts *to, const struct job *job)
{
	size_t i;

	to->files++;
	to->lines += job->counts.lines;
	to->messages += job->counts.messages;
	to->evaluations += job->counts.evaluations;
	to->duplicates += job->counts.duplicates;
	to->refused += job->bad.count;
	for (i = 0; i < job->counts.type_count; i++)
		add_type(to, text_from(job->counts.types[i].name),
			 job->counts.types[i].rows);
}

/* The file is in the database: bad lines aside, then the file goes. */
static enum load_status
finish(struct job *job, struct why *why)
{
	if (job->bad.count > 0 &&
	    !bad_lines_write(&job->bad, job->load->reader, &job->file, why)) {
		spool_reader_leave(&job->file);
		return LOAD_STUCK;
	}
	if (job->file.fd >= 0 &&
	    !spool_reader_remove(job->load->reader, &job->file, why))
		return LOAD_STUCK;
	add_counts(&job->load->counts, job);
	why->text[0] = '\0';
	if (job->bad.count > 0)
		why_set(why, "%zu lines put aside in bad/, %s", job->bad.count,
			job->bad.first);
	return LOAD_DONE;
}

enum load_status
load_file(struct load *load, const char *name, struct why *why)
{
	struct job *job;
	enum load_status status = LOAD_SKIPPED;

	if (!pg_connect(load->pg, why))
		return LOAD_AWAY;
	job = job_new(load);
	switch (spool_reader_take(load->reader, name, &job->file, why)) {
	case SPOOL_TAKEN:
		line_reader_init(&job->reader, job->file.fd);
		status = load_lines(job, why);
		if (status == LOAD_DONE)
			status = finish(job, why);
		else
			spool_reader_leave(&job->file);
		break;
	case SPOOL_TAKE_BUSY:
	case SPOOL_TAKE_GONE:
		break;
	case SPOOL_TAKE_NONE:
	case SPOOL_TAKE_ERROR:
		status = LOAD_STUCK;
		break;
	}
	job_free(job);
	return status;
}
