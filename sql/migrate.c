#include "sql/migrate.h"

#include <dirent.h>
#include <errno.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "base/text.h"
#include "base/why.h"
#include "io/file.h"
#include "io/pg.h"

#define FILE_MOST (1u << 20)
#define MIGRATIONS_MOST 999

#define SCRIPTS_MOST 99

/* What follows the migrations, every time, in this order: NAME.sql, then
 * NAME-*.sql in the order of their names. */
static const char *const renewed[] = {"functions", "insert", "views", "roles"};

struct migration {
	const char *name;
	unsigned version;
};

struct plan {
	struct pg *pg;
	struct arena *arena;
	const char *directory;
	struct migration list[MIGRATIONS_MOST];
	size_t count;
	bool has_schema; /* before this run */
	unsigned applied;
};

/* The whole file with a terminating zero; NULL with the reason. */
static const char *
read_script(struct plan *plan, const char *name, struct why *why)
{
	const char *path =
	    arena_printf(plan->arena, "%s/%s", plan->directory, name);
	struct text script;

	if (!file_read(plan->arena, path, FILE_MOST, &script, why))
		return NULL;
	if (script.len == 0 || text_has(script, '\0')) {
		why_set(why, "%s holds no SQL", path);
		return NULL;
	}
	return text_string(plan->arena, script);
}

/* "NNN-words.sql" */
static unsigned
version_of(const char *name)
{
	size_t len = strlen(name);

	if (len < 9 || !ascii_is_digit(name[0]) || !ascii_is_digit(name[1]) ||
	    !ascii_is_digit(name[2]) || name[3] != '-' ||
	    strcmp(name + len - 4, ".sql") != 0)
		return 0;
	return (unsigned)strtoul(name, NULL, 10);
}

static int
by_version(const void *a, const void *b)
{
	const struct migration *one = a, *other = b;

	return (int)one->version - (int)other->version;
}

static bool
list_migrations(struct plan *plan, struct why *why)
{
	const char *path =
	    arena_printf(plan->arena, "%s/schema", plan->directory);
	DIR *directory = opendir(path);
	struct dirent *entry;
	unsigned version;
	size_t i;

	if (directory == NULL)
		return why_set(why, "cannot read %s: %s", path,
			       strerror(errno));
	while ((entry = readdir(directory)) != NULL) {
		version = version_of(entry->d_name);
		if (version == 0 || plan->count == MIGRATIONS_MOST)
			continue;
		plan->list[plan->count].name =
		    arena_printf(plan->arena, "schema/%s", entry->d_name);
		plan->list[plan->count++].version = version;
	}
	closedir(directory);
	qsort(plan->list, plan->count, sizeof(plan->list[0]), by_version);
	for (i = 1; i < plan->count; i++)
		if (plan->list[i].version == plan->list[i - 1].version)
			return why_set(why, "%s: migration %03u is there twice",
				       path, plan->list[i].version);
	return plan->count > 0 || why_set(why, "%s holds no migration", path);
}

static bool
ask_int(struct plan *plan, const char *sql, const struct pg_param *params,
	size_t count, int64_t *value, struct why *why)
{
	struct pg_rows *rows;

	if (pg_call(plan->pg, plan->arena, sql, params, count, &rows, why) !=
	    PG_DONE)
		return false;
	*value = pg_rows_count(rows) > 0 ? pg_rows_int(rows, 0, 0) : 0;
	return true;
}

static unsigned
newest_version(const struct plan *plan)
{
	return plan->list[plan->count - 1].version;
}

/* Locks out other runs and looks at what is there. */
static bool
begin(struct plan *plan, struct why *why)
{
	int64_t utf8, has, newest = 0;

	if (pg_run(plan->pg,
		   "begin; select pg_catalog.pg_advisory_xact_lock("
		   "pg_catalog.hashtext('signet.migrate'))",
		   why) != PG_DONE)
		return false;
	if (!ask_int(plan,
		     "select (pg_catalog.current_setting('server_encoding') "
		     "= 'UTF8')::int",
		     NULL, 0, &utf8, why))
		return false;
	if (!utf8)
		return why_set(why, "the database must have the encoding "
				    "UTF8 (createdb -E UTF8 -T template0)");
	if (!ask_int(plan,
		     "select count(*) from pg_catalog.pg_proc where oid = "
		     "pg_catalog.to_regprocedure('signet.migrations()')",
		     NULL, 0, &has, why))
		return false;
	plan->has_schema = has > 0;
	if (plan->has_schema && !ask_int(plan,
					 "select coalesce(max(version), 0) "
					 "from signet.migrations()",
					 NULL, 0, &newest, why))
		return false;
	return newest <= (int64_t)newest_version(plan) ||
	       why_set(why,
		       "the database is at version %d, newer than this "
		       "program (%u)",
		       (int)newest, newest_version(plan));
}

enum known { KNOWN_NOT, KNOWN_SAME, KNOWN_OTHER, KNOWN_ERROR };

