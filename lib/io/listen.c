#include "io/listen.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/ipaddr.h"
#include "base/text.h"
#include "base/why.h"

#define BACKLOG 64
#define GROUP_BYTES 16384

#define FORMS "write unix:/path or inet:port@address"

static bool
parse_unix(const char *path, struct listen_address *address, struct why *why)
{
	struct sockaddr_un *to = (struct sockaddr_un *)&address->socket;
	size_t length = strlen(path);

	if (path[0] != '/')
		return why_set(why,
			       "\"%.80s\" is not an absolute path; "
			       "write unix:/path",
			       path);
	if (length >= sizeof(to->sun_path))
		return why_set(why,
			       "the path %.120s is too long for a socket; "
			       "write one below %zu bytes",
			       path, sizeof(to->sun_path));
	to->sun_family = AF_UNIX;
	memcpy(to->sun_path, path, length + 1);
	address->length = sizeof(*to);
	return true;
}

static bool
parse_host(const char *host, uint16_t port, struct listen_address *address)
{
	struct sockaddr_in *four = (struct sockaddr_in *)&address->socket;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)&address->socket;

	if (strcmp(host, "localhost") == 0)
		host = "127.0.0.1";
	if (inet_pton(AF_INET, host, &four->sin_addr) == 1) {
		four->sin_family = AF_INET;
		four->sin_port = htons(port);
		address->length = sizeof(*four);
		return true;
	}
	if (inet_pton(AF_INET6, host, &six->sin6_addr) == 1) {
		six->sin6_family = AF_INET6;
		six->sin6_port = htons(port);
		address->length = sizeof(*six);
		return true;
	}
	return false;
}

static bool
parse_inet(const char *text, struct listen_address *address, struct why *why)
{
	struct text all = text_from(text);
	size_t at = text_find(all, '@');
	uint64_t port;

	if (at == all.len || !text_to_u64(text_first(all, at), 65535, &port) ||
	    !parse_host(text + at + 1, (uint16_t)port, address))
		return why_set(why,
			       "\"%.80s\" is no port and address; " FORMS
			       ", such as inet:8891@127.0.0.1",
			       text);
	return true;
}

bool
listen_parse(const char *text, struct listen_address *address, struct why *why)
{
	memset(address, 0, sizeof(*address));
	if (strncmp(text, "unix:", 5) == 0)
		return parse_unix(text + 5, address, why);
	if (strncmp(text, "local:", 6) == 0)
		return parse_unix(text + 6, address, why);
	if (strncmp(text, "inet:", 5) == 0)
		return parse_inet(text + 5, address, why);
	if (strncmp(text, "inet6:", 6) == 0)
		return parse_inet(text + 6, address, why);
	return why_set(why, "\"%.80s\" is no place to listen; " FORMS, text);
}

bool
listen_parse_mode(const char *text, mode_t *mode, struct why *why)
{
	size_t length = strspn(text, "01234567");

	if (length == 0 || length > 4 || text[length] != '\0')
		return why_set(why,
			       "\"%.40s\" is no mode; write three octal "
			       "digits, such as 0660",
			       text);
	*mode = (mode_t)strtoul(text, NULL, 8);
	if (*mode > 0777)
		return why_set(why,
			       "mode %s has special bits; write three "
			       "octal digits, such as 0660",
			       text);
	return true;
}

const char *
listen_path(const struct listen_address *address)
{
	if (address->socket.ss_family != AF_UNIX)
		return NULL;
	return ((const struct sockaddr_un *)&address->socket)->sun_path;
}

bool
listen_is_local(const struct listen_address *address)
{
	const struct sockaddr_in *four =
	    (const struct sockaddr_in *)&address->socket;
	const struct sockaddr_in6 *six =
	    (const struct sockaddr_in6 *)&address->socket;

	if (address->socket.ss_family == AF_INET)
		return ntohl(four->sin_addr.s_addr) >> 24 == 127;
	if (address->socket.ss_family == AF_INET6)
		return IN6_IS_ADDR_LOOPBACK(&six->sin6_addr);
	return address->socket.ss_family == AF_UNIX;
}

bool
listen_is_private(const struct listen_address *address)
{
	static const struct ipaddr any = {0};
	struct ipaddr ip = {0};

	if (listen_is_local(address))
		return true;
	ipaddr_from_sockaddr((const struct sockaddr *)&address->socket, &ip);
	return memcmp(ip.bytes, any.bytes, sizeof(ip.bytes)) != 0 &&
	       !ipaddr_is_global(&ip);
}

/* True if somebody takes connections there. */
static bool
somebody_answers(const struct listen_address *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool refused;

	if (fd < 0)
		return true;
	refused = connect(fd, (const struct sockaddr *)&address->socket,
			  address->length) != 0 &&
		  (errno == ECONNREFUSED || errno == ENOENT);
	close(fd);
	return !refused;
}

bool
listen_remove_stale(const struct listen_address *address, struct why *why)
{
	const char *path = listen_path(address);
	struct stat st;

	if (path == NULL || (lstat(path, &st) != 0 && errno == ENOENT))
		return true;
	if (!S_ISSOCK(st.st_mode))
		return why_set(why,
			       "%s is there and is no socket; remove it "
			       "or write another path",
			       path);
	if (somebody_answers(address))
		return why_set(why,
			       "another program listens on %s; stop it or "
			       "write another path",
			       path);
	if (unlink(path) != 0 && errno != ENOENT)
		return why_set(why, "cannot remove the old socket %s: %s", path,
			       strerror(errno));
	return true;
}

