#include "io/resolver_unbound.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <unbound.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "base/limits.h"
#include "base/why.h"
#include "base/xalloc.h"
#include "io/clock.h"
#include "io/dns_cache.h"
#include "io/dns_flight.h"
#include "io/dns_health.h"
#include "io/dns_packed.h"
#include "io/dns_wire.h"

#define CLASS_IN 1
#define CACHE_ENTRIES 20000
/* Above this many questions under way, something is wrong outside; the
 * memory is worth more than one more question. */
#define MOST_FLIGHTS 20000
#define REASON_BYTES 200

struct resolver_unbound {
	struct resolver resolver; /* first: what others hold */
	struct ub_ctx *ctx;
	struct dns_cache *cache;
	struct dns_flights *flights;
	struct arena *scratch; /* of the reader */
	pthread_t reader;
	int stop_fd;
	struct dns_health health;
	_Atomic uint64_t asked, from_cache, failed, bogus;
};

/* --- what libunbound is told --- */

struct setting {
	const char *name, *value;
	bool is_new; /* a libunbound that does not know it may do without */
	const char *small; /* for is_small; NULL: the same */
};

static const struct setting settings[] = {
    /* one thread works: one lock for each cache, and tables that start
     * small */
    {"msg-cache-slabs:", "1", false, NULL},
    {"rrset-cache-slabs:", "1", false, NULL},
    {"infra-cache-slabs:", "1", false, NULL},
    {"key-cache-slabs:", "1", false, NULL},
    {"msg-cache-size:", "16m", false, "256k"},
    {"rrset-cache-size:", "32m", false, "512k"},
    {"key-cache-size:", "4m", false, "256k"},
    {"neg-cache-size:", "1m", false, "128k"},
    {"outgoing-range:", "1024", false, "256"},
    {"outgoing-num-tcp:", "10", false, "4"},
    {"num-queries-per-thread:", "1024", false, "512"},
    /* no fragments (RFC 9715 section 3) */
    {"edns-buffer-size:", "1232", false, NULL},
    {"harden-glue:", "yes", false, NULL},
    {"harden-dnssec-stripped:", "yes", false, NULL},
    {"harden-below-nxdomain:", "yes", false, NULL},
    {"qname-minimisation:", "yes", false, NULL},
    {"prefetch-key:", "yes", false, NULL},
    /* a resolver on this host is what most forward to */
    {"do-not-query-localhost:", "no", false, NULL},
    /* dead servers: tried again soon, and few times for one question */
    {"infra-host-ttl:", "120", false, NULL},
    {"infra-keep-probing:", "yes", true, NULL},
    {"outbound-msg-retry:", "3", true, NULL},
    {"max-sent-count:", "24", true, NULL},
};

/* A forwarder's own work may take seconds, and libunbound drops what comes
 * after it has asked again: the first wait is long.  There is no other server
 * to go to, so one that was away is asked again soon. */
static const struct setting forward_settings[] = {
    {"unblock-lan-zones:", "yes", false, NULL},
    {"infra-host-ttl:", "5", false, NULL},
    {"infra-cache-min-rtt:", "1000", true, NULL},
    {"unknown-server-time-limit:", "1000", true, NULL},
    {"outbound-msg-retry:", "5", true, NULL},
};

/* Names that libunbound answers by itself (RFC 6761, RFC 6303, RFC 7686,
 * RFC 8375).  A resolver that we forward to knows its own. */
#define IP6_LOOPBACK_ZONE                                                      \
	"1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0."     \
	"ip6.arpa."

static const char *const builtin_zones[] = {
    "localhost.", "127.in-addr.arpa.", "home.arpa.",	  "onion.",
    "test.",	  "invalid.",	       IP6_LOOPBACK_ZONE,
};

const char *
resolver_default_root_key(void)
{
	static const char *const paths[] = {"/var/lib/unbound/root.key",
					    "/usr/share/dns/root.key"};
	size_t i;

	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		if (access(paths[i], R_OK) == 0)
			return paths[i];
	return NULL;
}

