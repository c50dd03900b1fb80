#include "milter/key_file.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/limits.h"
#include "base/why.h"

/* group may read, nobody else may do anything */
#define LOOSE_MODE 0037

/* Root looks at the keys as the service will see them. */
static bool
is_service_user(uid_t user)
{
	const struct passwd *service = getpwnam("signet-sign");

	return geteuid() == 0 && service != NULL && service->pw_uid == user;
}

static bool
check_owner(const char *path, const struct stat *status, struct why *why)
{
	if (status->st_uid == 0 || status->st_uid == geteuid() ||
	    is_service_user(status->st_uid))
		return true;
	return why_set(why,
		       "%s belongs to user %u, who can change it; type: chown "
		       "root %s",
		       path, (unsigned)status->st_uid, path);
}

static bool
check_file(const char *path, const struct stat *status, struct why *why)
{
	if (!S_ISREG(status->st_mode))
		return why_set(why, "%s is no file", path);
	if ((status->st_mode & LOOSE_MODE) != 0)
		return why_set(
		    why,
		    "%s has mode %04o: others can %s the key; type: chmod %s "
		    "%s",
		    path, (unsigned)(status->st_mode & 07777),
		    (status->st_mode & 0004) != 0 ? "read" : "change",
		    (status->st_mode & 0040) != 0 ? "0640" : "0600", path);
	return check_owner(path, status, why);
}

static bool
read_all(int fd, const char *path, char *to, size_t *length, struct why *why)
{
	ssize_t got;

	*length = 0;
	while ((got = read(fd, to + *length,
			   LIMIT_KEY_FILE_BYTES + 1 - *length)) > 0)
		*length += (size_t)got;
	if (got < 0)
		return why_set(why, "cannot read %s: %s", path,
			       strerror(errno));
	if (*length > LIMIT_KEY_FILE_BYTES)
		return why_set(why, "%s has more than %d bytes", path,
			       (int)LIMIT_KEY_FILE_BYTES);
	return true;
}

struct private_key *
key_file_read(struct arena *arena, const char *path, struct why *why)
{
	char bytes[LIMIT_KEY_FILE_BYTES + 1];
	struct private_key *key = NULL;
	struct stat status;
	size_t length;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0) {
		why_set(why, "cannot open %s: %s", path, strerror(errno));
		return NULL;
	}
	if (fstat(fd, &status) != 0)
		why_set(why, "cannot look at %s: %s", path, strerror(errno));
	else if (check_file(path, &status, why) &&
		 read_all(fd, path, bytes, &length, why)) {
		key = private_key_read(arena, text_of(bytes, length), why);
		if (key == NULL)
			why_prefix(why, "%s", path);
	}
	close(fd);
	crypto_wipe(bytes, sizeof(bytes));
	return key;
}

struct private_key *
key_file_inline(struct arena *arena, struct text base64, struct why *why)
{
	static const char *const kinds[] = {"PRIVATE KEY", "RSA PRIVATE KEY"};
	struct private_key *key = NULL;
	struct buf pem;
	size_t i, at;

	buf_init(&pem, arena, LIMIT_KEY_FILE_BYTES);
	for (i = 0; i < 2 && key == NULL; i++) {
		buf_clear(&pem);
		buf_printf(&pem, "-----BEGIN %s-----\n", kinds[i]);
		for (at = 0; at < base64.len; at += 64) {
			buf_text(&pem, text_first(text_skip(base64, at), 64));
			buf_char(&pem, '\n');
		}
		buf_printf(&pem, "-----END %s-----\n", kinds[i]);
		if (!buf_ok(&pem)) {
			why_set(why, "the key has more than %d bytes",
				(int)LIMIT_KEY_FILE_BYTES);
			break;
		}
		key = private_key_read(arena, buf_view(&pem), why);
	}
	crypto_wipe(pem.at, pem.len);
	return key;
}