static bool
find_group(const char *name, gid_t *gid, struct why *why)
{
	char bytes[GROUP_BYTES];
	struct group entry, *found = NULL;

	if (getgrnam_r(name, &entry, bytes, sizeof(bytes), &found) != 0 ||
	    found == NULL)
		return why_set(why,
			       "there is no group \"%.60s\"; write one of "
			       "/etc/group",
			       name);
	*gid = found->gr_gid;
	return true;
}

/* Linux hands the option down to the sockets that accept() gives. */
static void
send_at_once(int fd)
{
	int listens = 0, domain = 0, on = 1;
	socklen_t size = sizeof(int);

	if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) != 0 ||
	    !listens ||
	    getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) != 0)
		return;
	if (domain == AF_INET || domain == AF_INET6)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

void
listen_send_at_once(void)
{
	DIR *open_files = opendir("/proc/self/fd");
	struct dirent *entry;

	if (open_files == NULL)
		return;
	while ((entry = readdir(open_files)) != NULL)
		if (entry->d_name[0] != '.')
			send_at_once((int)strtol(entry->d_name, NULL, 10));
	closedir(open_files);
}

bool
listen_set_access(const struct listen_address *address,
		  const struct listen_access *access, struct why *why)
{
	const char *path = listen_path(address);
	gid_t gid;

	if (path == NULL || access == NULL)
		return true;
	if (access->group != NULL && access->group[0] != '\0') {
		if (!find_group(access->group, &gid, why))
			return false;
		if (chown(path, (uid_t)-1, gid) != 0)
			return why_set(why,
				       "cannot give %s to the group %s: "
				       "%s; put this program's user into "
				       "that group",
				       path, access->group, strerror(errno));
	}
	if (access->mode != 0 && chmod(path, access->mode) != 0)
		return why_set(why, "cannot set the mode of %s: %s", path,
			       strerror(errno));
	return true;
}

static const char *
bind_remedy(int code)
{
	if (code == ENOENT)
		return "create the folder, owned by this program's user";
	if (code == EACCES || code == EROFS)
		return "write a place that this program's user may use";
	if (code == EADDRINUSE)
		return "stop the program that listens there";
	return "write another address";
}

static bool
bind_and_listen(int fd, const struct listen_address *address,
		const struct listen_access *access, struct why *why)
{
	const char *path = listen_path(address);
	int one = 1;

	if (path == NULL)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (const struct sockaddr *)&address->socket,
		 address->length) != 0)
		return why_set(why, "cannot listen on %s: %s; %s",
			       path != NULL ? path : "the address",
			       strerror(errno), bind_remedy(errno));
	if (!listen_set_access(address, access, why) ||
	    (listen(fd, BACKLOG) != 0 &&
	     !why_set(why, "cannot listen: %s", strerror(errno)))) {
		if (path != NULL)
			unlink(path);
		return false;
	}
	return true;
}

/* --- sockets that the supervisor has opened --- */

/* sd_listen_fds(3): they begin here */
#define GIVEN_FIRST 3

static int
given_count(void)
{
	const char *pid = getenv("LISTEN_PID"), *count = getenv("LISTEN_FDS");
	uint64_t id, most;

	if (pid == NULL || count == NULL ||
	    !text_to_u64(text_from(pid), INT32_MAX, &id) ||
	    (pid_t)id != getpid() || !text_to_u64(text_from(count), 64, &most))
		return 0;
	return (int)most;
}

static bool
is_bound_to(int fd, const struct listen_address *address)
{
	struct sockaddr_storage here = {0};
	socklen_t length = sizeof(here), size = sizeof(int);
	const char *path = listen_path(address);
	int listens = 0;

	if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) != 0 ||
	    !listens ||
	    getsockname(fd, (struct sockaddr *)&here, &length) != 0 ||
	    here.ss_family != address->socket.ss_family)
		return false;
	if (path != NULL)
		return strcmp(((struct sockaddr_un *)&here)->sun_path, path) ==
		       0;
	return length == address->length &&
	       memcmp(&here, &address->socket, length) == 0;
}

/* The one that is bound to the address, or -1. */
static int
take_given(const struct listen_address *address)
{
	int fd, end = GIVEN_FIRST + given_count();

	for (fd = GIVEN_FIRST; fd < end; fd++) {
		if (!is_bound_to(fd, address))
			continue;
		fcntl(fd, F_SETFD, FD_CLOEXEC);
		fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
		return fd;
	}
	return -1;
}

int
listen_open(const struct listen_address *address,
	    const struct listen_access *access, struct why *why)
{
	int fd = take_given(address);

	if (fd >= 0)
		return fd;
	if (!listen_remove_stale(address, why))
		return -1;
	fd = socket(address->socket.ss_family,
		    SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0) {
		why_set(why, "cannot make a socket: %s", strerror(errno));
		return -1;
	}
	if (!bind_and_listen(fd, address, access, why)) {
		close(fd);
		return -1;
	}
	return fd;
}

bool
listen_is_given(int fd)
{
	return fd >= GIVEN_FIRST && fd < GIVEN_FIRST + given_count();
}

void
listen_close(int fd, const struct listen_address *address)
{
	const char *path = listen_path(address);

	close(fd);
	if (path != NULL && !listen_is_given(fd))
		unlink(path);
}

uint16_t
listen_port(int fd)
{
	struct sockaddr_storage here;
	socklen_t length = sizeof(here);

	if (getsockname(fd, (struct sockaddr *)&here, &length) != 0)
		return 0;
	if (here.ss_family == AF_INET)
		return ntohs(((struct sockaddr_in *)&here)->sin_port);
	if (here.ss_family == AF_INET6)
		return ntohs(((struct sockaddr_in6 *)&here)->sin6_port);
	return 0;
}

void
listen_touch(const struct listen_address *address)
{
	int fd =
	    socket(address->socket.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return;
	(void)!connect(fd, (const struct sockaddr *)&address->socket,
		       address->length);
	close(fd);
}
