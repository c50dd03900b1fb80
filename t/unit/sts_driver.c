/* sts_driver CONFIG - the cache of policies by hand, for t/26-sts.t
 *
 * One command a line, one line of JSON for each:
 *
 *	get DOMAIN [MS]		the answer, MS being the deadline
 *	many COUNT DOMAIN	COUNT threads ask at once; how often which
 *result later SECONDS		the clock of all that follows
 *	round			a round of refreshing, until all of it is done
 *	idle			until no fetch runs
 *	fill COUNT		that many policies, as if they had been fetched
 *	start			the thread that looks after the policies
 *	share			one look at the database
 *	override DOMAIN		what share knows
 *	post URL		a request with a body, as reports go
 *	forget DOMAIN | counts
 *
 * "quit" or the end of the input closes the cache.
 */
#include <poll.h>
#include <pthread.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/scan.h"
#include "base/why.h"
#include "base/xalloc.h"
#include "io/clock.h"
#include "io/config_common.h"
#include "io/https.h"
#include "io/log.h"
#include "io/resolver_unbound.h"
#include "postfix-policy/share.h"
#include "postfix-policy/sts_job.h"
#include "postfix-policy/sts_refresh.h"

#define DEADLINE_MS 60000

struct driver {
	struct sts_cache *cache;
	struct share *share;
	struct resolver *resolver;
	int64_t shift_s;
};

static int64_t
now_ms(const struct driver *driver)
{
	return clock_unix_ms() + driver->shift_s * 1000;
}

static void
ask(const struct driver *driver, struct arena *arena, struct text name,
    int64_t wait_ms, struct sts_state *state)
{
	struct domain domain;

	if (!domain_parse(arena, name, &domain, NULL))
		abort();
	sts_cache_get(driver->cache, arena, driver->resolver, domain,
		      now_ms(driver), clock_deadline_in(wait_ms), state);
}

static struct json *
get(const struct driver *driver, struct arena *arena, struct scan *in)
{
	struct json *told = json_new_object(arena);
	struct text name = scan_until(in, ' ');
	struct sts_state state;
	uint64_t wait_ms = DEADLINE_MS;

	(void)scan_u64(in, UINT32_MAX, &wait_ms);
	ask(driver, arena, name, (int64_t)wait_ms, &state);
	json_put_string(told, "result", sts_result_name(state.result));
	json_put_string(told, "mode", sts_mode_name(state.policy.mode));
	json_put_int(told, "mx", (int64_t)state.policy.count);
	json_put_text(told, "id", state.id);
	json_put_exact(told, "file", state.file);
	json_put_string(told, "failure", sts_failure_name(state.failure));
	json_put_string(told, "detail", state.detail);
	json_put_bool(told, "fallback", state.fallback);
	json_put_bool(told, "back_off", state.back_off);
	json_put_int(told, "ttl", state.ttl_s);
	json_put_int(told, "left", state.expires_s - now_ms(driver) / 1000);
	return told;
}

struct asker {
	const struct driver *driver;
	struct text name;
	pthread_t thread;
	enum sts_result result;
};

static void *
ask_alone(void *handle)
{
	struct asker *asker = handle;
	struct arena *arena = arena_new();
	struct sts_state state;

	ask(asker->driver, arena, asker->name, DEADLINE_MS, &state);
	asker->result = state.result;
	arena_free(arena);
	return NULL;
}

static struct json *
many(const struct driver *driver, struct arena *arena, struct scan *in)
{
	struct json *told = json_new_object(arena);
	int64_t counts[4] = {0};
	struct asker *askers;
	uint64_t count, i;

	if (!scan_u64(in, 10000, &count) || !scan_char(in, ' '))
		abort();
	askers = arena_new_array(arena, struct asker, count);
	for (i = 0; i < count; i++) {
		askers[i].driver = driver;
		askers[i].name = scan_rest(in);
		xalloc_check(pthread_create(&askers[i].thread, NULL, ask_alone,
					    &askers[i]) == 0);
	}
	for (i = 0; i < count; i++) {
		pthread_join(askers[i].thread, NULL);
		counts[askers[i].result]++;
	}
	json_put_int(told, "absent", counts[STS_ABSENT]);
	json_put_int(told, "present", counts[STS_PRESENT]);
	json_put_int(told, "temperror", counts[STS_TEMPERROR]);
	return told;
}

