/* signet queue retls QUEUEID yes|no|default
 *
 * A queue file cannot be edited, so the message is put on hold, sent again
 * with another wish, and deleted once the copy is in the queue.  Whatever
 * happens between leaves it on hold: it may be there twice for a moment, and
 * is never lost.
 */
#include "admin/queue.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "admin/queue_envelope.h"
#include "admin/queue_header.h"
#include "base/arena.h"
#include "base/ascii.h"
#include "base/limits.h"
#include "base/why.h"
#include "io/child.h"

#define TOOL_MS 120000
#define SAID_MOST 300

struct call {
	struct arena *arena;
	const char *directory; /* of main.cf, or NULL */
	const char *id;
	enum queue_retls wish;
	bool forced, was_held;
	struct queue_envelope envelope;
};

static int
usage(FILE *to, int status)
{
	fputs("usage: signet queue [-f] [-c DIRECTORY] retls QUEUEID "
	      "yes|no|default\n"
	      "DIRECTORY holds main.cf; -f takes a message that is on hold, "
	      "too.\n",
	      to);
	return status;
}

static bool
is_queue_id(const char *word)
{
	size_t i;

	for (i = 0; word[i] != '\0'; i++)
		if (!ascii_is_alnum(word[i]))
			return false;
	return i >= 5 && i <= 64;
}

static bool
read_wish(const char *word, enum queue_retls *wish)
{
	if (strcmp(word, "yes") == 0)
		*wish = QUEUE_RETLS_YES;
	else if (strcmp(word, "no") == 0)
		*wish = QUEUE_RETLS_NO;
	else if (strcmp(word, "default") == 0)
		*wish = QUEUE_RETLS_DEFAULT;
	else
		return false;
	return true;
}

static bool
read_call(int argc, char **argv, struct call *call)
{
	static char self[] = "signet queue";
	int option;

	argv[0] = self; /* what getopt calls us */
	while ((option = getopt(argc, argv, "c:f")) != -1) {
		if (option == 'c')
			call->directory = optarg;
		else if (option == 'f')
			call->forced = true;
		else
			return false;
	}
	if (argc - optind != 3 || strcmp(argv[optind], "retls") != 0 ||
	    !read_wish(argv[optind + 2], &call->wish))
		return false;
	call->id = argv[optind + 1];
	if (is_queue_id(call->id))
		return true;
	fprintf(stderr, "signet queue: \"%.64s\" is no queue ID\n", call->id);
	return false;
}

/* --- the tools of Postfix --- */

static const char *
tool_path(struct arena *arena, const char *name)
{
	static const char *const folders[] = {"/usr/sbin", "/usr/local/sbin",
					      "/sbin"};
	const char *path = NULL;
	size_t i;

	for (i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		path = arena_printf(arena, "%s/%s", folders[i], name);
		if (access(path, X_OK) == 0)
			return path;
	}
	return arena_printf(arena, "%s/%s", folders[0], name);
}

/* The arguments of a tool that is told where main.cf is, by `option`. */
struct words {
	const char **list;
	size_t count;
};

static struct words
words_for(struct call *call, const char *tool, const char *option, size_t room)
{
	struct words words = {
	    arena_new_array(call->arena, const char *, room + 4), 0};

	words.list[words.count++] = tool_path(call->arena, tool);
	if (call->directory != NULL) {
		words.list[words.count++] = option;
		words.list[words.count++] = call->directory;
	}
	return words;
}

static void
add(struct words *words, const char *word)
{
	words->list[words->count++] = word;
}

/* Runs a tool over files; what it said is the reason when it failed. */
static bool
run(struct call *call, const struct words *words, int input, int output,
    struct why *why)
{
	struct child_result result;
	struct text said;

	if (!child_run_files(call->arena, words->list, input, output, TOOL_MS,
			     &result, why))
		return false;
	if (result.status == 0)
		return true;
	said = child_words(call->arena, &result, SAID_MOST);
	return why_set(why, "%s: " TEXT_FMT, words->list[0], TEXT_ARG(said));
}

