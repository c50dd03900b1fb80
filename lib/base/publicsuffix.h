/* publicsuffix.h - organizational domains by the Public Suffix List
 *
 * For RFC 7489 mode only.  The one file that includes libpsl.
 */
#ifndef BASE_PUBLICSUFFIX_H
#define BASE_PUBLICSUFFIX_H

#include <stdbool.h>

#include "base/domain.h"

struct public_suffix_list;

/* From a file, or the list built into libpsl if `path` is NULL.  NULL with a
 * reason if it cannot be read.  May be shared by threads. */
struct public_suffix_list *public_suffix_list_open(const char *path,
						   struct why *why);
void public_suffix_list_close(struct public_suffix_list *list);

/* The public suffix plus one label; the domain itself if it is a public
 * suffix.  Borrows from `domain`. */
struct domain
public_suffix_organizational(const struct public_suffix_list *list,
			     struct domain domain);
bool public_suffix_is(const struct public_suffix_list *list,
		      struct domain domain);

#endif