static void
wait_until_idle(struct driver *driver)
{
	while (sts_cache_counts(driver->cache).running > 0)
		poll(NULL, 0, 2);
}

static void
make_round(struct driver *driver)
{
	sts_refresh_round(driver->cache, now_ms(driver) / 1000);
	wait_until_idle(driver);
	sts_store_save(driver->cache, false);
}

static void
fill(struct driver *driver, struct arena *arena, struct scan *in)
{
	struct sts_policy policy;
	struct sts_stored stored = {0};
	uint64_t count = 0, i;

	(void)scan_u64(in, 1000000, &count);
	for (i = 0; i < count; i++) {
		stored.domain.name = text_from(
		    arena_printf(arena, "domain%u.example", (unsigned)i));
		stored.id = TEXT("20261122T000000");
		stored.file = text_from(arena_printf(
		    arena,
		    "version: STSv1\r\nmode: enforce\r\nmx: mx1.domain%u"
		    ".example\r\nmx: *.mail.domain%u.example\r\nmax_age: "
		    "604800\r\n",
		    (unsigned)i, (unsigned)i));
		stored.fetched_s = stored.checked_s = stored.used_s =
		    now_ms(driver) / 1000;
		xalloc_check(
		    sts_policy_parse(arena, stored.file, &policy, NULL));
		pthread_mutex_lock(&driver->cache->lock);
		sts_store_plan(
		    driver->cache,
		    sts_store_put(driver->cache, &stored, &policy, true),
		    now_ms(driver) / 1000);
		pthread_mutex_unlock(&driver->cache->lock);
		arena_reset(arena);
	}
	/* one thread at a time has the file */
	if (!driver->cache->has_keeper)
		sts_store_save(driver->cache, false);
}

static struct json *
tell_counts(const struct driver *driver, struct arena *arena)
{
	struct json *told = json_new_object(arena);
	struct sts_cache_counts counts = sts_cache_counts(driver->cache);

	json_put_int(told, "policies", (int64_t)counts.policies);
	json_put_int(told, "bytes", (int64_t)counts.bytes);
	json_put_int(told, "fetches", (int64_t)counts.fetches);
	json_put_int(told, "failures", (int64_t)counts.failures);
	json_put_int(told, "refreshes", (int64_t)counts.refreshes);
	json_put_int(told, "fallbacks", (int64_t)counts.fallbacks);
	json_put_int(told, "forgotten", (int64_t)counts.forgotten);
	json_put_int(told, "file_errors", (int64_t)counts.file_errors);
	json_put_int(told, "running", (int64_t)counts.running);
	return told;
}

static struct json *
look(const struct driver *driver, struct arena *arena)
{
	struct json *told = json_new_object(arena);
	struct why why = {""};

	json_put_bool(told, "good",
		      share_look(driver->share, now_ms(driver) / 1000, &why));
	json_put_string(told, "why", why.text);
	json_put_int(told, "generation",
		     (int64_t)share_generation(driver->share));
	return told;
}

static struct json *
tell_override(const struct driver *driver, struct arena *arena,
	      struct text name)
{
	struct json *told = json_new_object(arena);
	struct share_override found;
	struct domain domain;

	if (!domain_parse(arena, name, &domain, NULL) ||
	    !share_override_get(driver->share, arena, domain,
				now_ms(driver) / 1000, &found))
		return told;
	json_put_text(told, "domain", found.domain.name);
	json_put_bool(told, "parent", found.is_parent);
	json_put_text(told, "level", found.level);
	json_put_text(told, "match", found.match);
	json_put_text(told, "reason", found.reason);
	json_put_int(told, "until", found.until_s);
	return told;
}

