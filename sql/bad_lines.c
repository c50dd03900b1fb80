#include "sql/bad_lines.h"

#include "base/arena.h"
#include "base/utf8.h"
#include "base/why.h"
#include "sql/spool_reader.h"

/* above it the whole file is put aside instead */
#define LINES_MOST (8u << 20)
#define REASONS_MOST (4u << 20)
#define REASON_MOST 400

void
bad_lines_init(struct bad_lines *bad, struct arena *arena)
{
	*bad = (struct bad_lines){0};
	buf_init(&bad->lines, arena, LINES_MOST);
	buf_init(&bad->reasons, arena, REASONS_MOST);
}

static void
add_reason(struct bad_lines *bad, size_t number, struct text reason)
{
	reason = utf8_for_log(bad->reasons.arena, reason, REASON_MOST);
	buf_printf(&bad->reasons, "line %zu: ", number);
	buf_text(&bad->reasons, reason);
	buf_char(&bad->reasons, '\n');
	if (bad->count++ == 0)
		snprintf(bad->first, sizeof(bad->first), "line %zu: " TEXT_FMT,
			 number, TEXT_ARG(reason));
}

void
bad_lines_add(struct bad_lines *bad, size_t number, struct text line,
	      struct text reason)
{
	add_reason(bad, number, reason);
	buf_text(&bad->lines, line);
	buf_char(&bad->lines, '\n');
	if (!buf_ok(&bad->lines))
		bad->whole_file = true;
}

void
bad_lines_add_unread(struct bad_lines *bad, size_t number, struct text reason)
{
	add_reason(bad, number, reason);
	bad->whole_file = true;
}

bool
bad_lines_write(struct bad_lines *bad, struct spool_reader *reader,
		struct spool_file *file, struct why *why)
{
	char name[SPOOL_NAME_BYTES + 8];
	struct text reasons = buf_view(&bad->reasons);
	struct text lines = buf_view(&bad->lines);
	int directory = spool_reader_bad(reader);

	snprintf(name, sizeof(name), "%s.reason", file->name);
	if (!spool_write_file(directory, name, reasons.at, reasons.len, why))
		return false;
	if (bad->whole_file)
		return spool_reader_set_aside(reader, file, why);
	return spool_write_file(directory, file->name, lines.at, lines.len,
				why);
}