static bool
run_alone(struct call *call, const struct words *words, struct why *why)
{
	int none = memfd_create("none", MFD_CLOEXEC);
	bool done = none >= 0 ? run(call, words, none, none, why)
			      : why_set(why, "%s", strerror(errno));

	if (none >= 0)
		close(none);
	return done;
}

static bool
postsuper(struct call *call, const char *what, struct why *why)
{
	struct words words = words_for(call, "postsuper", "-c", 2);

	add(&words, what);
	add(&words, call->id);
	return run_alone(call, &words, why);
}

static bool
postcat(struct call *call, const char *what, int output, struct why *why)
{
	struct words words = words_for(call, "postcat", "-c", 3);
	int none = memfd_create("none", MFD_CLOEXEC);
	bool done;

	add(&words, what);
	add(&words, "-q");
	add(&words, call->id);
	done = none >= 0 ? run(call, &words, none, output, why)
			 : why_set(why, "%s", strerror(errno));
	if (none >= 0)
		close(none);
	return done;
}

/* --- what waits --- */

static bool
read_listing(struct call *call, int fd, struct text *listing, struct why *why)
{
	off_t size = lseek(fd, 0, SEEK_END);
	char *bytes;

	if (size < 0 || size > LIMIT_QUEUE_LISTING_BYTES)
		return why_set(why, "its envelope is longer than %u bytes",
			       LIMIT_QUEUE_LISTING_BYTES);
	bytes = arena_bytes(call->arena, (size_t)size);
	if (pread(fd, bytes, (size_t)size, 0) != size)
		return why_set(why, "%s", strerror(errno));
	*listing = text_of(bytes, (size_t)size);
	return true;
}

static bool
read_envelope(struct call *call, struct why *why)
{
	int fd = memfd_create("envelope", MFD_CLOEXEC);
	struct text listing;
	bool done;

	if (fd < 0)
		return why_set(why, "%s", strerror(errno));
	done = postcat(call, "-e", fd, why) &&
	       read_listing(call, fd, &listing, why) &&
	       queue_envelope_read(call->arena, listing, &call->envelope, why);
	close(fd);
	return done;
}

static bool
is_held(const struct call *call)
{
	return text_equal(call->envelope.queue, TEXT("hold"));
}

/* On hold, and looked at again: what was delivered meanwhile is not in the
 * envelope any more. */
static bool
hold(struct call *call, struct why *why)
{
	if (!read_envelope(call, why))
		return false;
	call->was_held = is_held(call);
	if (call->was_held && !call->forced)
		return why_set(why, "it is on hold, and would be sent at once; "
				    "-f does it all the same");
	if (!call->was_held && !postsuper(call, "-h", why))
		return false;
	if (!read_envelope(call, why))
		return false;
	return is_held(call) ||
	       why_set(why, "it could not be put on hold: it is being "
			    "delivered now");
}

/* --- sending it again --- */

static struct words
sendmail_words(struct call *call, unsigned notify)
{
	const struct queue_envelope *envelope = &call->envelope;
	struct words words =
	    words_for(call, "sendmail", "-C", envelope->count + 16);

	add(&words, "-G");
	add(&words, "-i");
	if (call->wish == QUEUE_RETLS_YES) {
		add(&words, "-O"); /* before 3.11 it means nothing */
		add(&words, "requiretls=yes");
	}
	if (notify != 0) {
		add(&words, "-N");
		add(&words, queue_notify_words(call->arena, notify));
	}
	if (envelope->returned != 0) {
		add(&words, "-R");
		add(&words, envelope->returned == 2 ? "hdrs" : "full");
	}
	if (envelope->envelope_id.len > 0) {
		add(&words, "-V");
		add(&words, text_string(call->arena, envelope->envelope_id));
	}
	add(&words, "-f");
	add(&words, text_string(call->arena, envelope->sender));
	add(&words, "--");
	return words;
}