static enum known
is_known(struct plan *plan, const struct pg_param *params, struct why *why)
{
	int64_t answer;

	if (!plan->has_schema)
		return KNOWN_NOT;
	if (!ask_int(plan,
		     "select 1 + (m.digest <> md5($2))::int "
		     "from signet.migrations() m where m.version = $1",
		     params, 2, &answer, why))
		return KNOWN_ERROR;
	return answer == 0 ? KNOWN_NOT : answer == 1 ? KNOWN_SAME : KNOWN_OTHER;
}

static bool
apply(struct plan *plan, const struct migration *migration, const char *script,
      struct why *why)
{
	struct pg_param params[3] = {
	    pg_string(arena_printf(plan->arena, "%u", migration->version)),
	    pg_string(migration->name), pg_string(script)};

	if (pg_run(plan->pg, script, why) != PG_DONE ||
	    pg_call(plan->pg, plan->arena,
		    "select signet.migration_done($1, $2, $3)", params, 3, NULL,
		    why) != PG_DONE)
		return why_prefix(why, "%s", migration->name);
	plan->applied++;
	printf("%s: applied\n", migration->name);
	return true;
}

static bool
bring(struct plan *plan, const struct migration *migration, struct why *why)
{
	const char *script = read_script(plan, migration->name, why);
	struct pg_param params[2];

	if (script == NULL)
		return false;
	params[0] =
	    pg_string(arena_printf(plan->arena, "%u", migration->version));
	params[1] = pg_string(script);
	switch (is_known(plan, params, why)) {
	case KNOWN_NOT:
		return apply(plan, migration, script, why);
	case KNOWN_OTHER:
		printf("%s: differs from what was applied earlier; left as "
		       "it is\n",
		       migration->name);
		return true;
	case KNOWN_SAME:
		return true;
	case KNOWN_ERROR:
		return false;
	}
	return false;
}

/* "NAME.sql" or "NAME-words.sql" */
static bool
is_script_of(const char *file, const char *name)
{
	size_t len = strlen(file), name_len = strlen(name);

	return len >= name_len + 4 && strncmp(file, name, name_len) == 0 &&
	       (file[name_len] == '-' || len == name_len + 4) &&
	       strcmp(file + len - 4, ".sql") == 0;
}

/* The shorter name comes first: the end ".sql" does not count. */
static int
by_name(const void *a, const void *b)
{
	const char *one = *(const char *const *)a;
	const char *other = *(const char *const *)b;
	size_t one_len = strlen(one) - 4, other_len = strlen(other) - 4;
	size_t shorter = one_len < other_len ? one_len : other_len;
	int order = memcmp(one, other, shorter);

	return order != 0 ? order
			  : (one_len > other_len) - (one_len < other_len);
}

static bool
list_scripts(struct plan *plan, const char *name, const char **list,
	     size_t *count, struct why *why)
{
	DIR *directory = opendir(plan->directory);
	struct dirent *entry;

	*count = 0;
	if (directory == NULL)
		return why_set(why, "cannot read %s: %s", plan->directory,
			       strerror(errno));
	while ((entry = readdir(directory)) != NULL)
		if (is_script_of(entry->d_name, name) && *count < SCRIPTS_MOST)
			list[(*count)++] =
			    arena_printf(plan->arena, "%s", entry->d_name);
	closedir(directory);
	qsort(list, *count, sizeof(list[0]), by_name);
	return *count > 0 ||
	       why_set(why, "%s holds no %s.sql", plan->directory, name);
}

static bool
renew(struct plan *plan, const char *name, struct why *why)
{
	const char *list[SCRIPTS_MOST], *script;
	size_t count, i;

	if (!list_scripts(plan, name, list, &count, why))
		return false;
	for (i = 0; i < count; i++) {
		script = read_script(plan, list[i], why);
		if (script == NULL)
			return false;
		if (pg_run(plan->pg, script, why) != PG_DONE)
			return why_prefix(why, "%s", list[i]);
	}
	return true;
}

static bool
run_plan(struct plan *plan, struct why *why)
{
	size_t i;

	if (!list_migrations(plan, why) || !begin(plan, why))
		return false;
	for (i = 0; i < plan->count; i++)
		if (!bring(plan, &plan->list[i], why))
			return false;
	for (i = 0; i < sizeof(renewed) / sizeof(renewed[0]); i++)
		if (!renew(plan, renewed[i], why))
			return false;
	if (pg_run(plan->pg, "commit", why) != PG_DONE)
		return false;
	printf("schema signet: version %u, %u migrations applied; "
	       "functions, views and roles renewed\n",
	       newest_version(plan), plan->applied);
	return true;
}

bool
migrate(struct pg *pg, const char *directory, struct why *why)
{
	struct arena *arena = arena_new();
	struct plan *plan = arena_new_value(arena, struct plan);
	struct why ignored;
	bool ok;

	plan->pg = pg;
	plan->arena = arena;
	plan->directory = directory;
	ok = run_plan(plan, why);
	if (!ok && pg_is_connected(pg))
		pg_run(pg, "rollback", &ignored);
	arena_free(arena);
	return ok;
}
