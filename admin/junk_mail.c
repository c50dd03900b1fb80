#include "admin/junk_mail.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/why.h"
#include "base/xalloc.h"

#define DEPTH_MOST 8

/* Bytes of one message, of which no more than JUNK_MAIL_BYTES are kept. */
struct gathered {
	char *at;
	size_t len;
	uint64_t size;
};

static void
gather(struct gathered *mail, const char *bytes, size_t len)
{
	size_t room = JUNK_MAIL_BYTES - mail->len;

	mail->size += len;
	if (len > room)
		len = room;
	memcpy(mail->at + mail->len, bytes, len);
	mail->len += len;
}

static bool
hand_over(struct junk_mail_reader *reader, struct gathered *mail)
{
	bool goes_on = mail->size == 0 ||
		       reader->take(reader->handle,
				    text_of(mail->at, mail->len), mail->size);

	mail->len = 0;
	mail->size = 0;
	return goes_on;
}

/* --- one file --- */

/* Line by line: "From " behind an empty line begins the next message, which
 * the empty line is no part of. */
static bool
read_mbox(struct junk_mail_reader *reader, FILE *file, struct gathered *mail)
{
	bool was_empty = true, goes_on = true, is_start;
	size_t room = 0;
	char *line = NULL;
	ssize_t len;

	while (goes_on && (len = getline(&line, &room, file)) > 0) {
		is_start = was_empty && strncmp(line, "From ", 5) == 0;
		if (was_empty && !is_start && mail->size > 0)
			gather(mail, "\n", 1);
		was_empty = len == 1 || (len == 2 && line[0] == '\r');
		if (is_start)
			goes_on = hand_over(reader, mail);
		else if (!was_empty)
			gather(mail, line, (size_t)len);
	}
	free(line);
	return goes_on && hand_over(reader, mail);
}

static bool
read_single(struct junk_mail_reader *reader, FILE *file, struct gathered *mail)
{
	char piece[65536];
	size_t len;

	while ((len = fread(piece, 1, sizeof(piece), file)) > 0)
		gather(mail, piece, len);
	return hand_over(reader, mail);
}

static bool
begins_as_mbox(FILE *file, struct gathered *mail)
{
	char first[5];
	size_t len = fread(first, 1, sizeof(first), file);

	if (len == sizeof(first) && memcmp(first, "From ", 5) == 0) {
		int c;

		while ((c = getc(file)) != EOF && c != '\n')
			;
		return true;
	}
	gather(mail, first, len);
	return false;
}

static void
complain(struct junk_mail_reader *reader, const char *path)
{
	fprintf(stderr, "signet junk: %s: %s\n", path, strerror(errno));
	reader->unread++;
}

static bool
read_file(struct junk_mail_reader *reader, const char *path)
{
	struct gathered mail = {.len = 0};
	bool goes_on = true;
	FILE *file;

	file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	if (file == NULL) {
		complain(reader, path);
		return true;
	}
	mail.at = xcalloc(1, JUNK_MAIL_BYTES);
	if (begins_as_mbox(file, &mail))
		goes_on = read_mbox(reader, file, &mail);
	else
		goes_on = read_single(reader, file, &mail);
	if (ferror(file))
		complain(reader, path);
	free(mail.at);
	if (file != stdin)
		fclose(file);
	return goes_on;
}

/* --- directories --- */

static int
is_shown(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* "NAME:2,ST": the flag T. */
static bool
is_deleted(const char *name)
{
	const char *flags = strstr(name, ":2,");

	return flags != NULL && strchr(flags + 3, 'T') != NULL;
}

static bool
has_folder(const char *path, const char *name)
{
	char whole[4096];
	struct stat about;

	return snprintf(whole, sizeof(whole), "%s/%s", path, name) <
		   (int)sizeof(whole) &&
	       stat(whole, &about) == 0 && S_ISDIR(about.st_mode);
}

static bool read_path(struct junk_mail_reader *reader, const char *path,
		      unsigned depth);

static bool
read_entry(struct junk_mail_reader *reader, const char *path, const char *name,
	   unsigned depth)
{
	char whole[4096];

	if (snprintf(whole, sizeof(whole), "%s/%s", path, name) >=
	    (int)sizeof(whole)) {
		errno = ENAMETOOLONG;
		complain(reader, path);
		return true;
	}
	return read_path(reader, whole, depth);
}

static bool
read_directory(struct junk_mail_reader *reader, const char *path,
	       unsigned depth)
{
	struct dirent **entries;
	bool goes_on = true;
	int count, i;

	if (depth == 0 && has_folder(path, "cur") && has_folder(path, "new"))
		return read_entry(reader, path, "cur", 1) &&
		       read_entry(reader, path, "new", 1);
	count = scandir(path, &entries, is_shown, alphasort);
	if (count < 0) {
		complain(reader, path);
		return true;
	}
	for (i = 0; i < count; i++) {
		if (goes_on && !is_deleted(entries[i]->d_name))
			goes_on = read_entry(reader, path, entries[i]->d_name,
					     depth + 1);
		free(entries[i]);
	}
	free(entries);
	return goes_on;
}

static bool
read_path(struct junk_mail_reader *reader, const char *path, unsigned depth)
{
	struct stat about;

	if (strcmp(path, "-") == 0)
		return read_file(reader, path);
	if (stat(path, &about) != 0) {
		complain(reader, path);
		return true;
	}
	if (!S_ISDIR(about.st_mode))
		return !S_ISREG(about.st_mode) || read_file(reader, path);
	return depth > DEPTH_MOST || read_directory(reader, path, depth);
}

bool
junk_mail_read(struct junk_mail_reader *reader, const char *path,
	       struct why *why)
{
	if (strcmp(path, "-") != 0 && access(path, R_OK) != 0)
		return why_set(why, "%.200s: %s", path, strerror(errno));
	return read_path(reader, path, 0);
}
