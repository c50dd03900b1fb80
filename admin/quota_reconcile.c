#include "admin/quota_reconcile.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "admin/quota.h"
#include "admin/quota_listing.h"
#include "base/arena.h"
#include "base/utf8.h"
#include "base/why.h"
#include "io/child.h"
#include "io/pg.h"
#include "sql/line_reader.h"

#define DOVEADM "/usr/bin/doveadm"
/* A run over many accounts opens the indexes of each. */
#define RUN_MS (60 * 60 * 1000)
#define BATCH 500
#define SHOWN_MOST 200
#define SAID_MOST 300

/* One account and root, of its two lines. */
struct entry {
	struct text account, root;
	uint64_t kib, kib_limit, messages, messages_limit;
};

struct reconciliation {
	struct quota_run *run;
	struct arena *arena; /* of the batch */
	struct arena *line;  /* of a line */
	const char *at;	     /* when doveadm began */
	const char *only;    /* one account; NULL: all */
	struct entry entries[BATCH];
	size_t count;
	struct text last_account; /* in run->arena */
	struct text first_root;
	long long accounts, mended, bad_lines;
	struct why bad;
};

/* --- to the database --- */

static struct text
number(struct arena *arena, uint64_t value)
{
	return text_from(arena_printf(arena, "%" PRIu64, value));
}

static void
tell_changes(struct reconciliation *all, const struct pg_rows *rows)
{
	size_t i;
	int column;

	for (i = 0; i < pg_rows_count(rows); i++) {
		struct text shown[5];

		for (column = 0; column < 5; column++)
			shown[column] = utf8_for_log(
			    all->arena, pg_rows_text(rows, i, column),
			    SHOWN_MOST);
		printf("%.*s (%.*s): %.*s: %.*s, now %.*s\n",
		       TEXT_ARG(shown[0]), TEXT_ARG(shown[1]),
		       TEXT_ARG(shown[2]), TEXT_ARG(shown[3]),
		       TEXT_ARG(shown[4]));
	}
	all->mended += (long long)pg_rows_count(rows);
}

static bool
send_batch(struct reconciliation *all, struct why *why)
{
	enum { COLUMNS = 6 };
	struct text *values[COLUMNS];
	struct pg_param params[COLUMNS + 2];
	struct pg_rows *rows;
	size_t i, c;

	if (all->count == 0)
		return true;
	for (c = 0; c < COLUMNS; c++)
		values[c] =
		    arena_new_array(all->arena, struct text, all->count);
	for (i = 0; i < all->count; i++) {
		const struct entry *entry = &all->entries[i];

		values[0][i] = entry->account;
		values[1][i] = entry->root;
		values[2][i] = number(all->arena, entry->kib);
		values[3][i] = number(all->arena, entry->kib_limit);
		values[4][i] = number(all->arena, entry->messages);
		values[5][i] = number(all->arena, entry->messages_limit);
	}
	for (c = 0; c < COLUMNS; c++)
		params[c] = pg_texts(all->arena, values[c], all->count);
	params[COLUMNS] = pg_string(all->at);
	params[COLUMNS + 1] = pg_string(all->run->hostname);
	if (pg_call(all->run->pg, all->arena,
		    "select * from signet.quota_reconcile($1, $2, "
		    "$3::text[]::bigint[], $4::text[]::bigint[], "
		    "$5::text[]::bigint[], $6::text[]::bigint[], "
		    "$7::timestamptz, $8)",
		    params, COLUMNS + 2, &rows, why) != PG_DONE)
		return false;
	tell_changes(all, rows);
	all->count = 0;
	arena_reset(all->arena);
	return true;
}

/* --- from doveadm --- */

static void
count_account(struct reconciliation *all, struct text account)
{
	if (all->accounts > 0 && text_equal(account, all->last_account))
		return;
	all->accounts++;
	all->last_account = text_copy(all->run->arena, account);
}

/* The entry of this account and root, which is the last one or a new one. */
static struct entry *
entry_of(struct reconciliation *all, const struct quota_line *line)
{
	struct entry *last =
	    all->count > 0 ? &all->entries[all->count - 1] : NULL;

	if (last != NULL && text_equal(last->account, line->account) &&
	    text_equal(last->root, line->root))
		return last;
	return NULL;
}

static bool
take_line(struct reconciliation *all, const struct quota_line *line,
	  struct why *why)
{
	struct entry *entry = entry_of(all, line);

	if (entry == NULL) {
		if (all->count == BATCH && !send_batch(all, why))
			return false;
		entry = &all->entries[all->count++];
		*entry = (struct entry){
		    .account = text_copy(all->arena, line->account),
		    .root = text_copy(all->arena, line->root)};
		if (all->first_root.len == 0)
			all->first_root =
			    text_copy(all->run->arena, line->root);
		count_account(all, line->account);
	}
	if (line->type == QUOTA_STORAGE) {
		entry->kib = line->value;
		entry->kib_limit = line->limit;
	} else if (line->type == QUOTA_MESSAGE) {
		entry->messages = line->value;
		entry->messages_limit = line->limit;
	}
	return true;
}

static bool
take_text(struct reconciliation *all, const struct quota_columns *columns,
	  struct text text, struct why *why)
{
	struct quota_line line;

	arena_reset(all->line);
	if (!quota_line_parse(all->line, text, columns, &line, why)) {
		if (all->bad_lines++ == 0)
			all->bad = *why;
		return true;
	}
	if (all->only != NULL)
		line.account = text_from(all->only);
	return take_line(all, &line, why);
}

