/* signet-report-intake - reports that others send, into the spool;
 * see docs/man/signet-report-intake.8 */

#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <stdint.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/limits.h"
#include "base/publicsuffix.h"
#include "base/why.h"
#include "base/xalloc.h"
#include "dmarc-reporter/intake_cell.h"
#include "dmarc-reporter/intake_keep.h"
#include "dmarc-reporter/intake_mailbox.h"
#include "dmarc-reporter/intake_message.h"
#include "dmarc-reporter/intake_print.h"
#include "dmarc-reporter/intake_sandbox.h"
#include "io/in_work.h"
#include "io/log.h"
#include "io/spool.h"

enum mode {
	MODE_STDIN,
	MODE_MAILDIR,
	MODE_MBOX,
	MODE_READ,
	MODE_RETRY,
	MODE_PRINT
};

struct command {
	enum mode mode;
	const char *config, *path;
	const char *sender, *recipient, *queue_id;
	bool as_json;
};

/* What a run over many messages came to. */
struct tally {
	struct intake *intake;
	bool is_shown; /* each message, on a terminal */
	uint64_t outcomes[INTAKE_NOT_TAKEN + 1];
};

static int
usage(FILE *to, int status)
{
	fputs("usage: signet-report-intake [-c FILE] [--sender ADDRESS] "
	      "[--recipient ADDRESS]\n"
	      "                            [--queue-id ID] <MESSAGE\n"
	      "       signet-report-intake [-c FILE] --maildir DIR\n"
	      "       signet-report-intake [-c FILE] --mbox FILE\n"
	      "       signet-report-intake [-c FILE] --retry\n"
	      "       signet-report-intake --read FILE [--json]\n"
	      "       signet-report-intake [-c FILE] -n\n"
	      "       signet-report-intake --version | --help\n",
	      to);
	return status;
}

/* What is answered without a configuration; -1: nothing was asked. */
static int
answer(const char *argument)
{
	if (argument != NULL && strcmp(argument, "--help") == 0)
		return usage(stdout, EX_OK);
	if (argument == NULL || strcmp(argument, "--version") != 0)
		return -1;
	puts("signet-report-intake " PACKAGE_VERSION);
	return EX_OK;
}

static void
set_mode(struct command *command, enum mode mode, const char *path)
{
	command->mode = mode;
	command->path = path;
}

static bool
read_command(int argc, char **argv, struct command *command)
{
	static const struct option options[] = {
	    {"config", required_argument, NULL, 'c'},
	    {"sender", required_argument, NULL, 's'},
	    {"recipient", required_argument, NULL, 'r'},
	    {"queue-id", required_argument, NULL, 'q'},
	    {"maildir", required_argument, NULL, 'm'},
	    {"mbox", required_argument, NULL, 'b'},
	    {"read", required_argument, NULL, 'f'},
	    {"retry", no_argument, NULL, 't'},
	    {"json", no_argument, NULL, 'j'},
	    {NULL, 0, NULL, 0}};
	int option;

	*command = (struct command){.config = SIGNET_SYSCONFDIR "/signet.conf"};
	while ((option = getopt_long(argc, argv, "c:n", options, NULL)) != -1) {
		if (option == 'c')
			command->config = optarg;
		else if (option == 's')
			command->sender = optarg;
		else if (option == 'r')
			command->recipient = optarg;
		else if (option == 'q')
			command->queue_id = optarg;
		else if (option == 'm')
			set_mode(command, MODE_MAILDIR, optarg);
		else if (option == 'b')
			set_mode(command, MODE_MBOX, optarg);
		else if (option == 'f')
			set_mode(command, MODE_READ, optarg);
		else if (option == 't')
			set_mode(command, MODE_RETRY, NULL);
		else if (option == 'j')
			command->as_json = true;
		else if (option == 'n')
			set_mode(command, MODE_PRINT, NULL);
		else
			return false;
	}
	return optind == argc;
}

static int
fail(int status, const struct why *why)
{
	log_error("%s", why->text);
	return status;
}

/* --- one message from the mail server --- */

/* All of it, or LIMIT_REPORT_MESSAGE_BYTES; then `*rest` is where the
 * remainder can be read. */
static bool
read_stdin(struct arena *arena, struct text *message, int *rest,
	   struct why *why)
{
	size_t most = LIMIT_REPORT_MESSAGE_BYTES, room = 0, len = 0;
	char *bytes = NULL;
	ssize_t got = 1;

