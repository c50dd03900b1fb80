#include "admin/dovecot_module.h"

#include <fcntl.h>
#include <stdbool.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "base/buf.h"

/* Debian's are of 20 to 100 kB; ours with what a debugger needs, of 400. */
#define MODULE_MOST_BYTES ((size_t)16 << 20)
#define READ_BYTES ((size_t)65536)

static struct text
find_abi(struct text bytes)
{
	static const char mark[] = ".ABIv";
	const size_t mark_len = sizeof(mark) - 1;
	const char *at = bytes.at, *end = bytes.at + bytes.len, *from;

	while ((at = memmem(at, (size_t)(end - at), mark, mark_len)) != NULL) {
		from = at;
		at += mark_len;
		while (from > bytes.at &&
		       (ascii_is_digit(from[-1]) || from[-1] == '.'))
			from--;
		if (from == at - mark_len)
			continue;
		while (at < end && ascii_is_digit(*at))
			at++;
		return text_of(from, (size_t)(at - from));
	}
	return TEXT("");
}

static bool
read_file(const char *path, struct buf *bytes)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char part[READ_BYTES];
	ssize_t n;

	if (fd < 0)
		return false;
	while ((n = read(fd, part, sizeof(part))) > 0)
		buf_text(bytes, text_of(part, (size_t)n));
	close(fd);
	return n == 0 && buf_ok(bytes);
}

struct text
dovecot_module_abi(struct arena *arena, const char *path)
{
	struct arena *scratch = arena_new();
	struct text abi = TEXT("");
	struct buf bytes;

	buf_init(&bytes, scratch, MODULE_MOST_BYTES);
	if (read_file(path, &bytes))
		abi = text_copy(arena, find_abi(buf_view(&bytes)));
	arena_free(scratch);
	return abi;
}