static bool
read_listing(struct reconciliation *all, int fd, struct why *why)
{
	struct line_reader reader;
	struct quota_columns columns;
	struct text text;
	enum line_kind kind;
	bool good = true, has_names = false;

	line_reader_init(&reader, fd);
	while (good) {
		kind = line_reader_next(&reader, &text, why);
		if (kind == LINE_END)
			break;
		if (kind == LINE_ERROR)
			good = false;
		else if (kind == LINE_TOO_LONG)
			all->bad_lines++;
		else if (!has_names)
			good = has_names =
			    quota_columns_parse(text, &columns, why);
		else
			good = take_text(all, &columns, text, why);
	}
	line_reader_free(&reader);
	return good && send_batch(all, why);
}

static bool
has(struct text text, const char *word)
{
	return text.len > 0 &&
	       memmem(text.at, text.len, word, strlen(word)) != NULL;
}

/* A user that cannot be looked up is an error on standard error, and no more:
 * doveadm -A of 2.3.19 goes on and ends with 0. */
static bool
went_well(const struct child_result *result)
{
	return result->status == 0 && result->output.len < CHILD_OUTPUT_BYTES &&
	       !has(result->output, "Error: ") &&
	       !has(result->output, "Fatal: ") &&
	       !has(result->output, "Panic: ");
}

/* True also if doveadm failed for some of them: `is_whole` tells. */
static bool
run_doveadm(struct reconciliation *all, const char *verb, int output,
	    bool *is_whole, struct why *why)
{
	struct quota_run *run = all->run;
	const char *arguments[] = {run->doveadm != NULL ? run->doveadm
							: DOVEADM,
				   "-f",
				   "tab",
				   "quota",
				   verb,
				   all->only != NULL ? "-u" : "-A",
				   all->only,
				   NULL,
				   NULL,
				   NULL};
	size_t end = all->only != NULL ? 7 : 6;
	struct child_result result;
	int input = open("/dev/null", O_RDONLY | O_CLOEXEC);
	bool ran;

	if (run->doveadm_socket != NULL) {
		arguments[end] = "-S";
		arguments[end + 1] = run->doveadm_socket;
	}
	ran = input >= 0 && child_run_files(run->arena, arguments, input,
					    output, RUN_MS, &result, why);

	if (input >= 0)
		close(input);
	else
		why_set(why, "/dev/null: %s", strerror(errno));
	if (!ran)
		return false;
	*is_whole = *is_whole && went_well(&result);
	if (!went_well(&result))
		fprintf(stderr, "signet quota: doveadm quota %s: %.*s\n", verb,
			TEXT_ARG(child_words(run->arena, &result, SAID_MOST)));
	return true;
}

/* --- all of it --- */

static bool
finish(struct reconciliation *all, struct why *why)
{
	struct quota_run *run = all->run;
	struct pg_param params[5] = {
	    pg_string(run->hostname), pg_string(all->at),
	    pg_text(all->first_root),
	    pg_string(arena_printf(run->arena, "%lld", all->accounts)),
	    pg_string(arena_printf(run->arena, "%lld", all->mended))};
	struct pg_rows *rows;
	size_t i;

	if (pg_call(run->pg, run->arena,
		    "select * from signet.quota_reconcile_end($1, "
		    "$2::timestamptz, $3, $4::bigint, $5::bigint)",
		    params, 5, &rows, why) != PG_DONE)
		return false;
	for (i = 0; i < pg_rows_count(rows); i++)
		printf("%.*s (%.*s): removed, Dovecot does not have it\n",
		       TEXT_ARG(utf8_for_log(
			   run->arena, pg_rows_text(rows, i, 0), SHOWN_MOST)),
		       TEXT_ARG(utf8_for_log(
			   run->arena, pg_rows_text(rows, i, 1), SHOWN_MOST)));
	return true;
}

/* Nothing is removed unless all were told. */
static int
compare(struct reconciliation *all, int output, struct why *why)
{
	bool is_whole = true;

	if (all->run->recalc &&
	    !run_doveadm(all, "recalc", output, &is_whole, why))
		return quota_fail(why->text);
	if (ftruncate(output, 0) != 0 || lseek(output, 0, SEEK_SET) != 0 ||
	    !run_doveadm(all, "get", output, &is_whole, why) ||
	    lseek(output, 0, SEEK_SET) != 0 || !read_listing(all, output, why))
		return quota_fail(why->text);
	if (all->bad_lines > 0)
		fprintf(stderr,
			"signet quota: %lld lines of doveadm are left out: "
			"%s\n",
			all->bad_lines, all->bad.text);
	is_whole = is_whole && all->bad_lines == 0;
	if (is_whole && all->only == NULL && !finish(all, why))
		return quota_fail(why->text);
	printf("%lld accounts, %lld mended%s\n", all->accounts, all->mended,
	       is_whole ? "" : "; not all could be asked, nothing is removed");
	return is_whole ? 0 : 1;
}

int
quota_reconcile(struct quota_run *run)
{
	struct reconciliation *all =
	    arena_new_value(run->arena, struct reconciliation);
	struct pg_rows *rows;
	FILE *output;
	struct why why;
	int status;

	all->run = run;
	all->only = run->count > 0 ? run->words[0] : NULL;
	if (!quota_ask(run, "select now()::text", NULL, 0, &rows))
		return 2;
	all->at = text_string(run->arena, pg_rows_text(rows, 0, 0));
	output = tmpfile();
	if (output == NULL)
		return quota_fail(strerror(errno));
	all->arena = arena_new();
	all->line = arena_new();
	why_set(&why, "the list of doveadm cannot be kept");
	status = compare(all, fileno(output), &why);
	arena_free(all->arena);
	arena_free(all->line);
	fclose(output);
	return status;
}
