#include "admin/key_publish.h"

#include <assert.h>

#include "base/arena.h"
#include "base/why.h"
#include "base/zone_text.h"
#include "io/child.h"

#define SCRIPT_BYTES_MAX (64u << 10)
#define SAID_BYTES_MAX 300

static void
write_server(struct buf *script, const char *server)
{
	struct text text = text_from(server);
	size_t at = text_find(text, '@');

	buf_printf(script, "server " TEXT_FMT, TEXT_ARG(text_first(text, at)));
	if (at < text.len)
		buf_printf(script, " " TEXT_FMT,
			   TEXT_ARG(text_skip(text, at + 1)));
	buf_char(script, '\n');
}

struct text
key_publish_script(struct arena *arena, const struct config_keys *settings,
		   struct text name, const struct text *text)
{
	struct buf script;

	buf_init(&script, arena, SCRIPT_BYTES_MAX);
	if (settings->nsupdate_server != NULL)
		write_server(&script, settings->nsupdate_server);
	if (settings->nsupdate_zone != NULL)
		buf_printf(&script, "zone %s\n", settings->nsupdate_zone);
	buf_printf(&script, "update delete " TEXT_FMT ". TXT\n",
		   TEXT_ARG(name));
	if (text != NULL) {
		buf_printf(&script, "update add " TEXT_FMT ". %u TXT ",
			   TEXT_ARG(name), (unsigned)settings->ttl_s);
		zone_text_write(&script, *text);
		buf_char(&script, '\n');
	}
	buf_string(&script, "send\n");
	assert(buf_ok(&script));
	return buf_view(&script);
}

static bool
run(struct arena *arena, const struct config_keys *settings,
    const char *const *arguments, struct text input, struct why *why)
{
	struct child_result result;
	const char *how;

	if (!child_run(arena, arguments, input,
		       (int64_t)settings->publish_timeout_s * 1000, &result,
		       why))
		return false;
	if (result.status == 0)
		return true;
	how = result.status < 0
		  ? "was killed"
		  : arena_printf(arena, "ended with status %d", result.status);
	return why_set(why, "%s %s: " TEXT_FMT, arguments[0], how,
		       TEXT_ARG(child_words(arena, &result, SAID_BYTES_MAX)));
}

static bool
run_nsupdate(struct arena *arena, const struct config_keys *settings,
	     struct text name, const struct text *text, struct why *why)
{
	const char *arguments[6];
	size_t used = 0;

	arguments[used++] = settings->nsupdate;
	arguments[used++] = "-t";
	arguments[used++] = arena_printf(
	    arena, "%llu", (unsigned long long)settings->publish_timeout_s);
	if (settings->nsupdate_key != NULL) {
		arguments[used++] = "-k";
		arguments[used++] = settings->nsupdate_key;
	}
	arguments[used] = NULL;
	return run(arena, settings, arguments,
		   key_publish_script(arena, settings, name, text), why);
}

static bool
run_hook(struct arena *arena, const struct config_keys *settings,
	 struct text name, const struct text *text, struct why *why)
{
	const char *arguments[] = {
	    settings->hook,
	    text != NULL ? "add" : "remove",
	    text_string(arena, name),
	    arena_printf(arena, "%llu", (unsigned long long)settings->ttl_s),
	    text != NULL ? text_string(arena, *text) : "",
	    NULL};

	return run(arena, settings, arguments, TEXT(""), why);
}

bool
key_publish(struct arena *arena, const struct config_keys *settings,
	    struct text name, const struct text *text, struct why *why)
{
	switch ((enum config_keys_publish)settings->publish) {
	case KEYS_PUBLISH_NSUPDATE:
		return run_nsupdate(arena, settings, name, text, why);
	case KEYS_PUBLISH_HOOK:
		return run_hook(arena, settings, name, text, why);
	case KEYS_PUBLISH_NONE:
		break;
	}
	return why_set(why, "[keys] publish = none: it is yours to put into "
			    "the zone");
}