static struct json *
post(const struct driver *driver, struct arena *arena, struct text url)
{
	const struct https_request request = {.url = text_string(arena, url),
					      .media_type =
						  "application/tlsrpt+gzip",
					      .body = TEXT_INIT("the \0 body"),
					      .body_most = 1000};
	struct json *told = json_new_object(arena);
	struct https_reply reply = {0};
	struct why why = {""};
	enum https_result result =
	    https_ask(driver->cache->https, arena, driver->resolver, &request,
		      clock_deadline_in(DEADLINE_MS), &reply, &why);

	json_put_string(told, "result", https_result_name(result));
	json_put_int(told, "status", reply.status);
	json_put_text(told, "body", reply.body);
	json_put_string(told, "why", why.text);
	return told;
}

static struct json *
obey(struct driver *driver, struct arena *arena, struct scan *in)
{
	struct domain domain;
	uint64_t number;

	if (scan_string(in, "get "))
		return get(driver, arena, in);
	if (scan_string(in, "many "))
		return many(driver, arena, in);
	if (scan_string(in, "share"))
		return look(driver, arena);
	if (scan_string(in, "override "))
		return tell_override(driver, arena, scan_rest(in));
	if (scan_string(in, "post "))
		return post(driver, arena, scan_rest(in));
	if (scan_string(in, "later ") && scan_u64(in, UINT32_MAX, &number))
		driver->shift_s += (int64_t)number;
	else if (scan_string(in, "round"))
		make_round(driver);
	else if (scan_string(in, "idle"))
		wait_until_idle(driver);
	else if (scan_string(in, "fill "))
		fill(driver, arena, in);
	else if (scan_string(in, "start"))
		sts_cache_start(driver->cache);
	else if (scan_string(in, "forget ") &&
		 domain_parse(arena, scan_rest(in), &domain, NULL))
		sts_cache_forget(driver->cache, domain);
	return tell_counts(driver, arena);
}

static void
converse(struct driver *driver)
{
	struct arena *arena = arena_new();
	char line[1000];

	while (fgets(line, sizeof(line), stdin) != NULL) {
		struct scan in;
		struct buf to;
		struct json *told;

		scan_init(&in, text_trim(text_from(line)));
		if (scan_string(&in, "quit"))
			break;
		told = obey(driver, arena, &in);
		buf_init(&to, arena, 1u << 20);
		json_write(told, 0, &to);
		puts(buf_cstring(&to));
		fflush(stdout);
		arena_reset(arena);
	}
	arena_free(arena);
}

static bool
set_up(struct arena *arena, const char *path, struct sts_settings *settings,
       struct config_common *common, struct resolver_unbound **unbound,
       struct why *why)
{
	struct config_source *source = config_read(arena, path, why);
	struct resolver_options options = {0};

	if (source == NULL || !config_common_fill(arena, source, common, why) ||
	    !sts_settings_fill(source, settings, why) ||
	    !config_check(source, config_known_sections, why))
		return false;
	options.forward = common->forward.values;
	options.forward_count = common->forward.count;
	options.cache_entries = common->cache_entries;
	*unbound = resolver_unbound_open(&options, why);
	return *unbound != NULL;
}

int
main(int argc, char **argv)
{
	struct arena *arena = arena_new();
	struct resolver_unbound *unbound;
	struct sts_settings settings;
	struct config_common common;
	struct share_options share = {.program = "sts_driver"};
	struct driver driver = {0};
	struct why why;

	log_open("sts_driver", "stderr", true);
	if (argc != 2 ||
	    !set_up(arena, argv[1], &settings, &common, &unbound, &why)) {
		fprintf(stderr, "%s\n", argc != 2 ? "one file" : why.text);
		return 2;
	}
	driver.resolver = resolver_unbound_resolver(unbound);
	driver.cache = sts_cache_open(&settings, driver.resolver, &why);
	if (driver.cache == NULL) {
		fprintf(stderr, "%s\n", why.text);
		return 1;
	}
	share.conninfo = common.conninfo;
	share.directory = settings.directory;
	share.cache = driver.cache;
	driver.share = share_open(&share);
	puts("{}");
	fflush(stdout);
	converse(&driver);
	share_close(driver.share);
	sts_cache_close(driver.cache);
	resolver_unbound_close(unbound);
	arena_free(arena);
	return 0;
}