	while (got != 0 && len < most) {
		if (room - len < 65536) {
			room = 2 * room + 65536;
			bytes = xrealloc(bytes, 1, room);
		}
		got = read(STDIN_FILENO, bytes + len,
			   room - len < most - len ? room - len : most - len);
		if (got < 0 && errno != EINTR)
			break;
		len += got > 0 ? (size_t)got : 0;
	}
	arena_defer(arena, free, bytes);
	*message = text_of(bytes, len);
	*rest = len == most ? STDIN_FILENO : -1;
	if (got < 0)
		return why_set(why, "cannot read the message: %s",
			       strerror(errno));
	return len > 0 || why_set(why, "no message on standard input");
}

/* Exit codes as pipe(8) takes them: a message either is in the spool or a bin,
 * or stays in the queue of the mail server. */
static int
run_stdin(struct arena *arena, struct intake *intake,
	  const struct command *command)
{
	struct intake_envelope envelope = {text_from(command->queue_id),
					   text_from(command->sender),
					   text_from(command->recipient)};
	struct text message;
	struct why why;
	int rest;

	intake->source = INTAKE_FROM_MTA;
	if (!read_stdin(arena, &message, &rest, &why))
		return fail(EX_TEMPFAIL, &why);
	if (intake_message(intake, &envelope, message, rest) ==
	    INTAKE_NOT_TAKEN)
		return EX_TEMPFAIL;
	return EX_OK;
}

/* --- many messages --- */

static void
show(const struct tally *tally, uint64_t *seen)
{
	uint64_t all = 0;
	unsigned i;

	for (i = 1; i <= INTAKE_NOT_TAKEN; i++)
		all += tally->outcomes[i];
	*seen = all;
	if (tally->is_shown)
		fprintf(stderr, "\r%llu messages, %llu reports ",
			(unsigned long long)all,
			(unsigned long long)tally->outcomes[INTAKE_COUNTED]);
}

static bool
take_message(void *data, struct text name, struct text message)
{
	struct tally *tally = data;
	struct intake_envelope envelope = {.queue_id = name};
	enum intake_outcome outcome =
	    intake_message(tally->intake, &envelope, message, -1);
	uint64_t seen;

	tally->outcomes[outcome]++;
	show(tally, &seen);
	return outcome != INTAKE_NOT_TAKEN;
}

static int
conclude(const struct tally *tally)
{
	uint64_t seen;
	unsigned i;

	show(tally, &seen);
	if (tally->is_shown)
		fputc('\n', stderr);
	printf("messages %llu\n", (unsigned long long)seen);
	for (i = 1; i <= INTAKE_NOT_TAKEN; i++)
		printf("%s %llu\n", intake_outcome_name((enum intake_outcome)i),
		       (unsigned long long)tally->outcomes[i]);
	return tally->outcomes[INTAKE_NOT_TAKEN] > 0 ? EX_TEMPFAIL : EX_OK;
}

static int
run_mailbox(struct intake *intake, const struct command *command)
{
	struct tally tally = {.intake = intake,
			      .is_shown = isatty(STDERR_FILENO)};
	struct intake_reader reader = {.take = take_message, .data = &tally};
	struct why why;
	bool fine;

	intake->source = INTAKE_FROM_FILE;
	fine = command->mode == MODE_MAILDIR
		   ? intake_maildir_read(command->path, &reader, &why)
		   : intake_mbox_read(command->path, &reader, &why);
	if (reader.too_long + reader.unreadable > 0)
		log_warning("left out: too long %llu, unreadable %llu",
			    (unsigned long long)reader.too_long,
			    (unsigned long long)reader.unreadable);
	return fine ? conclude(&tally) : fail(EX_NOINPUT, &why);
}

/* --- what was kept aside, once more --- */

static bool
retry_one(struct intake *intake, const struct intake_bin *bin, struct text name,
	  struct tally *tally)
{
	struct arena *arena = arena_new();
	struct intake_arrival arrival = {0};
	struct intake_envelope envelope;
	enum intake_outcome outcome = INTAKE_ASIDE;
	struct text message;
	struct why why;

	if (intake_kept_read(arena, bin, name, &message, &arrival, &why)) {
		envelope = (struct intake_envelope){
		    arrival.queue_id, arrival.sender, arrival.recipient};
		outcome = intake_message(intake, &envelope, message, -1);
	} else {
		log_warning("%s", why.text);
	}
	if ((outcome == INTAKE_COUNTED || outcome == INTAKE_RETURNED) &&
	    !intake_kept_remove(bin, name, &why))
		log_warning("%s", why.text);
	tally->outcomes[outcome]++;
	arena_free(arena);
	return outcome != INTAKE_NOT_TAKEN;
}

