#include "admin/keys_work.h"

#include <pwd.h>
#include <stdarg.h>
#include <unistd.h>

#include "admin/keys_resolvers.h"
#include "admin/keys_sync.h"
#include "base/arena.h"
#include "base/limits.h"
#include "base/private_key.h"
#include "base/zone_text.h"
#include "io/clock.h"
#include "io/file.h"
#include "io/pg.h"
#include "mailauth/dkim_record.h"

#define CALL_MS 10000
#define LINE_BYTES_MAX 4096

/* --- begin and end --- */

/* Who does it: behind sudo, the person. */
static const char *
find_actor(struct arena *arena)
{
	const char *person = getenv("SUDO_USER");
	struct passwd *found = getpwuid(getuid());

	if (getuid() == 0 && person != NULL && person[0] != '\0')
		return arena_printf(arena, "%.100s", person);
	if (found != NULL)
		return arena_printf(arena, "%.100s", found->pw_name);
	return arena_printf(arena, "uid %u", (unsigned)getuid());
}

static bool
read_config(struct keys *keys, const char *path, struct why *why)
{
	struct config_source *source = config_read(keys->arena, path, why);

	return source != NULL &&
	       config_common_fill(keys->arena, source, &keys->common, why) &&
	       config_keys_fill(keys->arena, source, &keys->settings, why) &&
	       config_check(source, config_known_sections, why);
}

static bool
read_names(struct keys *keys, struct why *why)
{
	const struct keys_arguments *arguments = &keys->arguments;
	struct why reason;

	if (arguments->domain != NULL &&
	    !domain_parse(keys->arena, text_from(arguments->domain),
			  &keys->domain, &reason))
		return why_set(why, "\"%.80s\" is no domain: %s",
			       arguments->domain, reason.text);
	return arguments->selector == NULL ||
	       key_selector_parse(keys->arena, text_from(arguments->selector),
				  keys->domain, &keys->selector, why);
}

bool
keys_open(struct keys *keys, const struct keys_arguments *arguments,
	  struct why *why)
{
	struct pg_options options = {.program = "signet-keys",
				     .call_ms = CALL_MS,
				     .pause_most_ms = CALL_MS};

	*keys = (struct keys){.arena = arena_new(),
			      .arguments = *arguments,
			      .now_s = clock_unix_ms() / 1000,
			      .lock = -1};
	if (!read_config(keys, arguments->config, why) ||
	    !read_names(keys, why))
		return false;
	keys->store = (struct key_files){.directory = keys->settings.directory,
					 .group = keys->settings.group};
	keys->actor = find_actor(keys->arena);
	options.conninfo = keys->common.conninfo;
	if (keys->settings.record)
		keys->pg = pg_open(&options);
	keys->resolvers = keys_resolvers_new(keys->arena, &keys->common,
					     &keys->settings.servers);
	return true;
}

void
keys_close(struct keys *keys)
{
	struct keys_resolvers *resolvers = keys->resolvers;

	keys_leave(keys);
	pg_close(keys->pg);
	/* questions that are still open first: they lie in the arena */
	if (resolvers != NULL)
		keys_resolvers_close(resolvers);
	arena_free(keys->arena);
}

/* --- words --- */

static void tell(FILE *to, const struct keys *keys, const struct kept_key *key,
		 const char *format, va_list values)
    __attribute__((format(printf, 4, 0)));

static void
tell(FILE *to, const struct keys *keys, const struct kept_key *key,
     const char *format, va_list values)
{
	char line[LINE_BYTES_MAX];

	vsnprintf(line, sizeof(line), format, values);
	if (key != NULL)
		fprintf(to, TEXT_FMT " " TEXT_FMT ": %s\n",
			TEXT_ARG(key->file.domain.name),
			TEXT_ARG(key->file.selector), line);
	else if (domain_is_set(keys->domain))
		fprintf(to, TEXT_FMT ": %s\n", TEXT_ARG(keys->domain.name),
			line);
	else
		fprintf(to, "%s\n", line);
}

void
keys_say(const struct keys *keys, const struct kept_key *key,
	 const char *format, ...)
{
	va_list values;

	va_start(values, format);
	tell(stdout, keys, key, format, values);
	va_end(values);
}

bool
keys_trouble(const struct keys *keys, const struct kept_key *key,
	     const char *format, ...)
{
	va_list values;

	fflush(stdout);
	fputs("signet keys: ", stderr);
	va_start(values, format);
	tell(stderr, keys, key, format, values);
	va_end(values);
	return false;
}

const char *
keys_time_text(struct keys *keys, int64_t seconds)
{
	static const struct {
		int64_t seconds;
		const char *unit;
	} units[] = {{86400, "d"}, {3600, "h"}, {60, "min"}, {1, "s"}};
	size_t i = 0;

	seconds = seconds < 0 ? 0 : seconds;
	while (i < 3 && seconds < 2 * units[i].seconds)
		i++;
	return arena_printf(keys->arena, "%lld %s",
			    (long long)(seconds / units[i].seconds),
			    units[i].unit);
}

/* --- keys --- */