static bool
apply_settings(struct ub_ctx *ctx, const struct resolver_options *options,
	       struct why *why)
{
	const struct setting *one;
	const char *value;
	size_t i;

	for (i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		one = &settings[i];
		value = options->is_small && one->small != NULL ? one->small
								: one->value;
		if (ub_ctx_set_option(ctx, one->name, value) != 0 &&
		    !one->is_new)
			return why_set(why, "libunbound refuses %s %s",
				       one->name, value);
	}
	ub_ctx_debugout(ctx, NULL);
	if (ub_ctx_async(ctx, 1) != 0)
		return why_set(why, "libunbound was built without threads");
	return true;
}

static bool
apply_forward(struct ub_ctx *ctx, const struct resolver_options *options,
	      struct why *why)
{
	size_t count = sizeof(forward_settings) / sizeof(forward_settings[0]);
	size_t i;

	if (options->forward_count == 0)
		return true;
	for (i = 0; i < count; i++)
		ub_ctx_set_option(ctx, forward_settings[i].name,
				  forward_settings[i].value);
	for (i = 0; i < options->forward_count; i++)
		if (ub_ctx_set_fwd(ctx, options->forward[i]) != 0)
			return why_set(why,
				       "\"%.100s\" is no resolver's address; "
				       "write ADDRESS or ADDRESS@PORT",
				       options->forward[i]);
	return true;
}

static bool
apply_anchor(struct ub_ctx *ctx, const struct resolver_options *options,
	     struct why *why)
{
	if (options->root_key == NULL && options->forward_count > 0)
		return true;
	if (options->root_key == NULL)
		return why_set(why, "there is no trust anchor for the DNS; "
				    "install dns-root-data or set root_key");
	if (access(options->root_key, R_OK) != 0)
		return why_set(why,
			       "cannot read the trust anchor %.200s: %s; "
			       "install dns-root-data or set root_key",
			       options->root_key, strerror(errno));
	if (ub_ctx_add_ta_file(ctx, options->root_key) != 0)
		return why_set(why,
			       "libunbound refuses the trust anchor %.200s",
			       options->root_key);
	return true;
}

/* The first zone call makes libunbound read all it was told. */
static bool
finish_context(struct ub_ctx *ctx, const struct resolver_options *options,
	       struct why *why)
{
	size_t count = sizeof(builtin_zones) / sizeof(builtin_zones[0]), i;
	int failed;

	if (options->forward_count == 0)
		count = 0;
	failed = ub_ctx_zone_remove(ctx, "signet.invalid.");
	for (i = 0; i < count && failed == 0; i++)
		failed = ub_ctx_zone_remove(ctx, builtin_zones[i]);
	if (failed == 0)
		return true;
	return why_set(why,
		       "libunbound cannot start: %s; look at the trust "
		       "anchor %.200s",
		       ub_strerror(failed),
		       options->root_key != NULL ? options->root_key : "");
}

/* --- answers --- */

/* libunbound's words hold names from outside. */
static const char *
clean_reason(struct arena *arena, const char *reason)
{
	char *copy = arena_printf(arena, "%.*s", REASON_BYTES,
				  reason != NULL ? reason : "bogus");
	char *at;

	for (at = copy; *at != '\0'; at++)
		if (!ascii_is_graph(*at) && *at != ' ')
			*at = '?';
	return copy;
}

static void
take_records(struct arena *arena, const struct ub_result *result,
	     struct dns_answer *answer)
{
	enum dns_type type = (enum dns_type)result->qtype;
	struct dns_record *records;
	size_t i, bytes = 0;

	records = arena_new_array(arena, struct dns_record, LIMIT_DNS_RECORDS);
	for (i = 0; result->data[i] != NULL; i++) {
		struct text data =
		    text_of(result->data[i], (size_t)result->len[i]);

		bytes += data.len;
		if (answer->count == LIMIT_DNS_RECORDS ||
		    bytes > LIMIT_DNS_ANSWER_BYTES)
			break;
		if (dns_wire_record(arena, type, data, &records[answer->count]))
			answer->count++;
	}
	answer->records = records;
	answer->status = answer->count > 0 ? DNS_FOUND : DNS_NODATA;
}

