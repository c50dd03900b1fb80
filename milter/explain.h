/* explain.h - decide one case as the milter would, and say why
 *
 * `signet explain` and `signet-milter --explain` (signet(1)).
 */
#ifndef MILTER_EXPLAIN_H
#define MILTER_EXPLAIN_H

#include "milter/session.h"

/* Arguments from --explain on.  Exit status: 0 for any verdict, 2 for usage
 * or unreadable input. */
int explain_main(int argc, char **argv);

/* The story for people. */
void explain_print(const struct session *session);

#endif
