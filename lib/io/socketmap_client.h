/* socketmap_client.h - questions to a socketmap server (socketmap_table(5))
 *
 * One connection, netstrings both ways.  What cannot be asked stays apart
 * from what is not there.
 */
#ifndef IO_SOCKETMAP_CLIENT_H
#define IO_SOCKETMAP_CLIENT_H

#include "base/deadline.h"
#include "base/text.h"

struct arena;
struct listen_address;
struct why;

enum socketmap_status {
	SOCKETMAP_NOT_ASKED = 0, /* nobody there, no answer in time, or one
				    that is none */
	SOCKETMAP_OK,
	SOCKETMAP_NOTFOUND,
	SOCKETMAP_TEMP, /* TEMP and TIMEOUT */
	SOCKETMAP_PERM
};

struct socketmap_client;

/* Ends with the arena.  NULL with the reason when nobody listens. */
struct socketmap_client *
socketmap_client_open(struct arena *arena, const struct listen_address *server,
		      struct deadline deadline, struct why *why);

/* `text` gets what follows the word of the reply, in the arena.  After
 * SOCKETMAP_NOT_ASKED, for which `why` is set, the connection is of no more
 * use. */
enum socketmap_status socketmap_ask(struct socketmap_client *client,
				    struct text map, struct text key,
				    struct deadline deadline, struct text *text,
				    struct why *why);

#endif