static void
take_result(struct arena *arena, const struct ub_result *result,
	    struct dns_answer *answer)
{
	if (result->bogus) {
		answer->status = DNS_BOGUS;
		answer->security = DNS_SECURITY_BOGUS;
		answer->reason = clean_reason(arena, result->why_bogus);
		return;
	}
	answer->security = result->secure ? DNS_SECURE : DNS_INSECURE;
	answer->ttl_s = result->ttl > 0 ? (uint32_t)result->ttl : 0;
	if (result->rcode == 0 && result->havedata) {
		take_records(arena, result, answer);
	} else if (result->nxdomain) {
		answer->status = DNS_NXDOMAIN;
	} else if (result->rcode == 0) {
		answer->status = DNS_NODATA;
	} else {
		answer->status = DNS_TEMPFAIL;
		answer->security = DNS_SECURITY_UNKNOWN;
		answer->reason = dns_wire_rcode_name(result->rcode);
	}
}

static void
land(struct dns_flight *flight, const struct dns_answer *answer)
{
	struct resolver_unbound *self = dns_flight_owner(flight);

	if (answer->status == DNS_TEMPFAIL)
		atomic_fetch_add(&self->failed, 1);
	if (answer->status == DNS_BOGUS)
		atomic_fetch_add(&self->bogus, 1);
	dns_health_tell(&self->health, dns_flight_name(flight), answer);
	/* into the cache first: who finds no flight any more looks there */
	dns_cache_put(self->cache, dns_flight_name(flight),
		      dns_flight_type(flight), clock_monotonic_ms(), answer);
	dns_flight_land(self->flights, flight, answer);
}

/* Called by ub_process, so in the reader's thread. */
static void
on_result(void *handle, int failed, struct ub_result *result)
{
	struct dns_flight *flight = handle;
	struct resolver_unbound *self = dns_flight_owner(flight);
	struct arena *arena = self->scratch;
	struct dns_answer answer = {.status = DNS_TEMPFAIL};

	if (failed != 0 || result == NULL)
		answer.reason = ub_strerror(failed);
	else
		take_result(arena, result, &answer);
	land(flight, &answer);
	ub_resolve_free(result);
	arena_reset(arena);
}

static void *
read_results(void *handle)
{
	struct resolver_unbound *self = handle;
	struct pollfd ready[2] = {
	    {.fd = ub_fd(self->ctx), .events = POLLIN},
	    {.fd = self->stop_fd, .events = POLLIN},
	};

	for (;;) {
		if (poll(ready, 2, -1) < 0 && errno != EINTR)
			return NULL;
		if (ready[1].revents != 0)
			return NULL;
		if (ready[0].revents != 0)
			ub_process(self->ctx);
	}
}

/* --- questions --- */

static void
send_question(struct resolver_unbound *self, struct dns_flight *flight)
{
	struct dns_answer failure = {.status = DNS_TEMPFAIL};
	char name[DNS_WIRE_NAME_BYTES];
	int failed = UB_NOMEM;

	dns_wire_escape(dns_flight_name(flight), name);
	if (dns_flights_count(self->flights) <= MOST_FLIGHTS)
		failed = ub_resolve_async(self->ctx, name,
					  (int)dns_flight_type(flight),
					  CLASS_IN, flight, on_result, NULL);
	if (failed != 0) {
		failure.reason = failed == UB_NOMEM
				     ? "too many questions under way"
				     : ub_strerror(failed);
		land(flight, &failure);
	}
}

static void
release(void *handle)
{
	dns_flight_release(handle);
}

static bool
ask_cache(struct resolver_unbound *self, struct dns_question *question)
{
	question->answered = dns_cache_get(self->cache, question->name,
					   question->type, clock_monotonic_ms(),
					   question->arena, &question->answer);
	if (question->answered)
		atomic_fetch_add_explicit(&self->from_cache, 1,
					  memory_order_relaxed);
	return question->answered;
}

