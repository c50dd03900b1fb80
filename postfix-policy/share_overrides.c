#include "postfix-policy/share_overrides.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/why.h"
#include "base/xalloc.h"
#include "io/file.h"
#include "io/pg.h"

#define FILE_NAME "tls-overrides"

/* One row: words. */
struct row {
	struct text name, level, match, reason;
	int64_t until_s; /* 0: no end */
};

static struct share_overrides *
new_overrides(size_t most)
{
	struct share_overrides *overrides = xcalloc(1, sizeof(*overrides));

	overrides->arena = arena_new();
	overrides->list =
	    arena_new_array(overrides->arena, struct tls_override, most + 1);
	overrides->words =
	    arena_new_array(overrides->arena, const char *, most + 1);
	overrides->first_refused =
	    arena_new_value(overrides->arena, struct why);
	return overrides;
}

void
share_overrides_free(struct share_overrides *overrides)
{
	if (overrides == NULL)
		return;
	arena_free(overrides->arena);
	free(overrides);
}

static void
add(struct share_overrides *overrides, const struct row *row)
{
	struct tls_override *to = &overrides->list[overrides->count];
	struct arena *arena = overrides->arena;
	struct why why;

	*to = (struct tls_override){.reason = text_copy(arena, row->reason)};
	to->until_s = row->until_s != 0 ? row->until_s : INT64_MAX;
	if (!tls_override_name(arena, row->name, to, &why) ||
	    !tls_override_level(row->level, to, &why) ||
	    !tls_override_match(arena, row->match, to, &why)) {
		if (overrides->refused++ == 0)
			*overrides->first_refused = why;
		return;
	}
	overrides->words[overrides->count++] =
	    to->is_published ? "published" : tls_level_name(to->level);
}

/* --- as JSON --- */

static struct text
joined(struct arena *arena, const struct tls_override *override)
{
	struct buf to;
	size_t i;

	buf_init(&to, arena, SHARE_OVERRIDES_BYTES);
	for (i = 0; i < override->match_count; i++) {
		if (i > 0)
			buf_char(&to, ':');
		buf_text(&to, override->match[i]);
	}
	return buf_view(&to);
}

static void
write_json(struct share_overrides *overrides)
{
	struct arena *arena = overrides->arena;
	struct json *all = json_new_object(arena);
	struct json *list = json_new_array(arena);
	struct buf to;
	size_t i;

	for (i = 0; i < overrides->count; i++) {
		const struct tls_override *from = &overrides->list[i];
		struct json *one = json_new_object(arena);

		json_put_text(
		    one, "name",
		    text_from(arena_printf(arena, "%s" TEXT_FMT,
					   from->is_parent ? "." : "",
					   TEXT_ARG(from->domain.name))));
		json_put_string(one, "level", overrides->words[i]);
		json_put_text(one, "match", joined(arena, from));
		json_put_text(one, "reason", from->reason);
		json_put_int(one, "until",
			     from->until_s == INT64_MAX ? 0 : from->until_s);
		json_add(list, one);
	}
	json_put(all, "overrides", list);
	buf_init(&to, arena, SHARE_OVERRIDES_BYTES);
	json_write(all, 1, &to);
	buf_char(&to, '\n');
	overrides->json = buf_ok(&to) ? buf_view(&to) : text_of(NULL, 0);
}

static bool
read_one(const struct json *one, struct row *row)
{
	double until;

	if (!json_text(json_member(one, "name"), &row->name) ||
	    !json_text(json_member(one, "level"), &row->level) ||
	    !json_text(json_member(one, "match"), &row->match) ||
	    !json_text(json_member(one, "reason"), &row->reason) ||
	    !json_number(json_member(one, "until"), &until) || until < 0 ||
	    until > 1e15)
		return false;
	row->until_s = (int64_t)until;
	return true;
}

struct share_overrides *
share_overrides_parse(struct text json, struct why *why)
{
	struct arena *arena = arena_new();
	struct json_doubts doubts;
	struct json *all = json_parse(arena, json, &doubts, why);
	struct json *list = all != NULL ? json_member(all, "overrides") : NULL;
	struct share_overrides *overrides = NULL;
	struct row row;
	size_t i;

	if (list != NULL && json_kind(list) == JSON_KIND_ARRAY &&
	    json_count(list) <= SHARE_OVERRIDES) {
		overrides = new_overrides(json_count(list));
		for (i = 0; i < json_count(list); i++)
			if (read_one(json_element(list, i), &row))
				add(overrides, &row);
			else if (overrides->refused++ == 0)
				why_set(overrides->first_refused,
					"a member is missing");
		write_json(overrides);
	} else if (all != NULL) {
		why_set(why, "it holds no list of overrides");
	}
	arena_free(arena);
	return overrides;
}

struct share_overrides *
share_overrides_from_rows(const struct pg_rows *rows, struct why *why)
{
	struct share_overrides *overrides;
	size_t i, count = pg_rows_count(rows);

	if (count > SHARE_OVERRIDES) {
		why_set(why, "more than %d overrides", SHARE_OVERRIDES);
		return NULL;
	}
	overrides = new_overrides(count);
	for (i = 0; i < count; i++) {
		struct row row = {.name = pg_rows_text(rows, i, 0),
				  .level = pg_rows_text(rows, i, 1),
				  .match = pg_rows_text(rows, i, 2),
				  .reason = pg_rows_text(rows, i, 3),
				  .until_s = pg_rows_int(rows, i, 4)};

		add(overrides, &row);
	}
	write_json(overrides);
	return overrides;
}

/* --- the file --- */

static bool
fail(const char *directory, struct why *why)
{
	return why_set(why, "%.300s/" FILE_NAME ": %s", directory,
		       strerror(errno));
}

static bool
write_all(int fd, struct text bytes)
{
	while (bytes.len > 0) {
		ssize_t done = write(fd, bytes.at, bytes.len);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return false;
		bytes = text_skip(bytes, (size_t)done);
	}
	return true;
}

bool
share_overrides_save(const struct share_overrides *overrides,
		     const char *directory, struct why *why)
{
	int dir = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC), fd;
	bool good;

	if (dir < 0)
		return fail(directory, why);
	fd =
	    openat(dir, FILE_NAME ".new",
		   O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640);
	good = fd >= 0 && write_all(fd, overrides->json) && fsync(fd) == 0 &&
	       renameat(dir, FILE_NAME ".new", dir, FILE_NAME) == 0;
	if (!good)
		fail(directory, why);
	if (fd >= 0)
		close(fd);
	if (good)
		(void)!fsync(dir);
	close(dir);
	return good;
}

struct share_overrides *
share_overrides_load(const char *directory, bool *missing, struct why *why)
{
	struct share_overrides *overrides = NULL;
	struct arena *arena = arena_new();
	const char *path = arena_printf(arena, "%s/" FILE_NAME, directory);
	struct text json;

	*missing = access(path, F_OK) != 0 && errno == ENOENT;
	if (*missing)
		why_set(why, "%s is not there", path);
	else if (file_read(arena, path, SHARE_OVERRIDES_BYTES, &json, why)) {
		overrides = share_overrides_parse(json, why);
		if (overrides == NULL)
			why_prefix(why, "%s", path);
	}
	arena_free(arena);
	return overrides;
}