static int
run_retry(struct arena *arena, struct intake *intake)
{
	struct intake_bin bin = {.directory = intake->settings->directory,
				 .name = "aside",
				 .most_bytes = intake->settings->aside_max};
	struct tally tally = {.intake = intake};
	struct intake_kept *kept;
	struct why why;

	intake->source = INTAKE_FROM_ASIDE;
	if (!intake_kept_list(arena, &bin, &kept, &why))
		return fail(EX_NOINPUT, &why);
	while (kept != NULL && retry_one(intake, &bin, kept->name, &tally))
		kept = kept->next;
	return conclude(&tally);
}

/* --- start --- */

static int
run_mode(struct arena *arena, struct intake *intake,
	 const struct command *command)
{
	switch (command->mode) {
	case MODE_STDIN:
		return run_stdin(arena, intake, command);
	case MODE_MAILDIR:
	case MODE_MBOX:
		return run_mailbox(intake, command);
	case MODE_RETRY:
		return run_retry(arena, intake);
	case MODE_READ:
	case MODE_PRINT:
		break;
	}
	return EX_USAGE;
}

static bool
check_wanted(const struct intake_settings *settings, struct why *why)
{
	return settings->wanted.count > 0 ||
	       why_set(why, "no domain is named: write domains = "
			    "example.com in [report_intake]");
}

static int
run_intake(struct arena *arena, const struct intake_settings *settings,
	   const struct command *command)
{
	struct spool_options options =
	    config_common_spool(&settings->common, "signet-report-intake");
	struct intake intake = {.settings = settings};
	uint64_t most = settings->aside_max > settings->refused_max
			    ? settings->aside_max
			    : settings->refused_max;
	struct in_work *in_work;
	struct why why;
	int status = EX_TEMPFAIL;

	if (!check_wanted(settings, &why) ||
	    !intake_sandbox_program(most + (64u << 20), &why))
		return fail(EX_CONFIG, &why);
	options.without_thread = true; /* readers are forked */
	intake.suffixes = public_suffix_list_open(NULL, &why);
	if (intake.suffixes == NULL)
		return fail(EX_OSFILE, &why);
	intake.spool = spool_open(&options, &why);
	in_work = in_work_start(settings->common.spool_directory,
				"signet-report-intake", NULL);
	if (intake.spool != NULL)
		status = run_mode(arena, &intake, command);
	else
		fail(status, &why);
	in_work_close(in_work);
	spool_close(intake.spool);
	public_suffix_list_close(intake.suffixes);
	return status;
}

static int
run(struct arena *arena, const struct command *command)
{
	struct intake_settings settings;
	struct config_source *source;
	struct why why;

	if (!intake_settings_read(arena, command->config, &settings, &source,
				  &why))
		return fail(EX_CONFIG, &why);
	log_open("signet-report-intake", config_common_log(&settings.common),
		 settings.common.debug);
	if (command->mode != MODE_PRINT)
		return run_intake(arena, &settings, command);
	config_print_changed(source, config_common_table);
	config_print_changed(source, config_reports_table);
	config_print_changed(source, intake_settings_table);
	return EX_OK;
}

/* In the child: what is wrong goes to the parent. */
static bool
read_file(void *data, struct sink to)
{
	const struct command *command = data;
	struct why why;

	return intake_print(command->path, command->as_json, &why) ||
	       to.put(to.handle, text_from(why.text), NULL);
}

static bool
take_reason(void *handle, struct text reason, struct why *why)
{
	return why_set(why, TEXT_FMT, TEXT_ARG(reason));
}

static int
run_read(struct command *command)
{
	struct sink reasons = {take_reason, NULL};
	struct cell_cost cost;
	struct why why;

	if (intake_sandbox_program(INT64_MAX, &why) &&
	    cell_run(true, read_file, command, reasons, &cost, &why) ==
		CELL_DONE)
		return EX_OK;
	fprintf(stderr, "signet-report-intake: %s\n", why.text);
	return EX_DATAERR;
}

int
main(int argc, char **argv)
{
	struct command command;
	struct arena *arena;
	int status = answer(argv[1]);

	if (status >= 0)
		return status;
	log_open("signet-report-intake", "auto", false);
	if (!read_command(argc, argv, &command))
		return usage(stderr, EX_USAGE);
	if (command.mode == MODE_READ)
		return run_read(&command);
	arena = arena_new();
	status = run(arena, &command);
	arena_free(arena);
	/* any other code makes the mail server send the report back */
	if (command.mode == MODE_STDIN && status != EX_OK)
		status = EX_TEMPFAIL;
	return status;
}
