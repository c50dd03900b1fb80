/* metrics_server.h - "GET /metrics" for one scraper at a time
 *
 * One thread, bounded request, one deadline for all of a visit: a scraper
 * that is slow, silent or hostile keeps other scrapers waiting and nothing
 * else.
 */
#ifndef IO_METRICS_SERVER_H
#define IO_METRICS_SERVER_H

#include <stdint.h>

#include "io/listen.h"

struct metrics;
struct why;
struct metrics_server;

#define METRICS_VISIT_MS 3000

/* A unix socket or a loopback address; any other is refused.  NULL on
 * failure. */
struct metrics_server *metrics_server_open(const struct metrics *metrics,
					   const struct listen_address *address,
					   const struct listen_access *access,
					   struct why *why);
/* Ends the thread and removes a unix socket.  NULL is allowed. */
void metrics_server_close(struct metrics_server *server);

/* The port it listens on; 0 for a unix socket. */
uint16_t metrics_server_port(const struct metrics_server *server);

#endif
