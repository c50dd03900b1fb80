#include "admin/key_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/limits.h"
#include "base/why.h"
#include "io/clock.h"

#define LOCK_WAIT_MS 30000
#define LOCK_PAUSE_MS 50
#define NEW_PREFIX ".new-"
/* "_domainkey" and the dots around it */
#define INFIX_BYTES 12
/* so that any file name has room for the state */
#define SELECTOR_BYTES_MAX 200

bool
key_selector_parse(struct arena *arena, struct text text, struct domain domain,
		   struct text *selector, struct why *why)
{
	struct domain labels;
	struct why ignored;

	if (!domain_parse(arena, text, &labels, &ignored))
		return why_set(why,
			       "\"%.80s\" is no selector; write letters, "
			       "digits and hyphens, such as 2026a-rsa",
			       text_string(arena, text));
	if (labels.name.len > SELECTOR_BYTES_MAX ||
	    labels.name.len + INFIX_BYTES + domain.name.len >
		LIMIT_DOMAIN_BYTES)
		return why_set(why, "the selector is too long");
	*selector = labels.name;
	return true;
}

const char *
key_files_path(struct arena *arena, const struct key_files *store,
	       const struct key_file *key)
{
	return arena_printf(arena, "%s/" TEXT_FMT "/" TEXT_FMT "%s",
			    store->directory, TEXT_ARG(key->domain.name),
			    TEXT_ARG(key->selector),
			    key_state_suffix(key->state));
}

/* --- reading --- */

/* "SELECTOR.pem", "SELECTOR.pem.made" ...; other files are not ours. */
static bool
split_name(struct arena *arena, const char *name, struct key_file *key)
{
	struct text text = text_from(name), suffix;
	enum key_state state;

	for (state = KEY_MADE; state < KEY_DELETED; state++) {
		suffix = text_from(key_state_suffix(state));
		if (text.len <= suffix.len ||
		    !text_equal(text_skip(text, text.len - suffix.len), suffix))
			continue;
		text = text_first(text, text.len - suffix.len);
		key->state = state;
		return name[0] != '.' &&
		       key_selector_parse(arena, text, key->domain,
					  &key->selector, NULL) &&
		       text_equal(text, key->selector);
	}
	return false;
}

static int
compare(const struct key_file *a, const struct key_file *b)
{
	int domains = text_compare(a->domain.name, b->domain.name);

	return domains != 0 ? domains : text_compare(a->selector, b->selector);
}

/* Puts the key where it belongs in the list. */
static bool
insert(struct key_file **first, struct key_file *key, struct why *why)
{
	while (*first != NULL && compare(*first, key) < 0)
		first = &(*first)->next;
	if (*first != NULL && compare(*first, key) == 0)
		return why_set(why,
			       "key " TEXT_FMT " of " TEXT_FMT " lies in the "
			       "directory twice, as %s and as %s; remove one",
			       TEXT_ARG(key->selector),
			       TEXT_ARG(key->domain.name),
			       key_state_name((*first)->state),
			       key_state_name(key->state));
	key->next = *first;
	*first = key;
	return true;
}

static bool
list_domain(struct arena *arena, const char *path, struct domain domain,
	    struct key_file **first, struct why *why)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	struct key_file found;
	struct stat st;
	bool fine = true;

	if (dir == NULL)
		return errno == ENOENT || why_set(why, "cannot read %s: %s",
						  path, strerror(errno));
	while (fine && (entry = readdir(dir)) != NULL) {
		found = (struct key_file){.domain = domain};
		if (!split_name(arena, entry->d_name, &found) ||
		    fstatat(dirfd(dir), entry->d_name, &st, 0) != 0 ||
		    !S_ISREG(st.st_mode))
			continue;
		found.since_s = (int64_t)st.st_mtime;
		fine = insert(first, arena_copy(arena, &found, sizeof(found)),
			      why);
	}
	closedir(dir);
	return fine;
}

static const char *
domain_path(struct arena *arena, const struct key_files *store,
	    struct domain domain)
{
	return arena_printf(arena, "%s/" TEXT_FMT, store->directory,
			    TEXT_ARG(domain.name));
}

bool
key_files_list(struct arena *arena, const struct key_files *store,
	       struct domain domain, struct key_file **first, struct why *why)
{
	struct dirent *entry;
	bool fine = true;
	DIR *dir;

	*first = NULL;
	if (domain_is_set(domain))
		return list_domain(arena, domain_path(arena, store, domain),
				   domain, first, why);
	dir = opendir(store->directory);
	if (dir == NULL)
		return errno == ENOENT ||
		       why_set(why, "cannot read %s: %s", store->directory,
			       strerror(errno));
	while (fine && (entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.' &&
		    domain_parse(arena, text_from(entry->d_name), &domain,
				 NULL) &&
		    text_equal(domain.name, text_from(entry->d_name)))
			fine = list_domain(arena,
					   domain_path(arena, store, domain),
					   domain, first, why);
	closedir(dir);
	return fine;
}

/* --- writing --- */

/* Root gives what it makes to the signer's group. */
static bool
give(int fd, const char *group, mode_t mode, struct why *why)
{
	struct group *found;

	if (fchmod(fd, mode) != 0)
		return why_set(why, "cannot set the mode of a key: %s",
			       strerror(errno));
	if (geteuid() != 0)
		return true;
	found = getgrnam(group);
	if (found == NULL)
		return why_set(why,
			       "there is no group %.80s; make it, or name "
			       "another as [keys] group",
			       group);
	return fchown(fd, 0, found->gr_gid) == 0 ||
	       why_set(why, "cannot give a key to group %.80s: %s", group,
		       strerror(errno));
}

static int
open_directory(const char *path, const struct key_files *store, bool make,
	       struct why *why)
{
	bool made = make && mkdir(path, 0700) == 0;
	int fd;

