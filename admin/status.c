#include "admin/status.h"

#include <getopt.h>

#include "admin/dovecot_status.h"
#include "admin/keys_status.h"
#include "admin/mailbox_status.h"
#include "admin/postfix_status.h"
#include "admin/quota_status.h"
#include "admin/reports_status.h"
#include "admin/spool_backlog.h"
#include "admin/tls_status.h"
#include "base/arena.h"
#include "base/dns.h"
#include "base/why.h"
#include "io/clock.h"
#include "io/config_common.h"
#include "io/config_keys.h"
#include "io/pg.h"
#include "io/resolver_unbound.h"

#define DEFAULT_CONFIG SIGNET_SYSCONFDIR "/signet.conf"

/* Facts older than this in the spool mean that the loader does not load. */
#define LAG_MOST_S 60

static unsigned troubles;

static void
trouble(const char *what, const char *why)
{
	troubles++;
	printf("%-10s !! %s\n", what, why);
}

/* --- spool --- */

static void
show_spool(const struct config_common *common)
{
	struct spool_backlog backlog;
	struct why why;

	if (!spool_backlog_read(common->spool_directory, &backlog, &why)) {
		trouble("spool", why.text);
		return;
	}
	printf("%-10s %zu files, %llu bytes waiting in %s", "spool",
	       backlog.files, (unsigned long long)backlog.bytes,
	       common->spool_directory);
	if (backlog.files > 0)
		printf(", oldest %lld s", (long long)backlog.oldest_s);
	putchar('\n');
	if (backlog.oldest_s > LAG_MOST_S)
		trouble("spool", "facts wait for more than a minute: is "
				 "signet-load running, and the database up?");
	if (backlog.bad_files == 0)
		return;
	why_set(&why,
		"lines that could not be loaded lie in %zu files of %s/bad, "
		"each with its reason",
		backlog.bad_files, common->spool_directory);
	trouble("spool", why.text);
}

/* --- database --- */

/* What the server says, without the statement, and what helps. */
static void
database_trouble(const char *said)
{
	static const char *const remedies[][2] = {
	    {"schema \"signet\" does not exist",
	     "run signet-load --migrate as the owner of the database"},
	    {"permission denied", "grant signet_admin to the role that asks"},
	    {"role \"",
	     "create the role that asks, and grant signet_admin to it"},
	    {"function signet.",
	     "run signet-load --migrate, which brings the functions up to "
	     "date"},
	};
	const char *from = strncmp(said, "ERROR:  ", 8) == 0 ? said + 8 : said;
	const char *statement = strstr(from, " LINE ");
	int length = (int)(statement != NULL ? (size_t)(statement - from)
					     : strlen(from));
	struct why why;
	size_t i;

	for (i = 0; i < sizeof(remedies) / sizeof(*remedies); i++)
		if (strstr(from, remedies[i][0]) != NULL)
			break;
	if (i < sizeof(remedies) / sizeof(*remedies))
		why_set(&why, "%.*s; %s", length, from, remedies[i][1]);
	else
		why_set(&why, "%.*s", length, from);
	trouble("database", why.text);
}

static bool
query(struct pg *pg, struct arena *arena, const char *sql,
      struct pg_rows **rows)
{
	struct why why;

	if (pg_call(pg, arena, sql, NULL, 0, rows, &why) == PG_DONE)
		return true;
	database_trouble(why.text);
	return false;
}

static void
show_results(struct pg *pg, struct arena *arena)
{
	struct pg_rows *rows;
	size_t i;

	if (!query(pg, arena,
		   "select what, result, messages from "
		   "signet.status_results() order by what, messages desc",
		   &rows))
		return;
	printf("%-10s %s\n", "today",
	       pg_rows_count(rows) == 0 ? "no message yet" : "(UTC)");
	for (i = 0; i < pg_rows_count(rows); i++)
		printf("  %-8.*s %-12.*s %10lld\n",
		       TEXT_ARG(pg_rows_text(rows, i, 0)),
		       TEXT_ARG(pg_rows_text(rows, i, 1)),
		       (long long)pg_rows_int(rows, i, 2));
}

