#include "admin/dovecot_status.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "admin/dovecot_module.h"
#include "base/arena.h"
#include "base/scan.h"
#include "base/text.h"
#include "base/why.h"
#include "io/child.h"
#include "io/clock.h"

#ifndef SIGNET_DOVECOT_MODULEDIR
#define SIGNET_DOVECOT_MODULEDIR "/usr/lib/dovecot/modules"
#endif

#define DOVECONF_MS 10000
#define PLUGIN "lib95_signet_plugin.so"
#define SETTINGS "settings/lib95_signet_settings.so"
#define NOTIFY "lib15_notify_plugin.so" /* Dovecot's own: ours needs it */
#define DEFAULT_SPOOL SIGNET_SPOOLDIR "/dovecot"

/* Events older than this mean that nobody reads them. */
#define LAG_MOST_S 60

struct dovecot {
	struct arena *arena;
	const char *doveconf, *config;
	const char *modules;
	bool is_new; /* 2.4 */
	bool has_plugin, loads_plugin, loads_notify;
	void (*trouble)(const char *sentence);
};

static void __attribute__((format(printf, 2, 3)))
trouble(const struct dovecot *dovecot, const char *format, ...)
{
	char sentence[WHY_BYTES];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(sentence, sizeof(sentence), format, arguments);
	va_end(arguments);
	dovecot->trouble(sentence);
}

/* --- what doveconf says --- */

/* The value of a setting for a protocol; NULL: outside any.  False: doveconf
 * refuses, and `said` is why.  Its warnings need a stream of their own: 2.4.1
 * takes what stands before the value in its output for another value. */
static bool
setting(const struct dovecot *dovecot, const char *protocol, const char *name,
	struct text *said)
{
	const char *arguments[8];
	struct child_result result;
	struct why why;
	size_t n = 0;

	arguments[n++] = dovecot->doveconf;
	if (dovecot->config != NULL) {
		arguments[n++] = "-c";
		arguments[n++] = dovecot->config;
	}
	if (protocol != NULL) {
		arguments[n++] = "-f";
		arguments[n++] =
		    arena_printf(dovecot->arena, "protocol=%s", protocol);
	}
	arguments[n++] = "-h";
	arguments[n++] = name;
	arguments[n] = NULL;
	if (!child_ask(dovecot->arena, arguments, DOVECONF_MS, said, &result,
		       &why)) {
		*said = text_copy(dovecot->arena, text_from(why.text));
		return false;
	}
	*said = result.status == 0 ? text_trim(*said)
				   : child_words(dovecot->arena, &result, 300);
	return result.status == 0;
}

static bool
is_word(char c)
{
	return c != ' ' && c != '\t' && c != '\n' && c != '\r';
}

/* Is the plugin in "notify quota signet" (2.3), or in lines of "signet = yes"
 * (2.4)? */
static bool
names(struct text list, const char *plugin, bool *is_new)
{
	struct scan in;
	struct text word, value;
	bool found = false;

	scan_init(&in, list);
	for (;;) {
		scan_fws(&in);
		word = scan_while(&in, is_word);
		if (word.len == 0)
			return found;
		scan_fws(&in);
		value = TEXT("yes");
		if (scan_char(&in, '=')) {
			*is_new = true;
			scan_fws(&in);
			value = scan_while(&in, is_word);
		}
		if (text_equal(word, text_from(plugin)))
			found = text_equal(value, TEXT("yes"));
	}
}

/* What a protocol says replaces the rest in 2.3, and adds to it in 2.4. */
static bool
read_plugins(struct dovecot *dovecot, struct text *said)
{
	struct text imap, all;

	if (!setting(dovecot, "imap", "mail_plugins", said))
		return false;
	imap = *said;
	if (!setting(dovecot, NULL, "mail_plugins", said))
		return false;
	all = *said;
	dovecot->loads_plugin = names(imap, "signet", &dovecot->is_new);
	dovecot->loads_notify = names(imap, "notify", &dovecot->is_new);
	if (dovecot->is_new) {
		dovecot->loads_plugin |= names(all, "signet", &dovecot->is_new);
		dovecot->loads_notify |= names(all, "notify", &dovecot->is_new);
	}
	return true;
}

/* One of ours; empty if it is not set. */
static struct text
own_setting(const struct dovecot *dovecot, const char *name)
{
	struct text said;

	if (!setting(dovecot, "imap",
		     dovecot->is_new
			 ? name
			 : arena_printf(dovecot->arena, "plugin/%s", name),
		     &said))
		return TEXT("");
	return said;
}

/* --- modules --- */

static struct text
abi_of(const struct dovecot *dovecot, const char *name)
{
	return dovecot_module_abi(
	    dovecot->arena,
	    arena_printf(dovecot->arena, "%s/%s", dovecot->modules, name));
}

static void
check_module(const struct dovecot *dovecot, const char *name,
	     struct text theirs)
{
	struct text ours = abi_of(dovecot, name);

	if (ours.len > 0 && !text_equal(ours, theirs))
		trouble(dovecot,
			"%s in %s was built for " TEXT_FMT
			", and this Dovecot is " TEXT_FMT
			": no mailbox opens with it; build and install the "
			"plugin again",
			name, dovecot->modules, TEXT_ARG(ours),
			TEXT_ARG(theirs));
}

