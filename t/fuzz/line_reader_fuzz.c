/* A file of the spool: its lines, put together, are the file. */
#include <assert.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/why.h"
#include "sql/line_reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("spool", MFD_CLOEXEC);
	struct arena *arena = arena_new();
	struct line_reader reader;
	enum line_kind kind;
	struct text line;
	struct why why;
	struct buf all;

	assert(write(fd, data, size) == (ssize_t)size);
	assert(lseek(fd, 0, SEEK_SET) == 0);
	buf_init(&all, arena, size + 1);
	line_reader_init(&reader, fd);
	do {
		kind = line_reader_next(&reader, &line, &why);
		assert(kind != LINE_ERROR && kind != LINE_NONE);
		assert(kind != LINE_TOO_LONG);
		if (kind == LINE_WHOLE || kind == LINE_NO_END) {
			assert(!text_has(line, '\n'));
			buf_text(&all, line);
		}
		if (kind == LINE_WHOLE)
			buf_char(&all, '\n');
	} while (kind != LINE_END);
	assert(text_equal(buf_view(&all), text_of((const char *)data, size)));
	line_reader_free(&reader);
	close(fd);
	arena_free(arena);
	return 0;
}
