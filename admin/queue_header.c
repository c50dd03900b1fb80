#include "admin/queue_header.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"

static bool
is_field(struct text line, const char *name)
{
	struct text rest = text_skip(line, strlen(name));

	return text_starts_nocase(line, text_from(name)) &&
	       text_starts(text_trim(rest), TEXT(":"));
}

static bool
is_wish(struct text line)
{
	return is_field(line, "TLS-Required") ||
	       is_field(line, "Require-TLS-ESMTP");
}

static bool
is_continued(struct text line)
{
	return line.len > 0 && (line.at[0] == ' ' || line.at[0] == '\t');
}

static const char *
wish_field(enum queue_retls wish)
{
	switch (wish) {
	case QUEUE_RETLS_DEFAULT:
		return "";
	case QUEUE_RETLS_YES:
		return "Require-TLS-ESMTP: yes\n";
	case QUEUE_RETLS_NO:
		return "TLS-Required: no\n";
	}
	return "";
}

/* Up to the empty line, which is written too.  Lines may be of any length. */
static void
copy_header(FILE *from, FILE *to)
{
	char *line = NULL;
	size_t size = 0;
	ssize_t length;
	bool dropping = false;
	struct text text;

	while ((length = getline(&line, &size, from)) > 0) {
		text = text_of(line, (size_t)length);
		if (!is_continued(text))
			dropping = is_wish(text);
		if (!dropping)
			fwrite(line, 1, text.len, to);
		if (text_trim(text).len == 0 && !is_continued(text))
			break;
	}
	free(line);
}

static void
copy_rest(FILE *from, FILE *to)
{
	char bytes[65536];
	size_t n;

	while ((n = fread(bytes, 1, sizeof(bytes), from)) > 0)
		fwrite(bytes, 1, n, to);
}

static FILE *
open_copy(int fd, const char *mode)
{
	int copy = dup(fd);
	FILE *file = copy >= 0 ? fdopen(copy, mode) : NULL;

	if (file == NULL && copy >= 0)
		close(copy);
	return file;
}

/* A message that begins with a blank has no header: a field put before it
 * would take its first line for its own. */
static bool
has_header(FILE *in)
{
	int first = getc(in);

	return ungetc(first, in) == EOF || (first != ' ' && first != '\t');
}

bool
queue_header_copy(int from, int to, enum queue_retls wish)
{
	FILE *in = open_copy(from, "r"), *out = open_copy(to, "w");
	bool done = in != NULL && out != NULL;

	if (done) {
		fputs(wish_field(wish), out);
		if (has_header(in))
			copy_header(in, out);
		else if (wish != QUEUE_RETLS_DEFAULT)
			putc('\n', out);
		copy_rest(in, out);
		done = !ferror(in) && fflush(out) == 0 && !ferror(out);
	}
	if (in != NULL)
		fclose(in);
	return (out == NULL || fclose(out) == 0) && done;
}
