#include "admin/postfix_status.h"

#include <stdbool.h>
#include <stddef.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/text.h"
#include "base/why.h"
#include "io/child.h"

#define POSTCONF_MS 10000
#define SETTING "smtpd_forbid_bare_newline"

static const char *
find_postconf(void)
{
	static const char *const places[] = {"/usr/sbin/postconf",
					     "/usr/local/sbin/postconf"};
	size_t i;

	for (i = 0; i < sizeof(places) / sizeof(*places); i++)
		if (access(places[i], X_OK) == 0)
			return places[i];
	return NULL;
}

/* Both streams come together; warnings stand in lines of their own, behind the
 * name of the program. */
static struct text
without_warnings(struct text output, const char *program)
{
	while (text_starts(output, text_from(program)))
		output = text_skip(output, text_find(output, '\n') + 1);
	return text_trim(text_first(output, text_find(output, '\n')));
}

/* The value of a setting, empty also for one that this Postfix does not know.
 * False if postconf fails: nothing can be said then. */
static bool
setting(struct arena *arena, const char *directory, const char *name,
	struct text *value)
{
	const char *arguments[6];
	struct child_result result;
	struct why why;
	size_t n = 0;

	arguments[n++] = find_postconf();
	if (directory != NULL) {
		arguments[n++] = "-c";
		arguments[n++] = directory;
	}
	arguments[n++] = "-h";
	arguments[n++] = name;
	arguments[n] = NULL;
	if (arguments[0] == NULL ||
	    !child_run(arena, arguments, TEXT(""), POSTCONF_MS, &result,
		       &why) ||
	    result.status != 0)
		return false;
	*value =
	    text_copy(arena, without_warnings(result.output, arguments[0]));
	return true;
}

void
postfix_status_show(struct arena *arena, const char *directory,
		    void (*trouble)(const char *sentence))
{
	struct text milters, value;

	if (!setting(arena, directory, "smtpd_milters", &milters) ||
	    milters.len == 0 || !setting(arena, directory, SETTING, &value))
		return;
	if (value.len == 0 || text_equal_nocase(value, TEXT("no")) ||
	    text_equal_nocase(value, TEXT("note")))
		trouble(SETTING " is not on: others can smuggle mail in "
				"(CVE-2023-51764); write " SETTING
				" = yes in main.cf");
}