static bool
load(struct keys *keys, struct kept_key *key)
{
	const char *path =
	    key_files_path(keys->arena, &keys->store, &key->file);
	struct private_key *private_key;
	struct arena *secret = arena_new();
	struct text pem = {0};
	struct why why;
	bool fine = file_read(secret, path, LIMIT_KEY_FILE_BYTES, &pem, &why);

	private_key = fine ? private_key_read(secret, pem, &why) : NULL;
	if (private_key != NULL) {
		key->type = private_key_type(private_key);
		key->bits = private_key_bits(private_key);
		key->public_bytes = text_copy(
		    keys->arena, private_key_public(secret, private_key));
	} else {
		keys_trouble(keys, key, "%s", why.text);
	}
	crypto_wipe((void *)(uintptr_t)pem.at, pem.len);
	arena_free(secret);
	return private_key != NULL;
}

bool
keys_load(struct keys *keys, struct kept_key **first)
{
	struct key_file *file;
	struct kept_key *key;
	bool all = true;
	struct why why;

	*first = NULL;
	if (!key_files_list(keys->arena, &keys->store, keys->domain, &file,
			    &why))
		return keys_trouble(keys, NULL, "%s", why.text);
	for (; file != NULL; file = file->next) {
		key = arena_new_value(keys->arena, struct kept_key);
		key->file = *file;
		if (!load(keys, key)) {
			all = false;
			continue;
		}
		*first = key;
		first = &key->next;
	}
	return all;
}

struct kept_key *
keys_find(struct kept_key *first, struct text selector)
{
	while (first != NULL && !text_equal(first->file.selector, selector))
		first = first->next;
	return first;
}

bool
keys_enter(struct keys *keys, struct domain domain, bool make,
	   struct kept_key **first)
{
	struct why why;

	keys_leave(keys);
	keys->domain = domain;
	keys->lock = key_files_lock(&keys->store, domain, make, &why);
	if (keys->lock < 0)
		return keys_trouble(keys, NULL, "%s", why.text);
	/* what cannot be read has been told, and harms no other key */
	keys->unreadable = !keys_load(keys, first);
	keys_catch_up(keys, *first);
	return true;
}

void
keys_leave(struct keys *keys)
{
	key_files_unlock(keys->lock);
	keys->lock = -1;
	keys->known = NULL;
}

bool
keys_record(struct keys *keys, struct kept_key *key, const char *reason,
	    bool catch_up)
{
	struct key_change change = {.domain = key->file.domain,
				    .selector = key->file.selector,
				    .type = key->type,
				    .bits = key->bits,
				    .public_bytes = key->public_bytes,
				    .state = key->file.state,
				    .since_s = key->file.since_s,
				    .host = keys->common.hostname,
				    .actor = keys->actor,
				    .why = reason,
				    .catch_up = catch_up};
	struct why why;

	if (keys->pg == NULL || keys->away)
		return true;
	switch (key_record_change(keys->pg, keys->arena, &change, &why)) {
	case KEY_RECORD_DONE:
		return true;
	case KEY_RECORD_REFUSED:
		key->stuck = true;
		return keys_trouble(keys, key, "%s", why.text);
	case KEY_RECORD_AWAY:
		keys_say_away(keys, why.text);
		return true;
	case KEY_RECORD_NOT_ASKED:
		break;
	}
	return false;
}

/* --- DNS --- */

struct key_check
keys_ask(struct keys *keys, const struct kept_key *key)
{
	struct key_check answer = keys_resolvers_ask(
	    keys->resolvers, 0, key->file.domain, key->file.selector, key->type,
	    key->public_bytes);

	keys->could_not_ask |= answer.found == KEY_FOUND_COULD_NOT_ASK;
	return answer;
}

struct key_check
keys_ask_all(struct keys *keys, const struct kept_key *key)
{
	struct key_check answer = keys_ask(keys, key);
	size_t i;

	if (answer.found == KEY_FOUND_MISSING)
		why_set(&answer.why, "the DNS does not carry it yet");
	for (i = 0;
	     answer.found == KEY_FOUND_SAME && i < keys->settings.servers.count;
	     i++) {
		struct key_check further = keys_resolvers_ask(
		    keys->resolvers, i + 1, key->file.domain,
		    key->file.selector, key->type, key->public_bytes);

		if (further.found == KEY_FOUND_SAME)
			continue;
		answer = further;
		if (further.found == KEY_FOUND_MISSING)
			why_set(&answer.why, "it does not carry it yet");
		why_prefix(&answer.why, "%s", keys->settings.servers.values[i]);
	}
	return answer;
}

struct text
keys_record_text(struct keys *keys, const struct kept_key *key, bool revoked)
{
	struct dkim_record record = {.type = key->type,
				     .data = key->public_bytes};

	if (revoked)
		record.data = TEXT("");
	return dkim_record_write(keys->arena, &record);
}

struct text
keys_zone_line(struct keys *keys, const struct kept_key *key, bool revoked)
{
	struct buf line;

	buf_init(&line, keys->arena, LINE_BYTES_MAX);
	zone_text_write_record(
	    &line,
	    key_check_name(keys->arena, key->file.domain, key->file.selector),
	    (uint32_t)keys->settings.ttl_s,
	    keys_record_text(keys, key, revoked));
	return buf_view(&line);
}
