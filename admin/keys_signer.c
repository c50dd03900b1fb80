#include "admin/keys_signer.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "admin/keys_work.h"
#include "base/arena.h"
#include "io/child.h"

#define TIME_MS 60000
#define SAID_BYTES_MAX 300

static const char *
mark(struct keys *keys)
{
	return arena_printf(keys->arena, "%s/.reload", keys->store.directory);
}

void
keys_signer_note(struct keys *keys)
{
	int fd;

	keys->signer_noted = true;
	if (keys->settings.reload.count == 0)
		return;
	fd =
	    open(mark(keys), O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0640);
	if (fd < 0)
		keys_trouble(keys, NULL, "cannot make %s: %s", mark(keys),
			     strerror(errno));
	else
		close(fd);
}

static bool
run(struct keys *keys, struct why *why)
{
	const struct config_strings *words = &keys->settings.reload;
	const char **arguments =
	    arena_new_array(keys->arena, const char *, words->count + 1);
	struct child_result result;
	size_t i;

	for (i = 0; i < words->count; i++)
		arguments[i] = words->values[i];
	if (!child_run(keys->arena, arguments, TEXT(""), TIME_MS, &result, why))
		return false;
	return result.status == 0 ||
	       why_set(
		   why, "%s ended with status %d: " TEXT_FMT, arguments[0],
		   result.status,
		   TEXT_ARG(child_words(keys->arena, &result, SAID_BYTES_MAX)));
}

bool
keys_signer_reload(struct keys *keys)
{
	struct why why;

	if (keys->settings.reload.count == 0) {
		if (keys->signer_noted)
			printf("signet-sign takes this up when it is "
			       "reloaded\n");
		return true;
	}
	if (access(mark(keys), F_OK) != 0)
		return true;
	keys->domain = (struct domain){{0}};
	if (!run(keys, &why))
		return keys_trouble(keys, NULL, "signet-sign was not told: %s",
				    why.text);
	unlink(mark(keys));
	printf("signet-sign was told\n");
	return true;
}
