#include "sql/spool_limit.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/limits.h"
#include "base/scan.h"
#include "base/why.h"
#include "io/in_work.h"
#include "sql/event_reduce.h"
#include "sql/line_reader.h"
#include "sql/spool_reader.h"

#define COUNTS_NAME "dropped"
#define REDUCED_END ".reduced.jsonl"
/* what a reduced file may hold; a spool file is about 1 MiB */
#define REDUCED_MOST (16u << 20)

struct spool_dropped
spool_limit_read(struct spool_reader *reader)
{
	struct spool_dropped dropped = {0, 0}, none = {0, 0};
	char bytes[128];
	struct scan in;
	ssize_t n;
	int fd;

	fd = openat(spool_reader_top(reader), COUNTS_NAME,
		    O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return none;
	n = read(fd, bytes, sizeof(bytes));
	close(fd);
	scan_init(&in, text_of(bytes, n > 0 ? (size_t)n : 0));
	if (scan_string(&in, "messages=") &&
	    scan_u64(&in, INT64_MAX, &dropped.messages) &&
	    scan_string(&in, " evaluations=") &&
	    scan_u64(&in, INT64_MAX, &dropped.evaluations))
		return dropped;
	return none;
}

static bool
write_counts(struct spool_reader *reader, const struct spool_dropped *dropped,
	     struct why *why)
{
	char bytes[128];
	int n =
	    snprintf(bytes, sizeof(bytes), "messages=%llu evaluations=%llu\n",
		     (unsigned long long)dropped->messages,
		     (unsigned long long)dropped->evaluations);

	return spool_write_file(spool_reader_top(reader), COUNTS_NAME, bytes,
				(size_t)n, why);
}

static void
keep(struct buf *kept, struct text line)
{
	buf_text(kept, line);
	buf_char(kept, '\n');
}

static void
reduce_line(struct text line, struct buf *kept, struct buf *scratch,
	    struct spool_dropped *dropped)
{
	switch (event_reduce(line, scratch)) {
	case REDUCE_EMPTY:
		dropped->messages++;
		break;
	case REDUCE_SMALLER:
		dropped->messages++;
		keep(kept, buf_view(scratch));
		break;
	case REDUCE_NOT_DONE:
	case REDUCE_AS_IS:
	case REDUCE_UNREADABLE:
		keep(kept, line);
		break;
	}
}

/* What stays of an open file.  False: it cannot be reduced. */
static bool
reduce_lines(int fd, struct buf *kept, struct buf *scratch,
	     struct spool_dropped *dropped, struct why *why)
{
	struct line_reader reader;
	struct text line;
	bool ok = false, more = true;

	line_reader_init(&reader, fd);
	while (more) {
		switch (line_reader_next(&reader, &line, why)) {
		case LINE_WHOLE:
			reduce_line(line, kept, scratch, dropped);
			break;
		case LINE_END:
			ok = true;
			more = false;
			break;
		case LINE_NONE:
		case LINE_TOO_LONG:
		case LINE_NO_END:
		case LINE_ERROR:
			more = false;
			break;
		}
	}
	line_reader_free(&reader);
	return ok && buf_ok(kept);
}

/* Replaces one file by what stays of it.  Returns the bytes won. */
static int64_t
reduce_file(struct spool_reader *reader, const struct spool_name *from,
	    struct spool_dropped *dropped, struct why *why)
{
	struct arena *arena = arena_new();
	struct spool_dropped counts = *dropped;
	struct spool_file file;
	struct buf kept, scratch;
	const char *name;
	int64_t won = 0;

	buf_init(&kept, arena, REDUCED_MOST);
	buf_init(&scratch, arena, LIMIT_EVENT_BYTES);
	if (!in_work_try("the file to be reduced", text_from(from->name),
			 text_from(from->name))) {
		arena_free(arena);
		return 0;
	}
	name = arena_printf(arena, "%.*s" REDUCED_END,
			    (int)strlen(from->name) - 6, from->name);
	if (strlen(name) < SPOOL_NAME_BYTES &&
	    spool_reader_take(reader, from->name, &file, why) == SPOOL_TAKEN) {
		if (reduce_lines(file.fd, &kept, &scratch, &counts, why) &&
		    (kept.len == 0 ||
		     spool_reader_replace(reader, name, buf_view(&kept).at,
					  kept.len, why)) &&
		    spool_reader_remove(reader, &file, why)) {
			*dropped = counts;
			won = from->bytes - (int64_t)kept.len;
		} else if (file.fd >= 0) {
			spool_reader_leave(&file);
		}
	}
	in_work_done();
	arena_free(arena);
	return won;
}

static uint64_t
count_lines(int fd)
{
	char bytes[8192];
	uint64_t lines = 0;
	ssize_t i, n;

	while ((n = read(fd, bytes, sizeof(bytes))) > 0)
		for (i = 0; i < n; i++)
			lines += bytes[i] == '\n';
	return lines;
}

static int64_t
drop_file(struct spool_reader *reader, const struct spool_name *from,
	  struct spool_dropped *dropped, struct why *why)
{
	struct spool_file file;
	uint64_t lines;

	if (spool_reader_take(reader, from->name, &file, why) != SPOOL_TAKEN)
		return 0;
	lines = count_lines(file.fd);
	if (!spool_reader_remove(reader, &file, why))
		return 0;
	dropped->evaluations += lines;
	return from->bytes;
}

/* Ledger first.  False: nothing was won by that. */
static bool
reduce_files(struct spool_reader *reader, const struct spool_list *list,
	     int64_t enough, struct spool_dropped *dropped, struct why *why)
{
	int64_t bytes = list->bytes;
	size_t i;

	for (i = 0; i < list->count && bytes > enough; i++)
		bytes -= reduce_file(reader, &list->names[i], dropped, why);
	return bytes < list->bytes;
}

static void
drop_files(struct spool_reader *reader, const struct spool_list *list,
	   int64_t enough, struct spool_dropped *dropped, struct why *why)
{
	int64_t bytes = list->bytes;
	size_t i;

	for (i = 0; i < list->count && bytes > enough; i++)
		bytes -= drop_file(reader, &list->names[i], dropped, why);
}

bool
spool_limit_apply(struct spool_reader *reader, struct spool_list *list,
		  uint64_t most_bytes, struct spool_dropped *dropped,
		  struct why *why)
{
	int64_t start = (int64_t)(most_bytes / 10 * 9);
	int64_t enough = (int64_t)(most_bytes / 10 * 8);
	struct spool_dropped before = *dropped;

	why->text[0] = '\0';
	if (!spool_reader_list(reader, REDUCED_END, list, why) ||
	    list->bytes <= start)
		return false;
	if (!reduce_files(reader, list, enough, dropped, why) &&
	    spool_reader_list(reader, NULL, list, why))
		drop_files(reader, list, enough, dropped, why);
	if (dropped->messages == before.messages &&
	    dropped->evaluations == before.evaluations)
		return false;
	if (!write_counts(reader, dropped, why))
		return false;
	why_set(
	    why, "dropped %llu ledger rows and %llu evaluations",
	    (unsigned long long)(dropped->messages - before.messages),
	    (unsigned long long)(dropped->evaluations - before.evaluations));
	return true;
}