static void
ask(struct resolver *resolver, struct dns_question *question)
{
	struct resolver_unbound *self = (struct resolver_unbound *)resolver;
	struct dns_flight *flight;
	bool is_first;

	atomic_fetch_add_explicit(&self->asked, 1, memory_order_relaxed);
	if (ask_cache(self, question))
		return;
	flight = dns_flight_join(self->flights, question->name, question->type,
				 &is_first);
	arena_defer(question->arena, release, flight);
	question->state = flight;
	if (!is_first)
		return;
	/* another flight may have landed between the two looks */
	if (ask_cache(self, question))
		dns_flight_land(self->flights, flight, &question->answer);
	else
		send_question(self, flight);
}

static void
wait_answer(struct resolver *resolver, struct dns_question *question,
	    struct deadline deadline)
{
	struct resolver_unbound *self = (struct resolver_unbound *)resolver;
	const struct dns_packed *packed;

	packed = dns_flight_wait(question->state, deadline);
	if (packed == NULL) {
		dns_health_late(&self->health, question->name);
		return;
	}
	dns_packed_copy(packed, question->arena, &question->answer);
	question->answered = true;
}

/* --- open and close --- */

static bool
start(struct resolver_unbound *self, const struct resolver_options *options,
      struct why *why)
{
	self->ctx = ub_ctx_create();
	if (self->ctx == NULL)
		return why_set(why, "libunbound gives no context: %s",
			       strerror(errno));
	if (!apply_settings(self->ctx, options, why) ||
	    !apply_forward(self->ctx, options, why) ||
	    !apply_anchor(self->ctx, options, why) ||
	    !finish_context(self->ctx, options, why))
		return false;
	self->stop_fd = eventfd(0, EFD_CLOEXEC);
	if (self->stop_fd < 0)
		return why_set(why, "eventfd: %s", strerror(errno));
	if (pthread_create(&self->reader, NULL, read_results, self) != 0) {
		close(self->stop_fd);
		return why_set(why, "cannot start the resolver's thread");
	}
	return true;
}

static void
free_self(struct resolver_unbound *self)
{
	ub_ctx_delete(self->ctx);
	dns_flights_free(self->flights, "the resolver was closed");
	dns_cache_free(self->cache);
	arena_free(self->scratch);
	dns_health_end(&self->health);
	free(self);
}

struct resolver_unbound *
resolver_unbound_open(const struct resolver_options *options, struct why *why)
{
	struct resolver_unbound *self = xcalloc(1, sizeof(*self));

	dns_health_init(&self->health, options->told);
	self->resolver.ask = ask;
	self->resolver.wait = wait_answer;
	self->cache =
	    dns_cache_new(options->cache_entries > 0 ? options->cache_entries
						     : CACHE_ENTRIES);
	self->flights = dns_flights_new(self);
	self->scratch = arena_new();
	if (!start(self, options, why)) {
		free_self(self);
		return NULL;
	}
	return self;
}

void
resolver_unbound_close(struct resolver_unbound *resolver)
{
	uint64_t one = 1;

	if (resolver == NULL)
		return;
	while (write(resolver->stop_fd, &one, sizeof(one)) < 0 &&
	       errno == EINTR)
		continue;
	pthread_join(resolver->reader, NULL);
	close(resolver->stop_fd);
	free_self(resolver);
}

struct resolver *
resolver_unbound_resolver(struct resolver_unbound *resolver)
{
	return &resolver->resolver;
}

struct resolver_counts
resolver_unbound_counts(struct resolver_unbound *resolver)
{
	return (struct resolver_counts){
	    .asked = atomic_load(&resolver->asked),
	    .from_cache = atomic_load(&resolver->from_cache),
	    .failed = atomic_load(&resolver->failed),
	    .bogus = atomic_load(&resolver->bogus),
	};
}
