#include "milter/sender_source.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/limits.h"
#include "base/why.h"
#include "base/xalloc.h"
#include "io/clock.h"
#include "io/log.h"
#include "io/pg.h"

/* one call, so that a stop does not wait longer */
#define CALL_MS 5000
#define PAUSE_MOST_MS 60000

struct sender_source {
	char *snapshot, *fresh; /* the file, and what is to become it */
	int64_t refresh_ms;
	struct pg *pg; /* the thread's */
	bool in_trouble;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool stopping;
	struct sender_book *book;
	int64_t asked_ms; /* 0: never */
};

/* --- the file --- */

static bool
write_all(int fd, struct text bytes)
{
	ssize_t done;

	while (bytes.len > 0) {
		done = write(fd, bytes.at, bytes.len);
		if (done < 0 && errno != EINTR)
			return false;
		if (done > 0)
			bytes = text_skip(bytes, (size_t)done);
	}
	return true;
}

static bool
write_snapshot(struct sender_source *source, struct text bytes, struct why *why)
{
	int fd =
	    open(source->fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
	bool fine;

	if (fd < 0)
		return why_set(why, "cannot write %s: %s", source->fresh,
			       strerror(errno));
	fine = write_all(fd, bytes) && fsync(fd) == 0;
	if (!fine)
		why_set(why, "cannot write %s: %s", source->fresh,
			strerror(errno));
	close(fd);
	if (fine && rename(source->fresh, source->snapshot) != 0)
		fine = why_set(why, "cannot rename %s: %s", source->fresh,
			       strerror(errno));
	return fine;
}

/* --- the database --- */

/* What would break a line, or the table's form. */
static bool
is_writable(struct text text)
{
	size_t i;

	for (i = 0; i < text.len; i++)
		if ((unsigned char)text.at[i] < 0x20 || text.at[i] == 0x7f)
			return false;
	return text.len > 0;
}

static bool
is_address(struct text address)
{
	return is_writable(address) && address.at[0] != '#' &&
	       address.at[0] != ' ' && address.at[0] != '"' &&
	       !text_has(address, ' ');
}

static bool
write_rows(struct arena *arena, const struct pg_rows *rows, struct buf *to,
	   struct why *why)
{
	struct text address, logins;
	size_t i;

	if (pg_rows_count(rows) == 0)
		return why_set(why, "signet.sender_login is empty: nobody "
				    "could write any mail");
	buf_init(to, arena, LIMIT_SENDER_BYTES);
	buf_string(to, "# from the table signet.sender_login; written again "
		       "by signet-sign\n");
	for (i = 0; i < pg_rows_count(rows); i++) {
		address = pg_rows_text(rows, i, 0);
		logins = pg_rows_text(rows, i, 1);
		if (!is_address(address) || !is_writable(logins))
			continue;
		buf_text(to, address);
		buf_char(to, '\t');
		buf_text(to, logins);
		buf_char(to, '\n');
	}
	return buf_ok(to) || why_set(why, "the table has more than %u bytes",
				     LIMIT_SENDER_BYTES);
}

static bool
ask(struct sender_source *source, struct arena *arena, struct buf *to,
    struct why *why)
{
	struct pg_rows *rows;

	return pg_call(source->pg, arena,
		       "select address, logins from "
		       "signet.sender_login_list()",
		       NULL, 0, &rows, why) == PG_DONE &&
	       write_rows(arena, rows, to, why);
}

static void
take_over(struct sender_source *source, struct sender_book *book)
{
	struct sender_book *before;

	pthread_mutex_lock(&source->lock);
	before = source->book;
	source->book = book;
	source->asked_ms = clock_monotonic_ms();
	pthread_mutex_unlock(&source->lock);
	sender_book_release(before);
}

static bool
refresh(struct sender_source *source, struct why *why)
{
	struct arena *arena = arena_new();
	struct sender_book *book;
	struct buf contents;
	bool fine = ask(source, arena, &contents, why) &&
		    write_snapshot(source, buf_view(&contents), why);

	arena_free(arena);
	if (!fine)
		return false;
	book = sender_book_read(source->snapshot, why);
	if (book == NULL)
		return false;
	take_over(source, book);
	return true;
}

/* One line when the table cannot be had, and one when it can again. */
static void
refresh_and_tell(struct sender_source *source)
{
	struct why why;
	bool fine = refresh(source, &why);

	if (fine == !source->in_trouble)
		return;
	source->in_trouble = !fine;
	if (fine)
		log_info("the table of senders is read again");
	else
		log_warning("the table of senders cannot be read, what was "
			    "read last counts: %s",
			    why.text);
}

/* --- the thread --- */

static void
wait_for(struct sender_source *source, int64_t wait_ms)
{
	struct deadline deadline = clock_deadline_in(wait_ms);
	struct timespec until = {.tv_sec = deadline.at_ms / 1000,
				 .tv_nsec = deadline.at_ms % 1000 * 1000000};

	pthread_mutex_lock(&source->lock);
	while (!source->stopping && clock_monotonic_ms() < deadline.at_ms)
		pthread_cond_clockwait(&source->wake, &source->lock,
				       CLOCK_MONOTONIC, &until);
	pthread_mutex_unlock(&source->lock);
}

static bool
is_stopping(struct sender_source *source)
{
	bool stopping;

	pthread_mutex_lock(&source->lock);
	stopping = source->stopping;
	pthread_mutex_unlock(&source->lock);
	return stopping;
}

static void *
keep_fresh(void *handle)
{
	struct sender_source *source = handle;

	while (!is_stopping(source)) {
		refresh_and_tell(source);
		wait_for(source, source->refresh_ms);
	}
	return NULL;
}

static void
give_back(struct sender_source *source)
{
	pg_close(source->pg);
	sender_book_release(source->book);
	pthread_cond_destroy(&source->wake);
	pthread_mutex_destroy(&source->lock);
	free(source->snapshot);
	free(source->fresh);
	free(source);
}

static char *
with_ending(const char *path, const char *ending)
{
	size_t length = strlen(path), more = strlen(ending);
	char *to = xcalloc(1, length + more + 1);

	memcpy(to, path, length);
	memcpy(to + length, ending, more);
	return to;
}

/* A snapshot that is not there is made by the first answer. */
static bool
read_first(struct sender_source *source, struct why *why)
{
	if (access(source->snapshot, F_OK) != 0) {
		log_info("there is no %s yet: senders are not known until the "
			 "database answers",
			 source->snapshot);
		return true;
	}
	source->book = sender_book_read(source->snapshot, why);
	return source->book != NULL;
}

struct sender_source *
sender_source_open(const struct sender_source_options *options, struct why *why)
{
	struct sender_source *source = xcalloc(1, sizeof(*source));
	struct pg_options pg = {.conninfo = options->conninfo,
				.program = "signet-sign",
				.call_ms = CALL_MS,
				.pause_most_ms = PAUSE_MOST_MS};

	source->snapshot = xstrdup(options->snapshot);
	source->fresh = with_ending(options->snapshot, ".new");
	source->refresh_ms = (int64_t)options->refresh_s * 1000;
	source->pg = pg_open(&pg);
	pthread_mutex_init(&source->lock, NULL);
	pthread_cond_init(&source->wake, NULL);
	if (!read_first(source, why)) {
		give_back(source);
		return NULL;
	}
	if (pthread_create(&source->thread, NULL, keep_fresh, source) != 0) {
		why_set(why, "cannot start a thread");
		give_back(source);
		return NULL;
	}
	return source;
}

void
sender_source_close(struct sender_source *source)
{
	if (source == NULL)
		return;
	pthread_mutex_lock(&source->lock);
	source->stopping = true;
	pthread_cond_signal(&source->wake);
	pthread_mutex_unlock(&source->lock);
	pthread_join(source->thread, NULL);
	give_back(source);
}

struct sender_book *
sender_source_hold(struct sender_source *source)
{
	struct sender_book *book;

	pthread_mutex_lock(&source->lock);
	book = source->book != NULL ? sender_book_hold(source->book) : NULL;
	pthread_mutex_unlock(&source->lock);
	return book;
}

int64_t
sender_source_age_s(struct sender_source *source)
{
	int64_t asked_ms;

	pthread_mutex_lock(&source->lock);
	asked_ms = source->asked_ms;
	pthread_mutex_unlock(&source->lock);
	return asked_ms == 0 ? -1 : (clock_monotonic_ms() - asked_ms) / 1000;
}
