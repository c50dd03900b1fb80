#include "milter/milter_socket.h"

#include <errno.h>
#include <grp.h>
#include <netdb.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/why.h"

/* The path of "unix:/path", "local:/path" or "/path"; else NULL. */
static const char *
unix_path(const char *spec)
{
	if (*spec == '/')
		return spec;
	if (strncmp(spec, "unix:", 5) == 0)
		return spec + 5;
	if (strncmp(spec, "local:", 6) == 0)
		return spec + 6;
	return NULL;
}

static int
connect_unix(const char *path)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	int fd;

	if (strlen(path) >= sizeof(to.sun_path))
		return -1;
	memcpy(to.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 &&
	    connect(fd, (const struct sockaddr *)&to, sizeof(to)) != 0) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/* "inet:port@host" or "inet6:port@host"; without a host, this one. */
static int
connect_inet(const char *spec)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found, *one;
	char port[16] = "", host[256] = "localhost";
	int fd = -1;

	if (sscanf(spec, "%*[^:]:%15[^@]@%255s", port, host) < 1 ||
	    getaddrinfo(host, port, &hints, &found) != 0)
		return -1;
	for (one = found; one != NULL && fd < 0; one = one->ai_next) {
		fd = socket(one->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (fd >= 0 &&
		    connect(fd, one->ai_addr, one->ai_addrlen) != 0) {
			close(fd);
			fd = -1;
		}
	}
	freeaddrinfo(found);
	return fd;
}

bool
milter_socket_is_free(const char *spec, struct why *why)
{
	const char *path = unix_path(spec);
	int fd = path != NULL ? connect_unix(path) : -1;

	if (fd < 0)
		return true;
	close(fd);
	return why_set(why, "another program listens on %s; stop it first, or "
			    "choose another socket with listen =",
		       spec);
}

static unsigned
from_octal_digits(unsigned written)
{
	return (written / 100 % 10) << 6 | (written / 10 % 10) << 3 |
	       written % 10;
}

bool
milter_socket_own(const char *spec, unsigned octal, const char *group,
		  struct why *why)
{
	const char *path = unix_path(spec);
	const struct group *entry;

	if (path == NULL)
		return true;
	if (group != NULL) {
		entry = getgrnam(group);
		if (entry == NULL)
			return why_set(why,
				       "socket_group = %s: there is no such "
				       "group; write that of the mail server",
				       group);
		if (chown(path, (uid_t)-1, entry->gr_gid) != 0)
			return why_set(why,
				       "cannot give %s to group %s: %s; make "
				       "this user a member of it",
				       path, group, strerror(errno));
	}
	if (chmod(path, from_octal_digits(octal)) != 0)
		return why_set(why, "cannot set the mode of %s: %s", path,
			       strerror(errno));
	return true;
}

void
milter_socket_touch(const char *spec)
{
	const char *path = unix_path(spec);
	int fd = path != NULL ? connect_unix(path) : connect_inet(spec);

	if (fd >= 0)
		close(fd);
}
