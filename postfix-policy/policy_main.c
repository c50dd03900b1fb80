/* signet-policy - tells Postfix how mail to a domain is secured
 * (signet-policy(8)) */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/arena.h"
#include "base/crypto.h"
#include "base/why.h"
#include "io/in_work.h"
#include "io/log.h"
#include "io/resolver_unbound.h"
#include "io/service.h"
#include "io/spool.h"
#include "postfix-policy/counters.h"
#include "postfix-policy/delegate.h"
#include "postfix-policy/domain_memory.h"
#include "postfix-policy/explain_main.h"
#include "postfix-policy/feed.h"
#include "postfix-policy/query.h"
#include "postfix-policy/quota.h"
#include "postfix-policy/server.h"
#include "postfix-policy/settings.h"
#include "postfix-policy/share.h"
#include "postfix-policy/socketmap.h"
#include "postfix-policy/sts_cache.h"
#include "postfix-policy/worker_pool.h"

/* The deepest of a lookup is OpenSSL in libcurl, below 64 KiB; the thread
 * sanitizers want several times as much. */
#define STACK_BYTES (256u << 10)
#define SANITIZED_STACK_BYTES (2u << 20)
#define THREAD_IDLE_MS 10000
#define MOST_QUEUED 20000
/* What was said of so many domains is remembered: some 24 bytes each. */
#define MOST_REMEMBERED 200000
/* Lookups that do not end in this time are left to the end of the process. */
#define CLOSE_MS 2000
/* Between two looks at the database: an override is to count soon. */
#define SHARE_S 15
/* Descriptors beside connections: lookups, files, libraries. */
#define OTHER_FILES 1024

struct program {
	const char *config;
	bool print_changed;
	struct settings *settings;
	pthread_mutex_t lock; /* held while the parts come and go: a reload
				 may be asked for at any time */
	bool has_parts;
	struct spool *spool;
	struct resolver_unbound *resolver;
	struct sts_cache *sts;
	struct share *share;
	struct domain_memory *memory;
	struct worker_pool *pool;
	struct feed *feed;
	struct server *server;
	struct query *query;
	struct quota *quota; /* NULL: nobody asks for it */
	struct delegate *delegate;
	struct server_protocol socketmap, check_policy;
};

/* Static, so that what outlives main in a thread stays known to be in use. */
static struct program program = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* Rules of check_policy_service, in their order, as far as they are wanted. */
static struct delegate_rule delegate_rules[] = {
    {.name = NULL},
    {.name = NULL},
};

static void
usage(FILE *to)
{
	fputs("usage: signet-policy [-n] [-c signet.conf]\n"
	      "       signet-policy --explain DOMAIN ...\n"
	      "       signet-policy --version | --help\n",
	      to);
}

static struct lookup
lookup_of(const struct settings *settings)
{
	uint64_t timeout_s =
	    settings->common.dns_timeout_s + settings->sts.fetch_s;

	return (struct lookup){
	    .resolver = resolver_unbound_resolver(program.resolver),
	    .sts = program.sts,
	    .share = program.share,
	    .memory = program.memory,
	    .spool = program.spool,
	    /* of the first settings: it is not changed by a reload */
	    .host = program.settings->common.hostname,
	    .choice = settings_choice(settings),
	    .timeout_ms = (int64_t)timeout_s * 1000,
	    .patience_ms = (int64_t)settings->policy.deadline_s * 625,
	    .longest_ms = (int64_t)settings->policy.cache_time_s * 1000,
	};
}

/* --- reload --- */

/* What is decided and how long it may take is read again, and everybody is
 * asked again; sockets, caches and the database stay as they are.  A file
 * with an error changes nothing. */
static void
read_again(void)
{
	struct settings *settings;
	struct lookup lookup;
	struct why why;

	service_reloading();
	settings = settings_load(program.config, &why);
	if (settings != NULL) {
		lookup = lookup_of(settings);
		query_change(program.query, &lookup,
			     (int64_t)settings->policy.deadline_s * 1000);
		settings_free(settings);
		log_info("configuration read again; what was known of "
			 "destinations is asked again");
	} else {
		log_error("configuration not taken over, the old one stays: "
			  "%s",
			  why.text);
	}
	counters_reload(settings != NULL);
	service_ready();
}

static void
reload(void *data)
{
	(void)data;
	pthread_mutex_lock(&program.lock);
	if (program.has_parts)
		read_again();
	pthread_mutex_unlock(&program.lock);
}

