#include "admin/mailbox_status.h"

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/why.h"
#include "dovecot-plugin/event_read.h"
#include "dovecot-plugin/mailbox_settings.h"
#include "io/clock.h"
#include "io/pg.h"

/* Events older than this mean that nobody takes them. */
#define LAG_MOST_S 60

struct backlog {
	size_t events, aside;
	int64_t oldest_us;
};

static size_t
count_files(const char *path)
{
	DIR *all = opendir(path);
	size_t count = 0;
	const struct dirent *one;

	if (all == NULL)
		return 0;
	while ((one = readdir(all)) != NULL)
		count += one->d_name[0] != '.';
	closedir(all);
	return count;
}

static bool
read_backlog(struct arena *arena, const char *spool, struct backlog *backlog)
{
	DIR *all = opendir(spool);
	const struct dirent *one;
	struct text id;
	int64_t at_us;

	*backlog = (struct backlog){.oldest_us = INT64_MAX};
	if (all == NULL)
		return false;
	while ((one = readdir(all)) != NULL) {
		if (!event_name_read(text_from(one->d_name), &at_us, &id))
			continue;
		backlog->events++;
		if (at_us < backlog->oldest_us)
			backlog->oldest_us = at_us;
	}
	closedir(all);
	backlog->aside = count_files(arena_printf(arena, "%s/bad", spool));
	return true;
}

void
mailbox_status_spool(struct arena *arena, const char *config,
		     void (*trouble)(const char *sentence))
{
	struct mailbox_settings settings;
	struct config_source *source;
	struct backlog backlog;
	int64_t oldest_s = 0;
	struct why why;

	if (!mailbox_settings_read(arena, config, &settings, &source, &why)) {
		trouble(why.text);
		return;
	}
	if (!read_backlog(arena, settings.spool, &backlog))
		return;
	if (backlog.events > 0)
		oldest_s = (clock_unix_ms() - backlog.oldest_us / 1000) / 1000;
	if (oldest_s < 0)
		oldest_s = 0;
	printf("%-10s %zu events waiting in %s", "mailbox", backlog.events,
	       settings.spool);
	if (backlog.events > 0)
		printf(", oldest %lld s", (long long)oldest_s);
	putchar('\n');
	if (oldest_s > LAG_MOST_S)
		trouble("events wait for more than a minute: is "
			"signet-mailbox running, and the database up?");
	if (backlog.aside == 0)
		return;
	why_set(&why,
		"%zu files that were no events lie in %s/bad; the log of "
		"signet-mailbox has the reason of each",
		backlog.aside, settings.spool);
	trouble(why.text);
}

enum column { ACCOUNTS, SPAM, HAM, AGO, DAY_SPAM, DAY_HAM };

bool
mailbox_status_show(struct pg *pg, struct arena *arena, struct why *why)
{
	struct pg_rows *rows;

	if (pg_call(pg, arena,
		    "select accounts, spam, ham, greatest(0, extract(epoch "
		    "from now() - trained_at))::bigint, day_spam, day_ham "
		    "from signet.junk_status()",
		    NULL, 0, &rows, why) != PG_DONE)
		return false;
	if (pg_rows_is_null(rows, 0, AGO))
		return true;
	printf("%-10s %lld accounts know %lld junk and %lld other messages; "
	       "today %lld and %lld; the newest %lld s ago\n",
	       "training", (long long)pg_rows_int(rows, 0, ACCOUNTS),
	       (long long)pg_rows_int(rows, 0, SPAM),
	       (long long)pg_rows_int(rows, 0, HAM),
	       (long long)pg_rows_int(rows, 0, DAY_SPAM),
	       (long long)pg_rows_int(rows, 0, DAY_HAM),
	       (long long)pg_rows_int(rows, 0, AGO));
	return true;
}