static void
show_loaders(struct pg *pg, struct arena *arena)
{
	struct pg_rows *rows;
	size_t i;

	if (!query(pg, arena,
		   "select name, (last_load_at at time zone "
		   "'UTC')::timestamp(0) || ' UTC', idle_s::bigint, "
		   "lines, refused, dropped from signet.status_loaders()",
		   &rows))
		return;
	if (pg_rows_count(rows) == 0)
		printf("%-10s has not loaded anything yet\n", "loader");
	for (i = 0; i < pg_rows_count(rows); i++) {
		printf("%-10s " TEXT_FMT ": last load " TEXT_FMT
		       ", %lld s ago, %lld lines",
		       "loader", TEXT_ARG(pg_rows_text(rows, i, 0)),
		       TEXT_ARG(pg_rows_text(rows, i, 1)),
		       (long long)pg_rows_int(rows, i, 2),
		       (long long)pg_rows_int(rows, i, 3));
		if (pg_rows_int(rows, i, 4) + pg_rows_int(rows, i, 5) > 0)
			printf(", %lld refused, %lld dropped",
			       (long long)pg_rows_int(rows, i, 4),
			       (long long)pg_rows_int(rows, i, 5));
		putchar('\n');
	}
}

static void
key_trouble(const char *sentence)
{
	trouble("keys", sentence);
}

static void
quota_trouble(const char *sentence)
{
	trouble("quota", sentence);
}

static void
report_trouble(const char *sentence)
{
	trouble("reports", sentence);
}

static void
mailbox_trouble(const char *sentence)
{
	trouble("mailbox", sentence);
}

static void
dovecot_trouble(const char *sentence)
{
	trouble("dovecot", sentence);
}

static void
postfix_trouble(const char *sentence)
{
	trouble("postfix", sentence);
}

static void
show_database(const struct config_common *common,
	      const struct config_keys *keys, struct arena *arena)
{
	struct pg_options options = {.conninfo = common->conninfo,
				     .program = "signet-status",
				     .call_ms = 10000,
				     .pause_most_ms = 1000};
	struct pg *pg = pg_open(&options);
	struct pg_rows *rows;
	struct why why;

	if (query(pg, arena,
		  "select migration, server_version, "
		  "pg_size_pretty(bytes), partitions, oldest_day from "
		  "signet.status_database()",
		  &rows)) {
		printf("%-10s PostgreSQL " TEXT_FMT ", schema %lld, " TEXT_FMT
		       ", %lld partitions",
		       "database", TEXT_ARG(pg_rows_text(rows, 0, 1)),
		       (long long)pg_rows_int(rows, 0, 0),
		       TEXT_ARG(pg_rows_text(rows, 0, 2)),
		       (long long)pg_rows_int(rows, 0, 3));
		if (pg_rows_text(rows, 0, 4).len > 0)
			printf(" since " TEXT_FMT,
			       TEXT_ARG(pg_rows_text(rows, 0, 4)));
		putchar('\n');
		show_loaders(pg, arena);
		show_results(pg, arena);
		if (!reports_status_show(pg, arena, report_trouble, &why) ||
		    !tls_status_show(pg, arena, &why) ||
		    !quota_status_show(pg, arena, quota_trouble, &why) ||
		    !mailbox_status_show(pg, arena, &why) ||
		    !keys_status_show(pg, arena, keys, key_trouble, &why))
			database_trouble(why.text);
	}
	pg_close(pg);
}

/* --- resolver --- */

/* Whom we asked, behind what came of it. */
static void
resolver_trouble(const struct config_common *common, const char *reason)
{
	struct why why;

	why_set(&why, "%.200s; asked %.200s%s", reason,
		common->forward.count > 0 ? common->forward.values[0]
					  : "the servers of the root",
		common->forward.count > 1 ? " and others" : "");
	trouble("resolver", why.text);
}

