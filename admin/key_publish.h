/* key_publish.h - putting key records into the DNS, and out of it
 *
 * By dynamic update (RFC 2136) with nsupdate(1), which reads its commands
 * from standard input, or by a program of the administrator (signet.conf(5),
 * [keys] hook).  Done twice it changes nothing.
 */
#ifndef ADMIN_KEY_PUBLISH_H
#define ADMIN_KEY_PUBLISH_H

#include <stdbool.h>

#include "base/text.h"
#include "io/config_keys.h"

struct arena;
struct why;

/* What nsupdate reads to make `text` the only TXT record of `name`, or, if
 * `text` is NULL, to leave it without one. */
struct text key_publish_script(struct arena *arena,
			       const struct config_keys *settings,
			       struct text name, const struct text *text);

/* The same, done.  [keys] publish must not be `none`. */
bool key_publish(struct arena *arena, const struct config_keys *settings,
		 struct text name, const struct text *text, struct why *why);

#endif
