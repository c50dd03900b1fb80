/* link_host.h - the hosts that a text leads its reader to */
#ifndef JUDGE_LINK_HOST_H
#define JUDGE_LINK_HOST_H

#include <stdbool.h>

#include "base/text.h"

struct arena;
struct junk_set;

/* Of "https://user@WWW.Example.com:443/x": "example.com", in lower case
 * without "www.". False if it leads to no host, as "mailto:" and "cid:". */
bool link_host_read(struct arena *arena, struct text link, struct text *host);

/* The host and what it is below, up to two labels: "a.b.example.com" gives
 * that, "b.example.com" and "example.com". */
void link_host_add(struct junk_set *set, struct text prefix, struct text host);

/* All that stand in running text: "http://...", "https://...", "www....". */
void link_host_find(struct arena *arena, struct junk_set *set,
		    struct text prefix, struct text utf8);

#endif