static void
show_answer(struct arena *arena, struct resolver *resolver,
	    const struct config_common *common, const char *anchor)
{
	const struct dns_answer *answer;
	int64_t since = clock_monotonic_ms();
	enum dns_status status =
	    dns_wait(dns_ask(arena, resolver, TEXT("org"), DNS_NS),
		     clock_deadline_in(5000), &answer);

	switch (status) {
	case DNS_FOUND:
	case DNS_NODATA:
	case DNS_NXDOMAIN:
		printf("%-10s answers in %lld ms, %s\n", "resolver",
		       (long long)(clock_monotonic_ms() - since),
		       anchor != NULL ? dns_security_name(answer->security)
				      : "no trust anchor: DNSSEC is not "
					"validated");
		return;
	case DNS_TEMPFAIL:
	case DNS_BOGUS:
		resolver_trouble(common, answer->reason != NULL ? answer->reason
								: "no answer");
		return;
	}
}

static void
show_resolver(const struct config_common *common, struct arena *arena)
{
	struct resolver_options options = {
	    .forward = common->forward.values,
	    .forward_count = common->forward.count,
	    .root_key = common->root_key != NULL ? common->root_key
						 : resolver_default_root_key(),
	};
	struct resolver_unbound *unbound;
	struct why why;

	if (options.root_key != NULL && strcmp(options.root_key, "none") == 0)
		options.root_key = NULL;
	unbound = resolver_unbound_open(&options, &why);
	if (unbound == NULL) {
		trouble("resolver", why.text);
		return;
	}
	show_answer(arena, resolver_unbound_resolver(unbound), common,
		    options.root_key);
	arena_reset(arena);
	resolver_unbound_close(unbound);
}

/* --- command --- */

static bool
load_config(struct arena *arena, const char *path, struct config_common *common,
	    struct config_keys *keys, struct why *why)
{
	struct config_source *source = config_read(arena, path, why);

	*keys = (struct config_keys){0};
	return source != NULL &&
	       config_common_fill(arena, source, common, why) &&
	       config_keys_fill(arena, source, keys, why);
}

static int
usage(FILE *to, int status)
{
	fputs("usage: signet status [-c signet.conf] [-d dovecot.conf]\n"
	      "                     [-p DIRECTORY]\n"
	      "DIRECTORY holds main.cf.\n",
	      to);
	return status;
}

/* `*dovecot` becomes what -d names, if it is there, `*postfix` the same for
 * -p. */
static const char *
config_path(int argc, char **argv, const char **dovecot, const char **postfix)
{
	static char self[] = "signet status";
	const char *path = DEFAULT_CONFIG;
	int option;

	argv[0] = self; /* what getopt calls us */
	while ((option = getopt(argc, argv, "c:d:p:")) != -1) {
		if (option == 'c')
			path = optarg;
		else if (option == 'd')
			*dovecot = optarg;
		else if (option == 'p')
			*postfix = optarg;
		else
			return NULL;
	}
	return optind == argc ? path : NULL;
}

int
status_main(int argc, char **argv)
{
	const char *path, *dovecot = NULL, *postfix = NULL;
	struct arena *arena, *scratch;
	struct config_common common;
	struct config_keys keys;
	struct why why;

	if (argc > 1 && strcmp(argv[1], "--help") == 0)
		return usage(stdout, 0);
	path = config_path(argc, argv, &dovecot, &postfix);
	if (path == NULL)
		return usage(stderr, 2);
	arena = arena_new();
	if (!load_config(arena, path, &common, &keys, &why)) {
		fprintf(stderr, "signet status: %s\n", why.text);
		arena_free(arena);
		return 2;
	}
	show_spool(&common);
	mailbox_status_spool(arena, path, mailbox_trouble);
	show_database(&common, &keys, arena);
	dovecot_status_show(arena, dovecot, dovecot_trouble);
	postfix_status_show(arena, postfix, postfix_trouble);
	scratch = arena_new();
	show_resolver(&common, scratch);
	arena_free(scratch);
	arena_free(arena);
	return troubles > 0 ? 1 : 0;
}
