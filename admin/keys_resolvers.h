/* keys_resolvers.h - whom `signet keys` asks: the validating resolver of
 * [dns], and the further servers of [keys], each opened when first asked */
#ifndef ADMIN_KEYS_RESOLVERS_H
#define ADMIN_KEYS_RESOLVERS_H

#include "admin/key_check.h"
#include "io/config_common.h"

struct keys_resolvers;

/* Lies in the arena and borrows. */
struct keys_resolvers *keys_resolvers_new(struct arena *arena,
					  const struct config_common *common,
					  const struct config_strings *servers);
void keys_resolvers_close(struct keys_resolvers *resolvers);

/* Number 0 is the validating resolver, N the server N - 1 of the list. */
struct key_check keys_resolvers_ask(struct keys_resolvers *resolvers,
				    size_t number, struct domain domain,
				    struct text selector,
				    enum crypto_key_type type,
				    struct text public_bytes);

#endif
