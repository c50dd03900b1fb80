#include "io/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/why.h"
#include "base/xalloc.h"

/* Grows a heap buffer, which the arena frees: an arena's own memory would
 * hold every size it had on the way. */
static bool
read_stream(FILE *stream, size_t most, char **data, size_t *length)
{
	size_t room = 0, got;

	*length = 0;
	do {
		if (room - *length < 65536) {
			room = room * 2 + 65536;
			*data = xrealloc(*data, 1, room);
		}
		got = fread(*data + *length, 1, room - *length, stream);
		*length += got;
	} while (got > 0 && *length <= most);
	return ferror(stream) == 0;
}

bool
file_read(struct arena *arena, const char *path, size_t most,
	  struct text *contents, struct why *why)
{
	bool is_stdin = strcmp(path, "-") == 0, fine;
	FILE *stream = is_stdin ? stdin : fopen(path, "rb");
	char *data = NULL;
	size_t length;

	if (stream == NULL)
		return why_set(why, "cannot open %s: %s", path,
			       strerror(errno));
	fine = read_stream(stream, most, &data, &length);
	arena_defer(arena, free, data);
	if (!fine)
		why_set(why, "cannot read %s: %s", path, strerror(errno));
	else if (length > most)
		fine = why_set(why, "%s has more than %zu bytes", path, most);
	if (!is_stdin)
		fclose(stream);
	*contents = text_of(data, length);
	return fine;
}

static bool
write_all(int fd, struct text bytes)
{
	while (bytes.len > 0) {
		ssize_t done = write(fd, bytes.at, bytes.len);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return false;
		bytes = text_skip(bytes, (size_t)done);
	}
	return true;
}

bool
file_replace(struct arena *arena, const char *path, struct text contents,
	     unsigned mode, struct why *why)
{
	const char *fresh = arena_printf(arena, "%s.new", path);
	bool done;
	int fd;

	unlink(fresh);
	fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
		  0600);
	if (fd < 0)
		return why_set(why, "cannot write %s: %s", fresh,
			       strerror(errno));
	done = write_all(fd, contents) && fchmod(fd, (mode_t)mode) == 0 &&
	       fsync(fd) == 0 && rename(fresh, path) == 0;
	if (!done) {
		why_set(why, "cannot write %s: %s", path, strerror(errno));
		unlink(fresh);
	}
	close(fd);
	return done;
}
