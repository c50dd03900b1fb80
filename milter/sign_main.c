/* signet-sign - signs outgoing mail (signet-sign(8)) */
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
#include "milter/glue.h"
#include "milter/key_watch.h"
#include "milter/live.h"
#include "milter/outbound.h"
#include "milter/sign_counters.h"
#include "milter/sign_explain.h"
#include "milter/sign_setup.h"

struct program {
	const char *config, *listener;
	bool print_changed;
	pthread_mutex_t lock; /* held while the parts come and go: a reload
				 may be asked for at any time */
	bool has_parts;
	struct resolver_unbound *resolver;
	struct key_watch *watch;
	struct sender_source *senders;
	struct spool *spool;
	struct in_work *in_work; /* until the process ends */
};

static void
usage(FILE *to)
{
	fputs("usage: signet-sign [-n] [-c signet.conf] [-l LISTENER]\n"
	      "       signet-sign --explain [ARGUMENTS]\n"
	      "       signet-sign --version | --help\n",
	      to);
}

/* A signer without a key does no harm, and is not what was meant. */
static void
tell_keys(const struct sign_engine *engine, const struct sign_setup *setup)
{
	if (engine->keys.all_count == 0)
		log_warning("there is no key below %s: nothing is signed; "
			    "make one with signet keys new DOMAIN",
			    setup->keys.directory);
	else
		log_info("%zu keys", engine->keys.all_count);
}

static struct sign_engine *
make_engine(const struct program *program, struct sign_setup *setup,
	    struct why *why)
{
	struct sign_engine *engine;

	if (setup->sign.sender_database && program->senders == NULL) {
		sign_setup_free(setup);
		why_set(why, "sender_database was set while the program runs; "
			     "restart it");
		return NULL;
	}
	engine =
	    sign_setup_engine(setup, program->senders, program->spool, why);
	if (engine == NULL)
		return NULL;
	tell_keys(engine, setup);
	key_watch_use(program->watch, engine);
	glue_use(&outbound_calls, engine);
	return engine;
}

/* --- reload --- */

/* Resolver, spool, sockets and the connection to the database stay as they
 * are; all else is read again.  A file with an error changes nothing. */
static void
read_again(struct program *program)
{
	struct sign_engine *engine = NULL;
	struct sign_setup *setup;
	struct why why;

	service_reloading();
	setup = sign_setup_load(program->config, program->listener, &why);
	if (setup != NULL)
		engine = make_engine(program, setup, &why);
	if (engine != NULL) {
		sign_engine_release(engine);
		sign_counters_add(SIGN_RELOADS);
		log_info("configuration read again");
	} else {
		sign_counters_add(SIGN_RELOADS_REFUSED);
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
	(void)data;
	service_stopping();
	log_info("told to stop; messages on their way end first");
	glue_stop();
}

/* --- start --- */

static bool
open_parts(struct program *program, const struct sign_setup *setup,
	   struct why *why)
{
	struct spool_options spool =
	    config_common_spool(&setup->common, "signet-sign");
	struct sender_source_options senders = sign_setup_senders(setup);
	struct resolver_options resolver;

	program->spool = spool_open(&spool, why);
	if (program->spool == NULL)
		return false;
	program->in_work = in_work_start(setup->common.spool_directory,
					 "signet-sign", program->listener);
	sign_setup_resolver(setup, &resolver);
	resolver.told = "mail is signed as before";
	program->resolver = resolver_unbound_open(&resolver, why);
	if (program->resolver == NULL)
		return false;
	program->watch =
	    key_watch_open(resolver_unbound_resolver(program->resolver), why);
	if (program->watch == NULL)
		return false;
	if (!setup->sign.sender_database)
		return true;
	program->senders = sender_source_open(&senders, why);
	return program->senders != NULL;
}

static void
close_parts(struct program *program)
{
	pthread_mutex_lock(&program->lock);
	program->has_parts = false;
	pthread_mutex_unlock(&program->lock);
	sign_counters_forget();
	key_watch_close(program->watch);
	sender_source_close(program->senders);
	if (program->resolver != NULL)
		resolver_unbound_close(program->resolver);
	if (program->spool != NULL)
		spool_close(program->spool);
}

static bool
count(const struct program *program, const struct sign_options *sign,
      struct why *why)
{
	const struct sign_sources sources = {program->watch, program->senders,
					     program->spool};

	return sign->metrics == NULL ||
	       sign_counters_serve(sign->metrics, sign->socket_group, &sources,
				   why);
}

/* All that a reload uses; NULL if something of it cannot be had. */
static struct sign_engine *
make_parts(struct program *program, struct sign_setup *setup, struct why *why)
{
	if (open_parts(program, setup, why) &&
	    count(program, &setup->sign, why)) {
		program->has_parts = true;
		return make_engine(program, setup, why);
	}
	sign_setup_free(setup);
	return NULL;
}

static bool
listen_and_serve(const struct program *program, const struct sign_options *sign,
		 struct why *why)
{
	const struct glue_listen where = {sign->listen, sign->socket_group,
					  sign->socket_mode, program->in_work};

	if (!glue_open(&outbound_calls, &where, why))
		return false;
	log_info("ready on %s", sign->listen);
	service_ready();
	return glue_serve(why);
}

static bool
serve(struct program *program, struct sign_setup *setup, struct why *why)
{
	struct sign_engine *engine;
	bool fine;

	pthread_mutex_lock(&program->lock);
	engine = make_parts(program, setup, why);
	pthread_mutex_unlock(&program->lock);
	if (engine == NULL)
		return false;
	fine = listen_and_serve(program, &setup->sign, why);
	if (live_is_idle())
		glue_use(&outbound_calls, NULL);
	sign_engine_release(engine);
	return fine;
}

static bool
print_changed(struct sign_setup *setup, struct why *why)
{
	struct sender_source *none = NULL;
	struct sign_engine *engine;

	config_print_changed(setup->source, config_common_table);
	config_print_changed(setup->source, config_keys_table);
	config_print_changed(setup->source, sign_options_table);
	/* what the service would stumble over, keys and tables included */
	engine = sign_setup_engine(setup, none, NULL, why);
	sign_engine_release(engine);
	return engine != NULL;
}

static bool
run(struct program *program, struct why *why)
{
	static struct service_calls calls = {.stop = stop, .reload = reload};
	struct sign_setup *setup =
	    sign_setup_load(program->config, program->listener, why);
	bool fine;

	if (setup == NULL)
		return false;
	if (program->print_changed)
		return print_changed(setup, why);
	log_open("signet-sign", config_common_log(&setup->common),
		 setup->common.debug);
	calls.data = program;
	if (!service_start(&calls, why)) {
		sign_setup_free(setup);
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
		return sign_explain_main(argc - 1, argv + 1);
	if (argc > 1 && strcmp(argv[1], "--version") == 0) {
		puts("signet-sign " PACKAGE_VERSION);
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
	fprintf(stderr, "signet-sign: %s\n", why.text);
	return 1;
}
