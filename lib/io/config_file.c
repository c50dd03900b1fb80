#include "io/config_file.h"

#include <config.h>
#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/text.h"
#include "base/why.h"

/* What the reader (lines for inih) and the handler (pairs from inih) share. */
struct reading {
	struct arena *arena;
	struct config_file *file;
	struct config_entry **last_entry;
	struct text rest;
	unsigned line;
	const char *section;
	bool failed;
	struct why *why;
};

static bool
fail(struct reading *in, const char *sentence)
{
	if (!in->failed)
		why_set(in->why, "%s:%u: %s", in->file->path, in->line,
			sentence);
	in->failed = true;
	return false;
}

/* Notes the section here, since inih cuts long names and passes over empty
 * sections. */
static bool
note_section(struct reading *in, struct text line)
{
	struct config_section **at = &in->file->sections;
	size_t end = text_find(line, ']');
	struct text name = text_trim(text_first(text_skip(line, 1), end - 1));
	struct text behind = text_trim(text_skip(line, end + 1));

	if (end == line.len || name.len == 0)
		return fail(in, "section without a name in brackets; write "
				"[NAME]");
	if (behind.len > 0 && behind.at[0] != ';')
		return fail(in, "text behind a section; write the options on "
				"lines of their own");
	for (; *at != NULL; at = &(*at)->next)
		if (text_equal(text_from((*at)->name), name)) {
			in->section = (*at)->name;
			return true;
		}
	*at = arena_new_value(in->arena, struct config_section);
	(*at)->name = in->section = text_string(in->arena, name);
	(*at)->line = in->line;
	return true;
}

static bool
check_line(struct reading *in, struct text line, int room)
{
	if (text_has(line, '\0'))
		return fail(in, "the line holds a NUL byte; write the file "
				"anew with a text editor");
	if (line.len > CONFIG_LINE_BYTES || line.len + 2 > (size_t)room)
		return fail(in, "the line is too long; a list may go on with "
				"a further line of the same name");
	return true;
}

/* Gives inih one line without what stands before and after it. */
static char *
next_line(char *to, int room, void *stream)
{
	struct reading *in = stream;
	size_t end = text_find(in->rest, '\n');
	struct text line = text_trim(text_first(in->rest, end));

	if (in->rest.len == 0)
		return NULL;
	in->rest = text_skip(in->rest, end + 1);
	in->line++;
	if (in->failed || !check_line(in, line, room) ||
	    (line.len > 0 && line.at[0] == '[')) {
		if (!in->failed)
			note_section(in, line);
		line.len = 0;
	}
	if (line.len > 0)
		memcpy(to, line.at, line.len);
	to[line.len] = '\n';
	to[line.len + 1] = '\0';
	return to;
}

static int
take_pair(void *user, const char *section, const char *name, const char *value)
{
	struct reading *in = user;
	struct config_entry *entry;

	if (in->failed)
		return 0;
	if (in->section == NULL)
		return fail(in, "option before the first section; write "
				"[common] above it");
	if (name[0] == '\0' || value == NULL)
		return fail(in, "line without a name; write NAME = VALUE");
	entry = arena_new_value(in->arena, struct config_entry);
	entry->section = in->section;
	entry->name = text_string(in->arena, text_from(name));
	entry->value = text_string(in->arena, text_from(value));
	entry->line = in->line;
	*in->last_entry = entry;
	in->last_entry = &entry->next;
	return 1;
}

bool
config_file_parse(struct arena *arena, const char *path, const char *bytes,
		  size_t length, struct config_file *file, struct why *why)
{
	struct reading in = {.arena = arena, .file = file, .why = why};
	int bad_line;

	memset(file, 0, sizeof(*file));
	file->path = path;
	in.last_entry = &file->entries;
	in.rest = text_of(bytes, length);
	if (text_starts(in.rest, TEXT("\xef\xbb\xbf")))
		in.rest = text_skip(in.rest, 3);
#if HAVE_DECL_INI_MAX_LINE
	ini_use_stack = true;
	ini_max_line = CONFIG_LINE_BYTES + 3;
#endif
	bad_line = ini_parse_stream(next_line, &in, take_pair, &in);
	if (in.failed)
		return false;
	if (bad_line > 0)
		return why_set(why,
			       "%s:%d: the line is neither an option nor a "
			       "section; write NAME = VALUE or [SECTION]",
			       path, bad_line);
	if (bad_line < 0)
		return why_set(why, "%s: out of memory", path);
	return true;
}

static const char *
open_remedy(int code)
{
	if (code == EACCES)
		return "let this program's user read it";
	return "see signet.conf(5) for what it holds, or name another file "
	       "with -c";
}

static bool
read_all(const char *path, int fd, char *bytes, size_t *length, struct why *why)
{
	ssize_t got;

	*length = 0;
	for (;;) {
		got = read(fd, bytes + *length, CONFIG_FILE_BYTES - *length);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return why_set(why,
				       "cannot read %s: %s; name a file "
				       "with -c",
				       path, strerror(errno));
		if (got == 0)
			return true;
		*length += (size_t)got;
		if (*length == CONFIG_FILE_BYTES)
			return why_set(why,
				       "%s is larger than 1 MiB; that cannot "
				       "be a configuration file",
				       path);
	}
}

bool
config_file_read(struct arena *arena, const char *path,
		 struct config_file *file, struct why *why)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	char *bytes;
	size_t length;
	bool ok;

	if (fd < 0)
		return why_set(why, "cannot open %s: %s; %s", path,
			       strerror(errno), open_remedy(errno));
	bytes = arena_bytes(arena, CONFIG_FILE_BYTES);
	ok = read_all(path, fd, bytes, &length, why);
	close(fd);
	return ok && config_file_parse(arena, path, bytes, length, file, why);
}