static void
stop(void *data)
{
	(void)data;
	service_stopping();
	log_info("told to stop; questions that wait are answered first");
	pthread_mutex_lock(&program.lock);
	if (program.has_parts)
		server_stop(program.server);
	else
		exit(0);
	pthread_mutex_unlock(&program.lock);
}

/* --- start --- */

/* A connection is a descriptor; the system's default is 1024 of them. */
static void
raise_files(const struct settings *settings)
{
	uint64_t wanted = settings->policy.connections + OTHER_FILES;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted)
		return;
	limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
	if (setrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur < wanted)
		log_warning("%llu descriptors are allowed and %llu may be "
			    "needed for [policy] connections; raise "
			    "LimitNOFILE or the hard limit of ulimit -n",
			    (unsigned long long)limit.rlim_cur,
			    (unsigned long long)wanted);
}

static size_t
stack_bytes(void)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	return SANITIZED_STACK_BYTES;
#else
	return STACK_BYTES;
#endif
}

static bool
open_sources(const struct settings *settings, struct why *why)
{
	struct spool_options spool =
	    config_common_spool(&settings->common, "signet-policy");
	struct resolver_options resolver;

	program.spool = spool_open(&spool, why);
	if (program.spool == NULL)
		return false;
	settings_resolver(settings, &resolver);
	resolver.told = "what is known counts, others are told to try "
			"again";
	program.resolver = resolver_unbound_open(&resolver, why);
	if (program.resolver == NULL)
		return false;
	program.sts = sts_cache_open(
	    &settings->sts, resolver_unbound_resolver(program.resolver), why);
	return program.sts != NULL;
}

static void
open_share(const struct settings *settings)
{
	struct share_options options = {
	    .conninfo = settings->common.conninfo,
	    .program = "signet-policy",
	    .directory = settings->sts.directory,
	    .interval_s = SHARE_S,
	    .cache = settings->sts.share ? program.sts : NULL,
	};

	program.share = share_open(&options);
	share_start(program.share);
	sts_cache_start(program.sts);
}

static int64_t
tick(void *data, int64_t now_ms)
{
	int64_t query_ms = query_tick(program.query, now_ms), quota_ms;

	(void)data;
	if (program.quota == NULL)
		return query_ms;
	quota_ms = quota_tick(program.quota, now_ms);
	return quota_ms < query_ms ? quota_ms : query_ms;
}

/* Without a socket nobody asks. */
static void
open_rules(const struct settings *settings)
{
	const struct quota_options quota = {
	    .conninfo = settings->common.conninfo,
	    .host = settings->common.hostname,
	    .deadline_ms = (int64_t)settings->policy.quota_deadline_s * 1000,
	};
	size_t count = 0;

	if (settings->policy.delegate.count == 0)
		return;
	if (settings->policy.quota && quota.conninfo != NULL) {
		program.quota = quota_open(&quota, program.server);
		delegate_rules[count++] = quota_rule(program.quota);
	}
}

static bool
open_server(const struct settings *settings, struct why *why)
{
	const struct policy_options *policy = &settings->policy;
	struct worker_pool_options pool = {
	    .most_threads = (unsigned)policy->lookups,
	    .most_queued = MOST_QUEUED,
	    .stack_bytes = stack_bytes(),
	    .idle_ms = THREAD_IDLE_MS,
	};
	struct server_options server = {
	    .connections = policy->connections,
	    .idle_ms = (int64_t)policy->idle_timeout_s * 1000,
	    .request_ms = (int64_t)policy->request_timeout_s * 1000,
	};
	struct server_calls calls = {.tick = tick};
	struct query_options query;

	program.memory = domain_memory_new(MOST_REMEMBERED);
	program.pool = worker_pool_new(&pool);
	program.feed = feed_new(settings_answers(settings));
	program.server = server_new(&server, &calls, why);
	if (program.server == NULL)
		return false;
	query = (struct query_options){
	    .lookup = lookup_of(settings),
	    .deadline_ms = (int64_t)policy->deadline_s * 1000,
	    .cache_entries = policy->cache_entries,
	    .cache_bytes = policy->cache_bytes,
	    .pool = program.pool,
	    .feed = program.feed,
	};
	program.query = query_new(&query, program.server);
	open_rules(settings);
	program.delegate = delegate_new(delegate_rules);
	return true;
}

