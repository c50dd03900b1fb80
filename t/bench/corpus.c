#include "corpus.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What these programs allocate they keep until they end: a leak checker has
 * nothing to look for. */
int __lsan_is_turned_off(void);

int
__lsan_is_turned_off(void)
{
	return 1;
}

void *
need(size_t bytes)
{
	return need_more(NULL, bytes);
}

void *
need_more(void *memory, size_t bytes)
{
	memory = realloc(memory, bytes > 0 ? bytes : 1);
	if (memory == NULL)
		err(1, "out of memory");
	return memory;
}

char *
corpus_read_file(const char *path, size_t *bytes)
{
	FILE *in = fopen(path, "rb");
	char *content;
	long size;

	if (in == NULL)
		err(1, "%s", path);
	if (fseek(in, 0, SEEK_END) != 0 || (size = ftell(in)) < 0 ||
	    fseek(in, 0, SEEK_SET) != 0)
		err(1, "%s", path);
	content = need((size_t)size + 1);
	*bytes = fread(content, 1, (size_t)size, in);
	if (*bytes != (size_t)size)
		err(1, "%s", path);
	content[*bytes] = '\0';
	fclose(in);
	return content;
}

/* Cuts one header field off the text at `at`, in place: CR is dropped,
 * folds keep their LF. Returns where the next line starts. */
static char *
take_header(struct message *message, char *at)
{
	struct header *header;
	char *colon = strchr(at, ':');
	char *out;

	if (colon == NULL)
		errx(1, "header line without a colon: %.40s", at);
	message->headers =
	    need_more(message->headers,
		      (message->n_headers + 1) * sizeof(*message->headers));
	header = &message->headers[message->n_headers++];
	*colon = '\0';
	header->name = at;
	header->value = out = colon + 1;
	for (at = colon + 1; *at != '\0'; at++) {
		if (at[0] == '\r' && at[1] == '\n')
			continue;
		if (at[0] == '\n' && at[1] != ' ' && at[1] != '\t') {
			at++;
			break;
		}
		*out++ = *at;
	}
	*out = '\0';
	return at;
}

static void
message_split(struct message *message, char *text, size_t bytes)
{
	char *at = text;

	message->bytes = bytes;
	while (at[0] != '\0' && at[0] != '\r')
		at = take_header(message, at);
	if (at[0] == '\r')
		at += 2;
	message->body = at;
	message->body_bytes = (size_t)(text + bytes - at);
}

static void
message_load(struct message *message, const char *directory, char *line)
{
	char path[4096], *text;
	size_t bytes;
	int n;

	for (n = 0; n < MANIFEST_FIELDS && line != NULL; n++)
		message->field[n] = strsep(&line, "\t");
	if (n != MANIFEST_FIELDS || line != NULL)
		errx(1, "%s/manifest: a line has not %d fields", directory,
		     MANIFEST_FIELDS);
	snprintf(path, sizeof(path), "%s/messages/%s", directory,
		 message->field[FIELD_FILE]);
	text = corpus_read_file(path, &bytes);
	message_split(message, text, bytes);
}

void
corpus_load(struct corpus *corpus, const char *directory)
{
	char path[4096], *manifest, *line;
	size_t bytes;

	memset(corpus, 0, sizeof(*corpus));
	snprintf(path, sizeof(path), "%s/manifest", directory);
	manifest = corpus_read_file(path, &bytes);
	while ((line = strsep(&manifest, "\n")) != NULL && *line != '\0') {
		struct message *message;

		corpus->messages =
		    need_more(corpus->messages, (corpus->n_messages + 1) *
						    sizeof(*corpus->messages));
		message = &corpus->messages[corpus->n_messages++];
		memset(message, 0, sizeof(*message));
		message_load(message, directory, line);
	}
	if (corpus->n_messages == 0)
		errx(1, "%s: no messages", path);
}
