/* listen.h - where a program listens: "unix:/path", "inet:port@address"
 *
 * The form is libmilter's, so that one spelling serves all programs.  Host
 * names are not looked up, apart from "localhost".
 */
#ifndef IO_LISTEN_H
#define IO_LISTEN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

struct why;

struct listen_address {
	struct sockaddr_storage socket; /* family 0: not set */
	socklen_t length;
};

/* Who may connect to a unix socket.  Mode 0: as the umask leaves it; group
 * NULL: the program's own. */
struct listen_access {
	mode_t mode;
	const char *group;
};

/* "unix:/path", "local:/path", "inet:port@address", "inet6:port@address";
 * port 0 lets the system choose. */
bool listen_parse(const char *text, struct listen_address *address,
		  struct why *why);

/* Octal, such as "0660"; nothing that gives others the right to write is
 * refused: who writes 0666 means it. */
bool listen_parse_mode(const char *text, mode_t *mode, struct why *why);

/* The path of a unix socket, else NULL. */
const char *listen_path(const struct listen_address *address);

/* A unix socket, or an address that only this host reaches. */
bool listen_is_local(const struct listen_address *address);

/* The same, or an address of a network of ours (RFC 1918, RFC 4193 ...): not
 * one of the Internet, and not "all addresses". */
bool listen_is_private(const struct listen_address *address);

/* Removes a unix socket that nobody listens on; one that answers, or a file
 * that is no socket, is an error.  Nothing to do for others. */
bool listen_remove_stale(const struct listen_address *address, struct why *why);

/* Sets mode and group of a unix socket that somebody else has bound. */
bool listen_set_access(const struct listen_address *address,
		       const struct listen_access *access, struct why *why);

/* Has small answers sent at once on connections to the TCP sockets that this
 * process listens on, whoever opened them.  libmilter sends an added field
 * and its verdict apart: the second would wait for the other side's delayed
 * acknowledgement, 40 ms each message. */
void listen_send_at_once(void);

/* A socket that listens (close-on-exec, not blocking), or -1.  A unix socket
 * has its mode and group before anybody can connect.  If the supervisor has
 * opened one for this address ($LISTEN_FDS, sd_listen_fds(3)), it is that one,
 * and mode and group are the supervisor's affair. */
int listen_open(const struct listen_address *address,
		const struct listen_access *access, struct why *why);

/* Has the supervisor opened it? */
bool listen_is_given(int fd);

/* Closes it, and removes a unix socket that listen_open has made: one of the
 * supervisor stays. */
void listen_close(int fd, const struct listen_address *address);

/* The port that a socket got; 0 for a unix socket. */
uint16_t listen_port(int fd);

/* Connects and closes again, which wakes who waits for a connection. */
void listen_touch(const struct listen_address *address);

#endif
