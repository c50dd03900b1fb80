/* signet-load - spool files into PostgreSQL; see docs/man/signet-load.8 */

#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/why.h"
#include "io/log.h"
#include "io/pg.h"
#include "sql/load_loop.h"
#include "sql/load_settings.h"
#include "sql/migrate.h"

enum mode { MODE_SERVICE, MODE_ONCE, MODE_MIGRATE, MODE_EXPIRE };

struct command {
	enum mode mode;
	const char *config, *database, *sql_directory;
};

static volatile sig_atomic_t is_stopped, is_hup;

static void
on_signal(int which)
{
	if (which == SIGHUP)
		is_hup = 1;
	else
		is_stopped = 1;
}

static bool
stopped(void)
{
	return is_stopped != 0;
}

/* sd_notify(3): one datagram to $NOTIFY_SOCKET, '@' for an abstract name. */
static void
notify(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	size_t len = path != NULL ? strlen(path) : 0;
	int fd;

	if (len == 0 || len >= sizeof(to.sun_path))
		return;
	memcpy(to.sun_path, path, len);
	if (to.sun_path[0] == '@')
		to.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&to,
	       (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
	close(fd);
}

static int
usage(void)
{
	fprintf(stderr, "usage: signet-load [-c FILE] [-d CONNINFO] "
			"[--once | --migrate [--sql-dir DIR] | --expire]\n");
	return EX_USAGE;
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
	while ((option = getopt_long(argc, argv, "c:d:", options, NULL)) !=
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

	log_info("loaded files=%llu lines=%llu messages=%llu evaluations=%llu "
		 "duplicates=%llu refused=%llu",
		 (unsigned long long)counts->files,
		 (unsigned long long)counts->lines,
		 (unsigned long long)counts->messages,
		 (unsigned long long)counts->evaluations,
		 (unsigned long long)counts->duplicates,
		 (unsigned long long)counts->refused);
	return state == LOAD_STATE_CLEAR ? EX_OK : EX_TEMPFAIL;
}

static void
wait_for_work(struct load_loop *loop, const sigset_t *waiting)
{
	int64_t pause_ms = load_loop_pause_ms(loop);
	struct timespec pause = {pause_ms / 1000, pause_ms % 1000 * 1000000};
	struct pollfd watch = {load_loop_watch(loop), POLLIN, 0};

	ppoll(&watch, 1, &pause, waiting);
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
	sigset_t blocked, waiting;

	sigemptyset(&blocked);
	sigaddset(&blocked, SIGTERM);
	sigaddset(&blocked, SIGINT);
	sigaddset(&blocked, SIGHUP);
	notify("READY=1");
	while (!is_stopped) {
		if (is_hup) {
			is_hup = 0;
			*loop = reload(*loop, command);
		}
		load_loop_step(*loop, stopped);
		sigprocmask(SIG_BLOCK, &blocked, &waiting);
		if (!is_stopped && !is_hup)
			wait_for_work(*loop, &waiting);
		sigprocmask(SIG_SETMASK, &waiting, NULL);
	}
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
	struct load_loop *loop;
	struct why why;
	int status = EX_USAGE;

	if (command->mode == MODE_MIGRATE)
		return run_migrate(command, settings);
	loop = open_loop(settings, &why);
	if (loop == NULL)
		return fail(EX_CONFIG, &why);
	if (command->mode == MODE_ONCE)
		status = run_once(loop);
	else if (command->mode == MODE_EXPIRE)
		status = run_expire(loop);
	else
		status = run_service(&loop, command);
	load_loop_close(loop);
	return status;
}

int
main(int argc, char **argv)
{
	struct sigaction action = {.sa_handler = on_signal};
	struct arena *arena;
	struct load_settings settings;
	struct command command;
	struct why why;
	int status;

	log_open("signet-load", "auto", false);
	if (!read_command(argc, argv, &command))
		return usage();
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	arena = arena_new();
	if (read_settings(arena, &command, &settings, &why))
		status = run(&command, &settings);
	else
		status = fail(EX_CONFIG, &why);
	arena_free(arena);
	return status;
}
