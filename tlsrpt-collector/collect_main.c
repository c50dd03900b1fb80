/* signet-tls-collect - results of TLS sessions, into the spool;
 * see docs/man/signet-tls-collect.8 */

#include "config.h"

#include <getopt.h>
#include <semaphore.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/why.h"
#include "io/in_work.h"
#include "io/log.h"
#include "io/service.h"
#include "tlsrpt-collector/collect.h"
#include "tlsrpt-collector/collect_counters.h"
#include "tlsrpt-collector/collect_settings.h"
#include "tlsrpt-collector/source_datagram.h"
#include "tlsrpt-collector/source_maillog.h"

/* Opened in this order, closed in the other. */
enum { DATAGRAMS, MAILLOG, SOURCES };
static const struct collect_source *const sources[SOURCES] = {
    [DATAGRAMS] = &source_datagram,
    [MAILLOG] = &source_maillog,
};

struct command {
	const char *config;
	bool print_changed;
};

static sem_t stopped;

static void
on_stop(void *none)
{
	sem_post(&stopped);
}

static void
on_reload(void *none)
{
	log_info("the configuration is read at the start alone: restart");
}

static int
usage(FILE *to, int status)
{
	fputs("usage: signet-tls-collect [-n] [-c FILE]\n"
	      "       signet-tls-collect --version | --help\n",
	      to);
	return status;
}

static int
fail(int status, const struct why *why)
{
	log_error("%s", why->text);
	return status;
}

/* --- sources --- */

static void
close_sources(void *handles[SOURCES])
{
	size_t i;

	for (i = SOURCES; i-- > 0;)
		if (handles[i] != NULL)
			sources[i]->close(handles[i]);
}

static bool
open_sources(struct collect *collect, void *handles[SOURCES], struct why *why)
{
	size_t i, count = 0;

	for (i = 0; i < SOURCES; i++) {
		if (!sources[i]->open(collect, &handles[i], why))
			return false;
		count += handles[i] != NULL;
	}
	return count > 0 ||
	       why_set(why, "nothing is to be collected: write listen = "
			    "unix:/path in [tls_collect]");
}

static bool
open_all(struct collect *collect, void *handles[SOURCES],
	 struct collect_counters **counters, struct why *why)
{
	struct collect_figures figures = {.collect = collect};

	if (!open_sources(collect, handles, why))
		return false;
	figures.datagrams = handles[DATAGRAMS];
	figures.log = handles[MAILLOG];
	return collect_counters_open(&figures, counters, why);
}

static int
serve(struct collect *collect)
{
	struct collect_counters *counters = NULL;
	void *handles[SOURCES] = {NULL};
	struct why why;
	int status = EX_OK;

	if (open_all(collect, handles, &counters, &why)) {
		log_info("ready");
		service_ready();
		while (sem_wait(&stopped) != 0)
			;
		service_stopping();
	} else {
		status = fail(EX_CONFIG, &why);
	}
	collect_counters_close(counters);
	collect_stop(collect);
	close_sources(handles);
	log_info("ended, kept=%llu lost=%llu",
		 (unsigned long long)collect_kept(collect),
		 (unsigned long long)collect_lost(collect));
	return status;
}

/* --- start --- */

static int
run_service(const struct collect_settings *settings)
{
	/* journalctl */
	static const struct service_calls calls = {
	    .stop = on_stop, .reload = on_reload, .runs_programs = true};
	struct in_work *in_work;
	struct collect *collect;
	struct why why;
	int status;

	sem_init(&stopped, 0, 0);
	if (!service_start(&calls, &why))
		return fail(EX_OSERR, &why);
	in_work = in_work_start(settings->common.spool_directory,
				"signet-tls-collect", NULL);
	collect = collect_open(settings, &why);
	if (collect == NULL)
		return fail(EX_CANTCREAT, &why);
	status = serve(collect);
	collect_close(collect);
	in_work_close(in_work);
	return status;
}

static int
run(struct arena *arena, const struct command *command)
{
	struct collect_settings settings;
	struct config_source *source;
	struct why why;

	if (!collect_settings_read(arena, command->config, &settings, &source,
				   &why))
		return fail(EX_CONFIG, &why);
	log_open("signet-tls-collect", config_common_log(&settings.common),
		 settings.common.debug);
	if (!command->print_changed)
		return run_service(&settings);
	config_print_changed(source, config_common_table);
	config_print_changed(source, collect_settings_table);
	config_print_changed(source, maillog_settings_table);
	return EX_OK;
}

static bool
read_command(int argc, char **argv, struct command *command)
{
	static const struct option options[] = {
	    {"config", required_argument, NULL, 'c'}, {NULL, 0, NULL, 0}};
	int option;

	*command = (struct command){.config = SIGNET_SYSCONFDIR "/signet.conf"};
	while ((option = getopt_long(argc, argv, "c:n", options, NULL)) != -1) {
		if (option == 'c')
			command->config = optarg;
		else if (option == 'n')
			command->print_changed = true;
		else
			return false;
	}
	return optind == argc;
}

int
main(int argc, char **argv)
{
	struct command command;
	struct arena *arena;
	int status;

	if (argc > 1 && strcmp(argv[1], "--help") == 0)
		return usage(stdout, EX_OK);
	if (argc > 1 && strcmp(argv[1], "--version") == 0) {
		puts("signet-tls-collect " PACKAGE_VERSION);
		return EX_OK;
	}
	log_open("signet-tls-collect", "auto", false);
	if (!read_command(argc, argv, &command))
		return usage(stderr, EX_USAGE);
	arena = arena_new();
	status = run(arena, &command);
	arena_free(arena);
	return status;
}
