/* signet-milter - checks incoming mail (signet-milter(8)) */
#include "config.h"

#include <getopt.h>
#include <pthread.h>

#include "base/arena.h"
#include "base/crypto.h"
#include "base/why.h"
#include "io/in_work.h"
#include "io/log.h"
#include "io/resolver_unbound.h"
#include "io/service.h"
#include "io/spool.h"
#include "milter/counters.h"
#include "milter/explain.h"
#include "milter/glue.h"
#include "milter/inbound.h"
#include "milter/live.h"
#include "milter/setup.h"

struct program {
	const char *config, *listener;
	bool print_changed;
	pthread_mutex_t lock; /* held while the parts come and go: a reload
				 may be asked for at any time */
	bool has_parts;
	struct resolver_unbound *resolver;
	struct spool *spool;
	struct in_work *in_work; /* until the process ends */
};

static void
usage(FILE *to)
{
	fputs("usage: signet-milter [-n] [-c signet.conf] [-l LISTENER]\n"
	      "       signet-milter --explain [ARGUMENTS]\n"
	      "       signet-milter --version | --help\n",
	      to);
}

/* --- reload --- */

/* Resolver, spool and sockets stay as they are; all else is read again.  A
 * file with an error changes nothing. */
static void
read_again(struct program *program)
{
	struct engine *engine = NULL;
	struct setup *setup;
	struct why why;

	service_reloading();
	setup = setup_load(program->config, program->listener, &why);
	if (setup != NULL)
		engine = setup_engine(
		    setup, resolver_unbound_resolver(program->resolver),
		    program->spool, &why);
	if (engine != NULL) {
		glue_use(&inbound_calls, engine);
		engine_release(engine);
		counters_add(COUNT_RELOADS);
		log_info("configuration read again");
	} else {
		counters_add(COUNT_RELOADS_REFUSED);
		log_error("configuration not taken over, the old one stays: "
			  "%s",
			  why.text);
	}
	service_ready();
}

static void
reload(void *data)
{
	struct program *program = data;

	pthread_mutex_lock(&program->lock);
	if (program->has_parts)
		read_again(program);
	pthread_mutex_unlock(&program->lock);
}

static void
stop(void *data)
{
	service_stopping();
	log_info("told to stop; messages on their way end first");
	glue_stop();
}

/* --- start --- */

static bool
open_parts(struct program *program, const struct setup *setup, struct why *why)
{
	struct spool_options spool =
	    config_common_spool(&setup->common, "signet-milter");
	struct resolver_options resolver;

	program->spool = spool_open(&spool, why);
	if (program->spool == NULL)
		return false;
	program->in_work = in_work_start(setup->common.spool_directory,
					 "signet-milter", program->listener);
	setup_resolver_options(setup, &resolver);
	resolver.told = "mail goes on and its checks are temperror";
	program->resolver = resolver_unbound_open(&resolver, why);
	return program->resolver != NULL;
}

static void
close_parts(struct program *program)
{
	pthread_mutex_lock(&program->lock);
	program->has_parts = false;
	pthread_mutex_unlock(&program->lock);
	if (program->resolver != NULL)
		resolver_unbound_close(program->resolver);
	if (program->spool != NULL)
		spool_close(program->spool);
}

/* All that a reload uses; NULL if something of it cannot be had. */
static struct engine *
make_parts(struct program *program, struct setup *setup, struct why *why)
{
	const struct milter_options *milter = &setup->milter;
	struct engine *engine;

	if (!open_parts(program, setup, why)) {
		setup_free(setup);
		return NULL;
	}
	engine =
	    setup_engine(setup, resolver_unbound_resolver(program->resolver),
			 program->spool, why);
	if (engine == NULL)
		return NULL;
	if (milter->metrics != NULL &&
	    !counters_serve(milter->metrics, milter->socket_group,
			    program->resolver, program->spool, why)) {
		engine_release(engine);
		return NULL;
	}
	glue_use(&inbound_calls, engine);
	program->has_parts = true;
	return engine;
}

static bool
listen_and_serve(const struct program *program,
		 const struct milter_options *milter, struct why *why)
{
	const struct glue_listen where = {milter->listen, milter->socket_group,
					  milter->socket_mode,
					  program->in_work};

	if (!glue_open(&inbound_calls, &where, why))
		return false;
	log_info("ready on %s", milter->listen);
	service_ready();
	return glue_serve(why);
}

static bool
serve(struct program *program, struct setup *setup, struct why *why)
{
	struct engine *engine;
	bool fine;

	pthread_mutex_lock(&program->lock);
	engine = make_parts(program, setup, why);
	pthread_mutex_unlock(&program->lock);
	if (engine == NULL)
		return false;
	fine = listen_and_serve(program, &setup->milter, why);
	if (!live_is_idle())
		return fine;
	glue_use(&inbound_calls, NULL);
	engine_release(engine);
	return fine;
}

/* The listeners that other processes serve are right as well. */
static bool
check_listeners(const struct program *program, const struct setup *setup,
		struct why *why)
{
	const char *const *names;
	size_t count = config_names(setup->source, "milter", &names), i;
	struct setup *other;

	for (i = 0; i < count; i++) {
		other = setup_load(program->config, names[i], why);
		if (other == NULL)
			return false;
		setup_free(other);
	}
	return true;
}

static bool
print_changed(const struct program *program, struct setup *setup,
	      struct why *why)
{
	bool fine = check_listeners(program, setup, why);

	if (fine) {
		config_print_changed(setup->source, config_common_table);
		config_print_changed(setup->source, milter_options_table);
	}
	setup_free(setup);
	return fine;
}

static bool
run(struct program *program, struct why *why)
{
	static struct service_calls calls = {.stop = stop, .reload = reload};
	struct setup *setup =
	    setup_load(program->config, program->listener, why);
	bool fine;

	if (setup == NULL)
		return false;
	if (program->print_changed)
		return print_changed(program, setup, why);
	log_open("signet-milter", config_common_log(&setup->common),
		 setup->common.debug);
	calls.data = program;
	if (!service_start(&calls, why)) {
		setup_free(setup);
		return false;
	}
	fine = serve(program, setup, why);
	/* A message that did not end in time keeps what it uses. */
	if (live_is_idle())
		close_parts(program);
	return fine;
}

static bool
read_options(int argc, char **argv, struct program *program)
{
	int option;

	while ((option = getopt(argc, argv, "nc:l:")) != -1) {
		switch (option) {
		case 'n':
			program->print_changed = true;
			break;
		case 'c':
			program->config = optarg;
			break;
		case 'l':
			program->listener = optarg;
			break;
		default:
			return false;
		}
	}
	return optind == argc;
}

int
main(int argc, char **argv)
{
	struct program program = {.lock = PTHREAD_MUTEX_INITIALIZER};
	struct why why;

	crypto_begin();
	if (argc > 1 && strcmp(argv[1], "--explain") == 0)
		return explain_main(argc - 1, argv + 1);
	if (argc > 1 && strcmp(argv[1], "--version") == 0) {
		puts("signet-milter " PACKAGE_VERSION);
		return 0;
	}
	if (argc > 1 && strcmp(argv[1], "--help") == 0) {
		usage(stdout);
		return 0;
	}
	if (!read_options(argc, argv, &program)) {
		usage(stderr);
		return 2;
	}
	if (run(&program, &why))
		return 0;
	fprintf(stderr, "signet-milter: %s\n", why.text);
	return 1;
}
