#include "io/datagram.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "base/why.h"

#define USER_BYTES 16384
#define QUEUE_LENGTH "/proc/sys/net/unix/max_dgram_qlen"

static bool
set_owner(const char *path, const char *owner, struct why *why)
{
	char bytes[USER_BYTES];
	struct passwd entry, *found = NULL;

	if (owner == NULL || owner[0] == '\0')
		return true;
	if (getpwnam_r(owner, &entry, bytes, sizeof(bytes), &found) != 0 ||
	    found == NULL)
		return why_set(why,
			       "there is no user \"%.60s\"; write one of "
			       "/etc/passwd",
			       owner);
	if (found->pw_uid != geteuid() &&
	    chown(path, found->pw_uid, (gid_t)-1) != 0)
		return why_set(why,
			       "cannot give %s to the user %s: %s; only root "
			       "may: let a group send instead",
			       path, owner, strerror(errno));
	return true;
}

static bool
set_access(const struct listen_address *address,
	   const struct datagram_access *access, struct why *why)
{
	/* the owner last: who gives a file away cannot change it any more */
	return listen_set_access(address, &access->access, why) &&
	       set_owner(listen_path(address), access->owner, why);
}

static bool
bind_with_access(int fd, const struct listen_address *address,
		 const struct datagram_access *access, struct why *why)
{
	const char *path = listen_path(address);

	if (bind(fd, (const struct sockaddr *)&address->socket,
		 address->length) != 0)
		return why_set(why,
			       "cannot receive on %s: %s; create the folder "
			       "and let this program's user write there",
			       path, strerror(errno));
	if (set_access(address, access, why))
		return true;
	unlink(path);
	return false;
}

int
datagram_open(const struct listen_address *address,
	      const struct datagram_access *access, struct why *why)
{
	int fd;

	if (listen_path(address) == NULL) {
		why_set(why, "only a unix socket will do: write unix:/path");
		return -1;
	}
	if (!listen_remove_stale(address, why))
		return -1;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0) {
		why_set(why, "cannot make a socket: %s", strerror(errno));
		return -1;
	}
	if (!bind_with_access(fd, address, access, why)) {
		close(fd);
		return -1;
	}
	return fd;
}

unsigned
datagram_queue_length(void)
{
	int fd = open(QUEUE_LENGTH, O_RDONLY | O_CLOEXEC);
	char bytes[16];
	uint64_t length;
	ssize_t got;

	if (fd < 0)
		return 0;
	got = read(fd, bytes, sizeof(bytes));
	close(fd);
	if (got <= 0 || !text_to_u64(text_trim(text_of(bytes, (size_t)got)),
				     1u << 30, &length))
		return 0;
	return (unsigned)length;
}
