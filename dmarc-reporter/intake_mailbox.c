#include "dmarc-reporter/intake_mailbox.h"

#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/limits.h"
#include "base/why.h"
#include "base/xalloc.h"
#include "io/file.h"

/* --- Maildir --- */

static int
is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static bool
read_one(const char *directory, const char *name, struct intake_reader *reader)
{
	struct arena *arena = arena_new();
	const char *path = arena_printf(arena, "%s/%s", directory, name);
	struct text message;
	struct stat info;
	bool go_on = true;

	if (stat(path, &info) != 0 || !S_ISREG(info.st_mode))
		reader->unreadable += errno != ENOENT;
	else if ((uint64_t)info.st_size > LIMIT_REPORT_MESSAGE_BYTES)
		reader->too_long++;
	else if (!file_read(arena, path, LIMIT_REPORT_MESSAGE_BYTES, &message,
			    NULL))
		reader->unreadable++;
	else
		go_on = reader->take(reader->data, text_from(path), message);
	arena_free(arena);
	return go_on;
}

static bool
read_folder(const char *directory, struct intake_reader *reader, bool *go_on,
	    struct why *why)
{
	struct dirent **entries;
	int count = scandir(directory, &entries, is_visible, alphasort), i;

	if (count < 0)
		return why_set(why, "cannot read %s: %s", directory,
			       strerror(errno));
	for (i = 0; i < count; i++) {
		*go_on =
		    *go_on && read_one(directory, entries[i]->d_name, reader);
		free(entries[i]);
	}
	free(entries);
	return true;
}

bool
intake_maildir_read(const char *directory, struct intake_reader *reader,
		    struct why *why)
{
	static const char *const folders[] = {"cur", "new", NULL};
	struct arena *arena = arena_new();
	bool found = false, go_on = true, fine = true;
	struct stat info;
	const char *path;
	unsigned i;

	for (i = 0; folders[i] != NULL && fine; i++) {
		path = arena_printf(arena, "%s/%s", directory, folders[i]);
		if (stat(path, &info) != 0)
			continue;
		found = true;
		fine = read_folder(path, reader, &go_on, why);
	}
	if (!found)
		fine = read_folder(directory, reader, &go_on, why);
	arena_free(arena);
	return fine;
}

/* --- mbox --- */

struct mbox {
	struct intake_reader *reader;
	const char *path;
	char *bytes;
	size_t len, room;
	uint64_t number;
	bool too_long;
};

static void
add_line(struct mbox *mbox, const char *line, size_t len)
{
	size_t quotes = 0;

	if (mbox->len + len > LIMIT_REPORT_MESSAGE_BYTES) {
		mbox->too_long = true;
		return;
	}
	while (quotes < len && line[quotes] == '>')
		quotes++;
	if (quotes > 0 && len - quotes >= 5 &&
	    memcmp(line + quotes, "From ", 5) == 0) {
		line++;
		len--;
	}
	if (mbox->room < mbox->len + len) {
		mbox->room = 2 * mbox->room + len + 65536;
		mbox->bytes = xrealloc(mbox->bytes, 1, mbox->room);
	}
	memcpy(mbox->bytes + mbox->len, line, len);
	mbox->len += len;
}

static bool
end_message(struct mbox *mbox)
{
	struct arena *arena = arena_new();
	struct text name = text_from(arena_printf(
	    arena, "%s:%llu", mbox->path, (unsigned long long)mbox->number));
	bool go_on = true;

	if (mbox->too_long)
		mbox->reader->too_long++;
	else if (mbox->number > 0)
		go_on = mbox->reader->take(mbox->reader->data, name,
					   text_of(mbox->bytes, mbox->len));
	mbox->len = 0;
	mbox->too_long = false;
	arena_free(arena);
	return go_on;
}

static bool
read_lines(struct mbox *mbox, FILE *file, struct why *why)
{
	bool after_empty = true, go_on = true;
	char *line = NULL;
	size_t room = 0;
	ssize_t len;

	while (go_on && (len = getline(&line, &room, file)) > 0) {
		if (after_empty && len >= 5 && memcmp(line, "From ", 5) == 0) {
			go_on = end_message(mbox);
			mbox->number++;
		} else if (mbox->number > 0) {
			add_line(mbox, line, (size_t)len);
		} else if (line[0] != '\n' && line[0] != '\r') {
			go_on = why_set(why,
					"%s is no mbox file: it does not "
					"begin with \"From \"",
					mbox->path);
			break;
		}
		after_empty = line[0] == '\n' || line[0] == '\r';
	}
	free(line);
	if (mbox->number == 0)
		return go_on;
	if (go_on)
		end_message(mbox);
	return true;
}

bool
intake_mbox_read(const char *path, struct intake_reader *reader,
		 struct why *why)
{
	struct mbox mbox = {.reader = reader, .path = path};
	FILE *file = fopen(path, "rb");
	bool fine;

	if (file == NULL)
		return why_set(why, "cannot open %s: %s", path,
			       strerror(errno));
	fine = read_lines(&mbox, file, why);
	if (ferror(file))
		fine =
		    why_set(why, "cannot read %s: %s", path, strerror(errno));
	fclose(file);
	free(mbox.bytes);
	return fine;
}