/* One copy for all recipients that want the same notices. */
static bool
send_to(struct call *call, int message, unsigned notify, struct why *why)
{
	const struct queue_envelope *envelope = &call->envelope;
	struct words words = sendmail_words(call, notify);
	int none = memfd_create("none", MFD_CLOEXEC);
	bool done;
	size_t i;

	for (i = 0; i < envelope->count; i++)
		if (envelope->recipients[i].notify == notify)
			add(&words,
			    text_string(call->arena,
					envelope->recipients[i].address));
	done = none >= 0 && lseek(message, 0, SEEK_SET) == 0
		   ? run(call, &words, message, none, why)
		   : why_set(why, "%s", strerror(errno));
	if (none >= 0)
		close(none);
	return done;
}

static bool
is_first_of(const struct queue_envelope *envelope, size_t at)
{
	size_t i;

	for (i = 0; i < at; i++)
		if (envelope->recipients[i].notify ==
		    envelope->recipients[at].notify)
			return false;
	return true;
}

/* `sent` counts copies that are in the queue, also when it fails. */
static bool
send_copies(struct call *call, int message, size_t *sent, struct why *why)
{
	const struct queue_envelope *envelope = &call->envelope;
	size_t i;

	for (i = 0; i < envelope->count; i++) {
		if (!is_first_of(envelope, i))
			continue;
		if (!send_to(call, message, envelope->recipients[i].notify,
			     why))
			return false;
		(*sent)++;
	}
	return true;
}

static bool
send_again(struct call *call, size_t *sent, struct why *why)
{
	int original = memfd_create("original", MFD_CLOEXEC),
	    changed = memfd_create("changed", MFD_CLOEXEC);
	bool done = original >= 0 && changed >= 0;

	if (!done)
		why_set(why, "%s", strerror(errno));
	done = done && postcat(call, "-bh", original, why);
	if (done && (lseek(original, 0, SEEK_SET) != 0 ||
		     !queue_header_copy(original, changed, call->wish)))
		done = why_set(why, "cannot copy it: %s", strerror(errno));
	done = done && send_copies(call, changed, sent, why);
	if (original >= 0)
		close(original);
	if (changed >= 0)
		close(changed);
	return done;
}

static int
fail(const char *id, const char *what, const struct why *why)
{
	fprintf(stderr, "signet queue: %s: %s%s\n", id, what, why->text);
	return 1;
}

/* Nothing of it is in the queue twice: as it was. */
static int
give_back(struct call *call, struct why *why)
{
	struct why trouble;

	if (call->was_held || postsuper(call, "-H", &trouble))
		return fail(call->id, "not changed: ", why);
	return fail(call->id, "not changed, and still on hold: ", why);
}

static int
retls(struct call *call)
{
	struct why why;
	size_t sent = 0;

	if (!hold(call, &why))
		return fail(call->id, "not changed: ", &why);
	if (!send_again(call, &sent, &why)) {
		if (sent == 0)
			return give_back(call, &why);
		return fail(call->id,
			    "sent again to some of its recipients only, and "
			    "on hold for all of them: ",
			    &why);
	}
	if (!postsuper(call, "-d", &why))
		return fail(call->id,
			    "sent again, and the old one is still on hold; "
			    "delete it: ",
			    &why);
	printf("%s: sent again to %zu recipient%s\n", call->id,
	       call->envelope.count, call->envelope.count == 1 ? "" : "s");
	return 0;
}

int
queue_main(int argc, char **argv)
{
	struct call call = {.arena = arena_new()};
	int status;

	if (argc > 1 && strcmp(argv[1], "--help") == 0)
		status = usage(stdout, 0);
	else if (!read_call(argc, argv, &call))
		status = usage(stderr, 2);
	else
		status = retls(&call);
	arena_free(call.arena);
	return status;
}
