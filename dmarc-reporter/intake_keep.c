#include "dmarc-reporter/intake_keep.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/date.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/why.h"
#include "io/file.h"

#define REASON_BYTES 65536

struct found {
	char name[NAME_MAX + 1];
	uint64_t bytes;
};

struct content {
	struct found *files;
	size_t count;
	uint64_t bytes;
};

/* --- the folder --- */

static bool
blame(const char *what, const char *path, struct why *why)
{
	return why_set(why, "cannot %s %s: %s", what, path, strerror(errno));
}

static const char *
bin_path(struct arena *arena, const struct intake_bin *bin)
{
	return arena_printf(arena, "%s/%s", bin->directory, bin->name);
}

/* Others that write to the same bin wait until it is closed: its size is a
 * bound for all of them together. */
static bool
lock_bin(int bin_fd, struct why *why)
{
	while (flock(bin_fd, LOCK_EX) != 0)
		if (errno != EINTR)
			return blame("lock", "the folder", why);
	return true;
}

static int
open_bin(struct arena *arena, const struct intake_bin *bin, struct why *why)
{
	const char *path = bin_path(arena, bin);
	int fd;

	if ((mkdir(bin->directory, 0700) != 0 && errno != EEXIST) ||
	    (mkdir(path, 0700) != 0 && errno != EEXIST)) {
		blame("make", path, why);
		return -1;
	}
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		blame("open", path, why);
	return fd;
}

static void
add_found(struct arena *arena, struct content *content, const char *name,
	  uint64_t bytes)
{
	struct found *grown;

	if ((content->count & (content->count - 1)) == 0) {
		grown = arena_new_array(arena, struct found,
					2 * content->count + 1);
		if (content->count > 0)
			memcpy(grown, content->files,
			       content->count * sizeof(*grown));
		content->files = grown;
	}
	snprintf(content->files[content->count].name, NAME_MAX + 1, "%s", name);
	content->files[content->count++].bytes = bytes;
	content->bytes += bytes;
}

static int
compare(const void *a, const void *b)
{
	return strcmp(((const struct found *)a)->name,
		      ((const struct found *)b)->name);
}

/* What lies in it, oldest first. */
static bool
list_bin(struct arena *arena, int bin_fd, struct content *content,
	 struct why *why)
{
	int fd = openat(bin_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *directory = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *entry;
	struct stat info;

	*content = (struct content){0};
	if (directory == NULL)
		return blame("read", "the folder", why);
	while ((entry = readdir(directory)) != NULL)
		if (entry->d_name[0] != '.' &&
		    fstatat(bin_fd, entry->d_name, &info, 0) == 0 &&
		    S_ISREG(info.st_mode))
			add_found(arena, content, entry->d_name,
				  (uint64_t)info.st_size);
	closedir(directory);
	if (content->count > 0)
		qsort(content->files, content->count, sizeof(*content->files),
		      compare);
	return true;
}

/* Room for `wanted` bytes more, by taking the oldest away if that is how the
 * bin does it. */
static bool
make_room(struct arena *arena, const struct intake_bin *bin, int bin_fd,
	  uint64_t wanted, uint64_t *room, struct why *why)
{
	struct content content;
	size_t i;

	if (!list_bin(arena, bin_fd, &content, why))
		return false;
	for (i = 0; i < content.count && bin->makes_room; i++) {
		if (content.bytes + wanted <= bin->most_bytes)
			break;
		if (unlinkat(bin_fd, content.files[i].name, 0) == 0)
			content.bytes -= content.files[i].bytes;
	}
	*room = content.bytes < bin->most_bytes
		    ? bin->most_bytes - content.bytes
		    : 0;
	if (wanted <= *room)
		return true;
	return why_set(why,
		       "%s/%s is full: %llu of %llu bytes; look into it, then "
		       "empty it or raise %s_max",
		       bin->directory, bin->name,
		       (unsigned long long)content.bytes,
		       (unsigned long long)bin->most_bytes, bin->name);
}

/* --- one message --- */

static bool
write_all(int fd, const char *bytes, size_t len)
{
	ssize_t done;

	while (len > 0) {
		done = write(fd, bytes, len);
		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return false;
		bytes += done;
		len -= (size_t)done;
	}
	return true;
}

/* What did not fit into memory follows from where it comes. */
static bool
write_rest(int from, int to, uint64_t room, struct why *why)
{
	char piece[65536];
	ssize_t got = 1;

	while (from >= 0 && got > 0) {
		got = read(from, piece, sizeof(piece));
		if (got < 0 && errno == EINTR) {
			got = 1;
			continue;
		}
		if (got < 0)
			return blame("read", "the message", why);
		if ((uint64_t)got > room)
			return why_set(why, "there is no room for all of the "
					    "message");
		room -= (uint64_t)got;
		if (!write_all(to, piece, (size_t)got))
			return blame("write", "the message", why);
	}
	return true;
}

static int
create(int bin_fd, const char *name, struct why *why)
{
	int fd =
	    openat(bin_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0)
		blame("create", name, why);
	return fd;
}

static bool
finish(int fd, const char *name, bool written, struct why *why)
{
	bool synced = written && fsync(fd) == 0;

	if (written && !synced)
		blame("sync", name, why);
	if (close(fd) != 0 && synced)
		return blame("close", name, why);
	return synced;
}

static bool
write_message(int bin_fd, const char *name, struct text message, int rest,
	      uint64_t room, struct why *why)
{
	int fd = create(bin_fd, name, why);
	bool written;

	if (fd < 0)
		return false;
	written =
	    write_all(fd, message.at, message.len) || blame("write", name, why);
	written = written && write_rest(rest, fd, room - message.len, why);
	return finish(fd, name, written, why);
}

static bool
write_reason(struct arena *arena, int bin_fd, const char *name,
	     const struct intake_arrival *arrival, struct text reason,
	     struct why *why)
{
	struct json *object = json_new_object(arena);
	char at[DATE_STRING_BYTES];
	struct buf line;
	int fd = create(bin_fd, name, why);

