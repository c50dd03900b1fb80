/* signet-load - spool files into PostgreSQL; see docs/man/signet-load.8 */

#include "config.h"

#include <getopt.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/why.h"
#include "io/in_work.h"
#include "io/log.h"
#include "io/pg.h"
#include "io/service.h"
#include "sql/load_loop.h"
#include "sql/load_settings.h"
#include "sql/migrate.h"

enum mode { MODE_SERVICE, MODE_ONCE, MODE_MIGRATE, MODE_EXPIRE, MODE_PRINT };

struct command {
	enum mode mode;
	const char *config, *database, *sql_directory;
};

/* Set by the thread that waits for signals, which then wakes the other. */
static atomic_bool is_stopped, is_hup;
static int wake = -1;

static void
wake_up(void)
{
	uint64_t one = 1;

	(void)!write(wake, &one, sizeof(one));
}

static void
on_stop(void *none)
{
	atomic_store(&is_stopped, true);
	wake_up();
}

static void
on_reload(void *none)
{
	atomic_store(&is_hup, true);
	wake_up();
}

static bool
stopped(void)
{
	return atomic_load(&is_stopped);
}

static int
usage(FILE *to, int status)
{
	fputs("usage: signet-load [-n] [-c FILE] [-d CONNINFO] "
	      "[--once | --migrate [--sql-dir DIR] | --expire]\n"
	      "       signet-load --version | --help\n",
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
	puts("signet-load " PACKAGE_VERSION);
	return EX_OK;
}

static bool
read_command(int argc, char **argv, struct command *command)
{
	static const struct option options[] = {
	    {"config", required_argument, NULL, 'c'},
	    {"database", required_argument, NULL, 'd'},
	    {"sql-dir", required_argument, NULL, 's'},
	    {"once", no_argument, NULL, '1'},
	    {"migrate", no_argument, NULL, 'm'},
	    {"expire", no_argument, NULL, 'e'},
	    {NULL, 0, NULL, 0}};
	int option;

	*command = (struct command){.config = SIGNET_SYSCONFDIR "/signet.conf",
				    .sql_directory = SIGNET_DATADIR "/sql"};
	while ((option = getopt_long(argc, argv, "c:d:n", options, NULL)) !=
	       -1) {
		if (option == 'c')
			command->config = optarg;
		else if (option == 'd')
			command->database = optarg;
		else if (option == 's')
			command->sql_directory = optarg;
		else if (option == '1')
			command->mode = MODE_ONCE;
		else if (option == 'm')
			command->mode = MODE_MIGRATE;
		else if (option == 'e')
			command->mode = MODE_EXPIRE;
		else if (option == 'n')
			command->mode = MODE_PRINT;
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

static int
run_migrate(const struct command *command, const struct load_settings *settings)
{
	struct pg_options options = {.conninfo = settings->common.conninfo,
				     .program = "signet-load",
				     .call_ms = 600000,
				     .pause_most_ms = 1000};
	struct pg *pg = pg_open(&options);
	struct why why;
	bool ok = migrate(pg, command->sql_directory, &why);

	pg_close(pg);
	return ok ? EX_OK : fail(EX_SOFTWARE, &why);
}

static int
run_once(struct load_loop *loop)
{
	const struct load_counts *counts = load_loop_counts(loop);
	enum load_state state = load_loop_step(loop, stopped);
	struct arena *arena = arena_new();

	log_info("loaded files=%llu lines=%llu messages=%llu evaluations=%llu "
		 "duplicates=%llu refused=%llu%s",
		 (unsigned long long)counts->files,
		 (unsigned long long)counts->lines,
		 (unsigned long long)counts->messages,
		 (unsigned long long)counts->evaluations,
		 (unsigned long long)counts->duplicates,
		 (unsigned long long)counts->refused,
		 load_counts_types(arena, counts));
	arena_free(arena);
	return state == LOAD_STATE_CLEAR ? EX_OK : EX_TEMPFAIL;
}

static void
wait_for_work(struct load_loop *loop)
{
	struct pollfd watch[2] = {{load_loop_watch(loop), POLLIN, 0},
				  {wake, POLLIN, 0}};
	uint64_t ignored;

	poll(watch, 2, (int)load_loop_pause_ms(loop));
	(void)!read(wake, &ignored, sizeof(ignored));
}

/* The configuration as the command line changes it. */
static bool
read_settings(struct arena *arena, const struct command *command,
	      struct load_settings *settings, struct why *why)
{
	struct config_source *source;

	if (!load_settings_read(arena, command->config, settings, &source, why))
		return false;
	if (command->database != NULL)
		settings->common.conninfo = command->database;
	log_open("signet-load", config_common_log(&settings->common),
		 settings->common.debug);
	if (command->mode == MODE_PRINT) {
		config_print_changed(source, config_common_table);
		config_print_changed(source, load_settings_table);
	}
	return true;
}

static struct load_loop *
open_loop(const struct load_settings *settings, struct why *why)
{
	struct load_loop_options options = load_settings_loop(settings);

	return load_loop_open(&options, why);
}

/* Reads the configuration again; a broken one changes nothing. */
static struct load_loop *
reload(struct load_loop *loop, const struct command *command)
{
	struct arena *arena = arena_new();
	struct load_settings settings;
	struct load_loop *fresh = NULL;
	struct why why;

	if (read_settings(arena, command, &settings, &why))
		fresh = open_loop(&settings, &why);
	if (fresh == NULL)
		log_error("the old configuration stays: %s", why.text);
	else
		log_info("configuration read again");
	arena_free(arena);
	if (fresh == NULL)
		return loop;
	load_loop_close(loop);
	return fresh;
}

static int
run_service(struct load_loop **loop, const struct command *command)
{
	static const struct service_calls calls = {.stop = on_stop,
						   .reload = on_reload};
	struct why why;

	wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (wake < 0)
		why_set(&why, "cannot make an eventfd");
	if (wake < 0 || !service_start(&calls, &why))
		return fail(EX_OSERR, &why);
	service_ready();
	while (!stopped()) {
		load_loop_step(*loop, stopped);
		wait_for_work(*loop);
		if (atomic_exchange(&is_hup, false)) {
			service_reloading();
			*loop = reload(*loop, command);
			service_ready();
		}
	}
	service_stopping();
	log_info("ended");
	return EX_OK;
}

static int
run_expire(struct load_loop *loop)
{
	struct why why;

	return load_loop_expire(loop, &why) ? EX_OK : fail(EX_TEMPFAIL, &why);
}

static int
run(const struct command *command, const struct load_settings *settings)
{
	struct in_work *in_work;
	struct load_loop *loop;
	struct why why;
	int status = EX_USAGE;

	if (command->mode == MODE_PRINT)
		return EX_OK;
	if (command->mode == MODE_MIGRATE)
		return run_migrate(command, settings);
	loop = open_loop(settings, &why);
	if (loop == NULL)
		return fail(EX_CONFIG, &why);
	in_work = in_work_start(settings->common.spool_directory, "signet-load",
				NULL);
	if (command->mode == MODE_ONCE)
		status = run_once(loop);
	else if (command->mode == MODE_EXPIRE)
		status = run_expire(loop);
	else
		status = run_service(&loop, command);
	load_loop_close(loop);
	in_work_close(in_work);
	return status;
}

int
main(int argc, char **argv)
{
	struct arena *arena;
	struct load_settings settings;
	struct command command;
	struct why why;
	int status = answer(argv[1]);

	if (status >= 0)
		return status;
	log_open("signet-load", "auto", false);
	if (!read_command(argc, argv, &command))
		return usage(stderr, EX_USAGE);
	arena = arena_new();
	if (read_settings(arena, &command, &settings, &why))
		status = run(&command, &settings);
	else
		status = fail(EX_CONFIG, &why);
	arena_free(arena);
	return status;
}
