/* signet-mailbox - learns from mailboxes and judges what is delivered;
 * see docs/man/signet-mailbox.8 */

#include "config.h"

#include <getopt.h>
#include <semaphore.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/why.h"
#include "dovecot-plugin/event_owner.h"
#include "dovecot-plugin/learner.h"
#include "dovecot-plugin/mailbox_counters.h"
#include "dovecot-plugin/mailbox_server.h"
#include "dovecot-plugin/mailbox_settings.h"
#include "dovecot-plugin/model_cache.h"
#include "dovecot-plugin/model_loader.h"
#include "io/datagram.h"
#include "io/listen.h"
#include "io/in_work.h"
#include "io/log.h"
#include "io/service.h"

/* A call to Postgres that lasts longer is left to the end of the process:
 * nothing is lost by it. */
#define END_MS 3000

struct command {
	const char *config;
	bool print_changed;
};

struct parts {
	const struct mailbox_settings *settings;
	struct event_owner *owner;
	struct model_cache *cache;
	struct model_loader *loader;
	struct learner *learner;
	struct mailbox_server *server;
	struct mailbox_counters *counters;
	int nudge;
};

static sem_t stopped;

static void
on_stop(void *none)
{
	(void)none;
	sem_post(&stopped);
}

static void
on_reload(void *none)
{
	(void)none;
	log_info("the configuration is read at the start alone: restart");
}

static int
usage(FILE *to, int status)
{
	fputs("usage: signet-mailbox [-n] [-c FILE]\n"
	      "       signet-mailbox --version | --help\n",
	      to);
	return status;
}

static int
fail(int status, const struct why *why)
{
	log_error("%s", why->text);
	return status;
}

/* --- parts --- */

/* Whoever delivers or reads mail may nudge: it says nothing but "look". */
static bool
open_nudge(struct parts *parts, struct why *why)
{
	const struct mailbox_settings *settings = parts->settings;
	struct datagram_access access = {
	    .access = {.group = settings->socket_group}};
	struct listen_address address;

	if (!listen_parse_mode(settings->socket_mode, &access.access.mode,
			       why) ||
	    !listen_parse(settings->nudge, &address, why))
		return false;
	parts->nudge = datagram_open(&address, &access, why);
	return parts->nudge >= 0;
}

static bool
open_learner(struct parts *parts, struct why *why)
{
	const struct learner_options options = {
	    .settings = parts->settings,
	    .cache = parts->cache,
	    .owner = parts->owner,
	    .nudge = parts->nudge,
	    .written = model_loader_hurry,
	    .handle = parts->loader,
	};

	parts->learner = learner_open(&options, why);
	return parts->learner != NULL;
}

static bool
open_server(struct parts *parts, struct why *why)
{
	const struct mailbox_server_options options = {
	    .settings = parts->settings,
	    .cache = parts->cache,
	    .owner = parts->owner,
	    .answered = mailbox_counters_answer,
	    .handle = parts->counters,
	};
	struct mailbox_figures figures = {.learner = parts->learner,
					  .cache = parts->cache};

	parts->server = mailbox_server_open(&options, why);
	figures.server = parts->server;
	return parts->server != NULL &&
	       mailbox_counters_open(parts->counters, parts->settings, &figures,
				     why);
}

static bool
open_all(struct parts *parts, struct why *why)
{
	parts->owner = event_owner_new(&parts->settings->mail_owners, why);
	if (parts->owner == NULL || !open_nudge(parts, why))
		return false;
	parts->counters = mailbox_counters_new();
	parts->cache = model_cache_new(parts->settings->cache);
	parts->loader = model_loader_open(parts->settings, parts->cache);
	if (!open_learner(parts, why))
		return false;
	if (!model_loader_start(parts->loader) ||
	    !learner_start(parts->learner))
		return why_set(why, "no threads to work with");
	return open_server(parts, why);
}

/* What does not end in time is stopped by the end of the process, as kill -9
 * would do it. */
static void
close_all(struct parts *parts)
{
	struct listen_address address;
	bool all;

	all = mailbox_server_stop(parts->server, END_MS);
	model_cache_stop(parts->cache);
	all = learner_stop(parts->learner, END_MS) && all;
	all = model_loader_stop(parts->loader, END_MS) && all;
	if (listen_parse(parts->settings->nudge, &address, NULL))
		unlink(listen_path(&address));
	if (!all) {
		log_info("ended while Postgres was asked; what it did not "
			 "write is in the spool");
		_exit(EX_OK);
	}
	mailbox_counters_close(parts->counters);
	mailbox_server_close(parts->server);
	learner_close(parts->learner);
	model_loader_close(parts->loader);
	model_cache_free(parts->cache);
	event_owner_free(parts->owner);
	close(parts->nudge);
	log_info("ended");
}

static int
serve(const struct mailbox_settings *settings)
{
	static const struct service_calls calls = {.stop = on_stop,
						   .reload = on_reload};
	struct parts parts = {.settings = settings, .nudge = -1};
	struct in_work *in_work;
	struct why why;

	sem_init(&stopped, 0, 0);
	if (!service_start(&calls, &why))
		return fail(EX_OSERR, &why);
	in_work = in_work_start(settings->common.spool_directory,
				"signet-mailbox", NULL);
	if (!open_all(&parts, &why)) {
		fail(EX_CONFIG, &why);
		_exit(EX_CONFIG); /* threads may run */
	}
	if (settings->mail_owners.count == 0)
		log_info("mail_owners is not set: accounts that are no users "
			 "of the system are spoken for by all users of it");
	log_info("ready");
	service_ready();
	while (sem_wait(&stopped) != 0)
		;
	service_stopping();
	close_all(&parts);
	in_work_close(in_work);
	return EX_OK;
}

/* --- start --- */

static int
run(struct arena *arena, const struct command *command)
{
	struct mailbox_settings settings;
	struct config_source *source;
	struct why why;

	if (!mailbox_settings_read(arena, command->config, &settings, &source,
				   &why))
		return fail(EX_CONFIG, &why);
	if (command->print_changed) {
		config_print_changed(source, config_common_table);
		config_print_changed(source, mailbox_settings_table);
		return EX_OK;
	}
	log_open("signet-mailbox", config_common_log(&settings.common),
		 settings.common.debug);
	return serve(&settings);
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
		puts("signet-mailbox " PACKAGE_VERSION);
		return EX_OK;
	}
	log_open("signet-mailbox", "auto", false);
	if (!read_command(argc, argv, &command))
		return usage(stderr, EX_USAGE);
	arena = arena_new();
	status = run(arena, &command);
	arena_free(arena);
	return status;
}