/* Also when doveconf fails, since a module of another ABI can be why. */
static void
check_modules(struct dovecot *dovecot)
{
	struct text theirs = abi_of(dovecot, NOTIFY);

	dovecot->has_plugin = abi_of(dovecot, PLUGIN).len > 0;
	if (theirs.len == 0)
		return;
	check_module(dovecot, PLUGIN, theirs);
	check_module(dovecot, SETTINGS, theirs);
}

/* --- the directory of events --- */

struct waiting {
	size_t files;
	int64_t oldest_s;
};

/* False if we may not look. */
static bool
count_waiting(const char *directory, struct waiting *waiting)
{
	DIR *dir = opendir(directory);
	struct dirent *entry;
	struct stat st;
	int64_t age;

	*waiting = (struct waiting){0};
	if (dir == NULL)
		return false;
	while ((entry = readdir(dir)) != NULL) {
		if (strncmp(entry->d_name, "T-", 2) != 0 ||
		    fstatat(dirfd(dir), entry->d_name, &st,
			    AT_SYMLINK_NOFOLLOW) != 0)
			continue;
		waiting->files++;
		age = clock_unix_ms() / 1000 - (int64_t)st.st_mtime;
		if (age > waiting->oldest_s)
			waiting->oldest_s = age;
	}
	closedir(dir);
	return true;
}

/* Mail users reach it and write there, whoever they are. */
static bool
check_directory(const struct dovecot *dovecot, const char *directory)
{
	char *part = arena_printf(dovecot->arena, "%s", directory);
	struct stat st;
	char *slash;

	if (stat(directory, &st) != 0) {
		trouble(dovecot,
			"events of users are lost, since %s cannot be "
			"reached: %s",
			directory, strerror(errno));
		return false;
	}
	if ((st.st_mode & 01003) != 01003)
		trouble(dovecot,
			"events of users are lost: %s must have mode 3733, "
			"not %o",
			directory, st.st_mode & 07777);
	while ((slash = strrchr(part, '/')) != NULL && slash != part) {
		*slash = '\0';
		if (stat(part, &st) == 0 && (st.st_mode & 1) == 0)
			trouble(dovecot,
				"events of users are lost: %s must let "
				"everybody pass (chmod o+x)",
				part);
	}
	return true;
}

static void
show_events(const struct dovecot *dovecot)
{
	struct text set = own_setting(dovecot, "signet_spool_dir");
	const char *directory =
	    set.len > 0 ? text_string(dovecot->arena, set) : DEFAULT_SPOOL;
	struct waiting waiting;

	if (!check_directory(dovecot, directory) ||
	    !count_waiting(directory, &waiting))
		return;
	printf("%-10s %zu events of users wait in %s\n", "dovecot",
	       waiting.files, directory);
	if (waiting.oldest_s > LAG_MOST_S)
		trouble(dovecot, "events of users wait for more than a minute: "
				 "is signet-mailbox running?");
}

/* --- together --- */

static void
check_loading(const struct dovecot *dovecot)
{
	struct text training;

	if (!dovecot->loads_plugin) {
		trouble(dovecot, "the plugin is installed, but signet is not "
				 "among the mail_plugins of imap: nothing is "
				 "learned");
		return;
	}
	if (!dovecot->has_plugin) {
		trouble(dovecot,
			"mail_plugins names signet, but %s has no %s: no "
			"mailbox opens",
			dovecot->modules, PLUGIN);
		return;
	}
	if (!dovecot->loads_notify)
		trouble(dovecot, "mail_plugins names signet, but not notify, "
				 "which it needs: no mailbox opens");
	printf("%-10s plugin " TEXT_FMT " in %s\n", "dovecot",
	       TEXT_ARG(abi_of(dovecot, PLUGIN)), dovecot->modules);
	training = own_setting(dovecot, "signet_training");
	if (text_equal_nocase(training, TEXT("no")))
		trouble(dovecot, "signet_training = no: nothing is learned");
	show_events(dovecot);
}

static const char *
find_doveconf(void)
{
	static const char *const places[] = {"/usr/bin/doveconf",
					     "/usr/local/bin/doveconf"};
	size_t i;

	for (i = 0; i < sizeof(places) / sizeof(*places); i++)
		if (access(places[i], X_OK) == 0)
			return places[i];
	return NULL;
}

void
dovecot_status_show(struct arena *arena, const char *config,
		    void (*tell)(const char *sentence))
{
	struct dovecot dovecot = {.arena = arena,
				  .doveconf = find_doveconf(),
				  .config = config,
				  .modules = SIGNET_DOVECOT_MODULEDIR,
				  .trouble = tell};
	struct text said;
	bool answers;

	if (dovecot.doveconf == NULL)
		return;
	answers = setting(&dovecot, NULL, "mail_plugin_dir", &said);
	if (answers && said.len > 0)
		dovecot.modules = text_string(arena, said);
	check_modules(&dovecot);
	answers = answers && read_plugins(&dovecot, &said);
	if (!answers && dovecot.has_plugin)
		trouble(&dovecot, "doveconf fails: " TEXT_FMT, TEXT_ARG(said));
	if (answers && (dovecot.has_plugin || dovecot.loads_plugin))
		check_loading(&dovecot);
}
