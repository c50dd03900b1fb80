/* dovecot_module.h - for which Dovecot a module was built
 *
 * Each module carries the word that Dovecot compares before it takes it, such
 * as 2.3.ABIv19.
 */
#ifndef ADMIN_DOVECOT_MODULE_H
#define ADMIN_DOVECOT_MODULE_H

#include "base/text.h"

struct arena;

/* Empty if there is no such file, or no word in it. */
struct text dovecot_module_abi(struct arena *arena, const char *path);

#endif
