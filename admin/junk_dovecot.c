#include "admin/junk_dovecot.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/scan.h"
#include "base/why.h"
#include "io/child.h"

#define RUN_MS 600000
#define SAID_MOST 300
#define QUERY_MOST 16

/* --- what it printed --- */

static bool
take_message(struct junk_mail_reader *reader, struct scan *in, bool *goes_on,
	     struct why *why)
{
	struct text message;
	uint64_t size;

	if (!scan_string(in, "size.physical: ") ||
	    !scan_u64(in, UINT64_MAX, &size) || !scan_string(in, "\ntext:\n") ||
	    size > scan_rest(in).len)
		return why_set(why, "doveadm did not print what was expected");
	message = text_first(scan_rest(in), (size_t)size);
	in->at += size;
	scan_fws(in);
	if (!scan_at_end(in) && !scan_string(in, "\f\n"))
		return why_set(why, "doveadm printed a message of another size "
				    "than it said");
	*goes_on = size == 0 ||
		   reader->take(reader->handle,
				text_first(message, JUNK_MAIL_BYTES), size);
	return true;
}

bool
junk_dovecot_parse(struct junk_mail_reader *reader, struct text printed,
		   struct why *why)
{
	bool goes_on = true;
	struct scan in;

	scan_init(&in, printed);
	while (goes_on && !scan_at_end(&in))
		if (!take_message(reader, &in, &goes_on, why))
			return false;
	return goes_on;
}

/* --- having it print --- */

static bool
fetch(struct arena *arena, const char *const *arguments, int output,
      struct why *why)
{
	struct child_result result;
	int input = open("/dev/null", O_RDONLY | O_CLOEXEC);
	bool ran;

	if (input < 0)
		return why_set(why, "/dev/null: %s", strerror(errno));
	ran = child_run_files(arena, arguments, input, output, RUN_MS, &result,
			      why);
	close(input);
	if (ran && result.status != 0)
		return why_set(
		    why, "doveadm fetch: " TEXT_FMT,
		    TEXT_ARG(child_words(arena, &result, SAID_MOST)));
	return ran;
}

bool
junk_dovecot_has(struct arena *arena, const char *doveadm, const char *user,
		 const char *mailbox, struct why *why)
{
	const char *arguments[] = {doveadm, "mailbox",	"status", "-u",
				   user,    "messages", mailbox,  NULL};
	struct child_result result;

	if (!child_run(arena, arguments, text_of("", 0), RUN_MS, &result, why))
		return false;
	return result.status == 0 ||
	       why_set(why, "doveadm mailbox status: " TEXT_FMT,
		       TEXT_ARG(child_words(arena, &result, SAID_MOST)));
}

static bool
parse_file(struct junk_mail_reader *reader, int file, struct why *why)
{
	struct stat about;
	void *at;
	bool good;

	if (fstat(file, &about) != 0)
		return why_set(why, "temporary file: %s", strerror(errno));
	if (about.st_size == 0)
		return true;
	at = mmap(NULL, (size_t)about.st_size, PROT_READ, MAP_PRIVATE, file, 0);
	if (at == MAP_FAILED)
		return why_set(why, "temporary file: %s", strerror(errno));
	good =
	    junk_dovecot_parse(reader, text_of(at, (size_t)about.st_size), why);
	munmap(at, (size_t)about.st_size);
	return good;
}

bool
junk_dovecot_read(struct arena *arena, struct junk_mail_reader *reader,
		  const char *doveadm, const char *user,
		  const char *const *query, struct why *why)
{
	const char *arguments[QUERY_MOST + 8] = {
	    doveadm, "-f", "pager", "fetch", "-u", user, "size.physical text"};
	size_t count = 7, i;
	FILE *file = tmpfile();
	bool good;

	for (i = 0; query[i] != NULL && i < QUERY_MOST; i++)
		arguments[count++] = query[i];
	if (file == NULL)
		return why_set(why, "temporary file: %s", strerror(errno));
	good = fetch(arena, arguments, fileno(file), why) &&
	       parse_file(reader, fileno(file), why);
	fclose(file);
	return good;
}