static bool
listen_all(const struct settings *settings,
	   const struct config_strings *sockets,
	   const struct server_protocol *protocol, struct why *why)
{
	struct listen_access access = {
	    .group = settings->policy.socket_group,
	};
	struct listen_address address;
	size_t i;

	if (!listen_parse_mode(settings->policy.socket_mode, &access.mode, why))
		return false;
	for (i = 0; i < sockets->count; i++) {
		if (!listen_parse(sockets->values[i], &address, why) ||
		    !server_listen(program.server, protocol, &address, &access,
				   why))
			return false;
		log_info("%s: ready on %s", protocol->name, sockets->values[i]);
	}
	return true;
}

static bool
listen_and_count(const struct settings *settings, struct why *why)
{
	const struct policy_options *policy = &settings->policy;
	const struct counter_sources sources = {
	    program.server, program.pool,  program.feed,    program.sts,
	    program.share,  program.spool, program.resolver};

	program.socketmap = socketmap_protocol(program.query);
	program.check_policy = delegate_protocol(program.delegate);
	return (policy->metrics == NULL ||
		counters_open(policy->metrics, policy->socket_group, &sources,
			      why)) &&
	       listen_all(settings, &policy->listen, &program.socketmap, why) &&
	       listen_all(settings, &policy->delegate, &program.check_policy,
			  why);
}

/* --- the end --- */

/* What a lookup that does not end uses stays with it. */
static void
close_parts(void)
{
	pthread_mutex_lock(&program.lock);
	program.has_parts = false;
	pthread_mutex_unlock(&program.lock);
	counters_forget();
	if (!worker_pool_close(program.pool, CLOSE_MS, query_drop)) {
		log_info("some lookups have not ended and are given up");
		return;
	}
	share_close(program.share);
	query_free(program.query);
	quota_close(program.quota);
	delegate_free(program.delegate);
	server_free(program.server);
	feed_free(program.feed);
	domain_memory_free(program.memory);
	sts_cache_close(program.sts);
	resolver_unbound_close(program.resolver);
	spool_close(program.spool);
	settings_free(program.settings);
}

static bool
make_parts(struct why *why)
{
	const struct settings *settings = program.settings;

	raise_files(settings);
	in_work_start(settings->common.spool_directory, "signet-policy", NULL);
	if (!open_sources(settings, why))
		return false;
	open_share(settings);
	return open_server(settings, why) && listen_and_count(settings, why);
}

static bool
serve(struct why *why)
{
	pthread_mutex_lock(&program.lock);
	program.has_parts = make_parts(why);
	pthread_mutex_unlock(&program.lock);
	if (!program.has_parts)
		return false;
	service_ready();
	server_run(program.server);
	close_parts();
	return true;
}

static void
print_changed(void)
{
	const struct settings *settings = program.settings;

	config_print_changed(settings->source, config_common_table);
	config_print_changed(settings->source, policy_options_table);
	config_print_changed(settings->source, sts_settings_table);
}

/* Hundreds of threads that each keep memory of their own add up, and what one
 * burst of lookups took is there for the next.  Serving from the cache needs
 * no allocator, so nobody waits for its one lock. */
static void
spare_memory(void)
{
	mallopt(M_ARENA_MAX, 1);
	mallopt(M_MMAP_THRESHOLD, 128 << 10);
	mallopt(M_TRIM_THRESHOLD, 128 << 10);
}

static bool
run(struct why *why)
{
	static const struct service_calls calls = {.stop = stop,
						   .reload = reload};

	program.settings = settings_load(program.config, why);
	if (program.settings == NULL)
		return false;
	if (program.print_changed) {
		print_changed();
		settings_free(program.settings);
		return true;
	}
	spare_memory();
	log_open("signet-policy", config_common_log(&program.settings->common),
		 program.settings->common.debug);
	return service_start(&calls, why) && serve(why);
}

static bool
read_options(int argc, char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "nc:")) != -1) {
		switch (option) {
		case 'n':
			program.print_changed = true;
			break;
		case 'c':
			program.config = optarg;
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
	struct why why;

	crypto_begin();
	if (argc > 1 && strcmp(argv[1], "--version") == 0) {
		puts("signet-policy " PACKAGE_VERSION);
		return 0;
	}
	if (argc > 1 && strcmp(argv[1], "--help") == 0) {
		usage(stdout);
		return 0;
	}
	if (argc > 1 && strcmp(argv[1], "--explain") == 0)
		return explain_main(argc - 1, argv + 1);
	if (!read_options(argc, argv)) {
		usage(stderr);
		return 2;
	}
	if (run(&why))
		return 0;
	fprintf(stderr, "signet-policy: %s\n", why.text);
	return 1;
}