	if (fd < 0)
		return false;
	date_write_iso(arrival->now_ms, at);
	json_put_string(object, "at", at);
	json_put_text(object, "reason", reason);
	json_put_text(object, "queue_id", arrival->queue_id);
	json_put_text(object, "sender", arrival->sender);
	json_put_text(object, "recipient", arrival->recipient);
	buf_init(&line, arena, REASON_BYTES);
	json_write(object, 0, &line);
	buf_char(&line, '\n');
	return finish(
	    fd, name,
	    write_all(fd, line.at, line.len) || blame("write", name, why), why);
}

bool
intake_keep(struct arena *arena, const struct intake_bin *bin,
	    const struct intake_arrival *arrival, struct text message, int rest,
	    struct text reason, struct text *path, struct why *why)
{
	const char *stem =
	    arena_printf(arena, "%013lld-%.8s-%jd", (long long)arrival->now_ms,
			 arrival->id, (intmax_t)getpid());
	const char *eml = arena_printf(arena, "%s.eml", stem);
	const char *json = arena_printf(arena, "%s.json", stem);
	int bin_fd = open_bin(arena, bin, why);
	uint64_t room;
	bool fine;

	if (bin_fd < 0)
		return false;
	fine = lock_bin(bin_fd, why) &&
	       make_room(arena, bin, bin_fd, message.len + REASON_BYTES, &room,
			 why);
	if (fine) {
		fine = write_message(bin_fd, eml, message, rest, room, why) &&
		       write_reason(arena, bin_fd, json, arrival, reason, why);
		if (!fine) {
			unlinkat(bin_fd, eml, 0);
			unlinkat(bin_fd, json, 0);
		}
	}
	fsync(bin_fd);
	close(bin_fd);
	*path =
	    text_from(arena_printf(arena, "%s/%s", bin_path(arena, bin), eml));
	return fine;
}

/* --- trying again --- */

bool
intake_kept_list(struct arena *arena, const struct intake_bin *bin,
		 struct intake_kept **first, struct why *why)
{
	int bin_fd = open_bin(arena, bin, why);
	struct intake_kept **end = first;
	struct content content;
	struct text name;
	size_t i;
	bool fine;

	*first = NULL;
	if (bin_fd < 0)
		return false;
	fine = list_bin(arena, bin_fd, &content, why);
	close(bin_fd);
	for (i = 0; fine && i < content.count; i++) {
		name = text_from(content.files[i].name);
		if (!text_ends_nocase(name, TEXT(".json")))
			continue;
		*end = arena_new_value(arena, struct intake_kept);
		(*end)->name = text_copy(arena, text_first(name, name.len - 5));
		end = &(*end)->next;
	}
	return fine;
}

static struct text
member(const struct json *object, const char *name)
{
	const struct json *value = json_member(object, name);
	struct text text = TEXT("");

	if (value != NULL)
		json_text(value, &text);
	return text;
}

bool
intake_kept_read(struct arena *arena, const struct intake_bin *bin,
		 struct text name, struct text *message,
		 struct intake_arrival *arrival, struct why *why)
{
	const char *stem = arena_printf(arena, "%s/" TEXT_FMT,
					bin_path(arena, bin), TEXT_ARG(name));
	struct json_doubts doubts;
	struct json *object;
	struct text reason;

	if (!file_read(arena, arena_printf(arena, "%s.json", stem),
		       REASON_BYTES, &reason, why))
		return false;
	object = json_parse(arena, reason, &doubts, why);
	if (object == NULL)
		return why_prefix(why, "%s.json", stem);
	arrival->queue_id = member(object, "queue_id");
	arrival->sender = member(object, "sender");
	arrival->recipient = member(object, "recipient");
	return file_read(arena, arena_printf(arena, "%s.eml", stem),
			 LIMIT_REPORT_MESSAGE_BYTES, message, why);
}

bool
intake_kept_remove(const struct intake_bin *bin, struct text name,
		   struct why *why)
{
	struct arena *arena = arena_new();
	const char *stem = arena_printf(arena, "%s/" TEXT_FMT,
					bin_path(arena, bin), TEXT_ARG(name));
	const char *json = arena_printf(arena, "%s.json", stem);
	bool fine;

	/* first what makes the message known */
	fine = (unlink(json) == 0 &&
		unlink(arena_printf(arena, "%s.eml", stem)) == 0) ||
	       blame("remove", json, why);
	arena_free(arena);
	return fine;
}