	if (make && !made && errno != EEXIST) {
		why_set(why, "cannot make %s: %s", path, strerror(errno));
		return -1;
	}
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		why_set(why, "cannot open %s: %s", path, strerror(errno));
		return -1;
	}
	if (!made || give(fd, store->group, 0750, why))
		return fd;
	close(fd);
	rmdir(path);
	return -1;
}

static bool
wait_for_lock(int fd, const char *path, struct why *why)
{
	struct deadline deadline = clock_deadline_in(LOCK_WAIT_MS);

	while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return why_set(why, "cannot lock %s: %s", path,
				       strerror(errno));
		if (deadline_left_ms(deadline, clock_monotonic_ms()) == 0)
			return why_set(why, "another program works in %s",
				       path);
		poll(NULL, 0, LOCK_PAUSE_MS);
	}
	return true;
}

int
key_files_lock(const struct key_files *store, struct domain domain, bool make,
	       struct why *why)
{
	char path[PATH_MAX];
	int parent, fd;

	if (make) {
		parent = open_directory(store->directory, store, true, why);
		if (parent < 0)
			return -1;
		close(parent);
	}
	snprintf(path, sizeof(path), "%s/" TEXT_FMT, store->directory,
		 TEXT_ARG(domain.name));
	fd = open_directory(path, store, make, why);
	if (fd >= 0 && !wait_for_lock(fd, path, why)) {
		close(fd);
		return -1;
	}
	return fd;
}

void
key_files_unlock(int lock)
{
	if (lock >= 0)
		close(lock);
}

static void
name_of(const struct key_file *key, enum key_state state, char name[NAME_MAX])
{
	snprintf(name, NAME_MAX, TEXT_FMT "%s", TEXT_ARG(key->selector),
		 key_state_suffix(state));
}

static bool
write_all(int fd, struct text bytes)
{
	ssize_t n;

	for (; bytes.len > 0; bytes = text_skip(bytes, (size_t)n)) {
		n = write(fd, bytes.at, bytes.len);
		if (n < 0 && errno != EINTR)
			return false;
		n = n < 0 ? 0 : n;
	}
	return fsync(fd) == 0;
}

/* The whole file under a name that nobody looks at. */
static bool
write_aside(int lock, const struct key_files *store, const char *name,
	    struct text pem, struct why *why)
{
	bool fine;
	int fd;

	/* what a run left that was killed here */
	unlinkat(lock, name, 0);
	fd = openat(lock, name,
		    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return why_set(why, "cannot make %s: %s", name,
			       strerror(errno));
	fine = write_all(fd, pem) ||
	       why_set(why, "cannot write %s: %s", name, strerror(errno));
	fine = fine && give(fd, store->group, 0640, why);
	close(fd);
	if (!fine)
		unlinkat(lock, name, 0);
	return fine;
}

static bool
sync_directory(int lock, struct why *why)
{
	return fsync(lock) == 0 ||
	       why_set(why, "cannot sync a directory: %s", strerror(errno));
}

bool
key_files_write(int lock, const struct key_files *store,
		const struct key_file *key, struct text pem, struct why *why)
{
	char name[NAME_MAX], aside[NAME_MAX];
	bool fine;

	name_of(key, key->state, name);
	snprintf(aside, sizeof(aside), NEW_PREFIX TEXT_FMT,
		 TEXT_ARG(key->selector));
	if (!write_aside(lock, store, aside, pem, why))
		return false;
	fine = linkat(lock, aside, lock, name, 0) == 0 ||
	       why_set(why, "cannot make %s: %s", name, strerror(errno));
	unlinkat(lock, aside, 0);
	return fine && sync_directory(lock, why);
}

/* The time first: after kill -9 between the two the key is still in its old
 * state, and at most waits longer. */
bool
key_files_move(int lock, struct key_file *key, enum key_state to, int64_t now_s,
	       struct why *why)
{
	struct timespec times[2] = {{.tv_nsec = UTIME_OMIT},
				    {.tv_sec = (time_t)now_s}};
	char from[NAME_MAX], name[NAME_MAX];

	if (!key_state_may(key->state, to, why))
		return false;
	name_of(key, key->state, from);
	name_of(key, to, name);
	if (utimensat(lock, from, times, 0) != 0 ||
	    renameat2(lock, from, lock, name, RENAME_NOREPLACE) != 0)
		return why_set(why, "cannot rename %s to %s: %s", from, name,
			       strerror(errno));
	key->state = to;
	key->since_s = now_s;
	return sync_directory(lock, why);
}

bool
key_files_has(int lock, struct text selector)
{
	const struct key_file key = {.selector = selector};
	char name[NAME_MAX];
	enum key_state state;

	for (state = KEY_MADE; state <= KEY_DELETED; state++) {
		name_of(&key, state, name);
		if (faccessat(lock, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
			return true;
	}
	return false;
}

bool
key_files_remove(int lock, const struct key_file *key, struct why *why)
{
	char name[NAME_MAX];
	int fd;

	name_of(key, KEY_DELETED, name);
	fd = openat(lock, name, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC,
		    0640);
	if (fd < 0)
		return why_set(why, "cannot make %s: %s", name,
			       strerror(errno));
	close(fd);
	name_of(key, key->state, name);
	if (unlinkat(lock, name, 0) != 0 && errno != ENOENT)
		return why_set(why, "cannot remove %s: %s", name,
			       strerror(errno));
	return sync_directory(lock, why);
}
