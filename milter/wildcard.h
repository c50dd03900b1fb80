/* wildcard.h - patterns in which '*' stands for any bytes, none included */
#ifndef MILTER_WILDCARD_H
#define MILTER_WILDCARD_H

#include <stdbool.h>

#include "base/text.h"

/* The whole of `text`, ASCII letters without case.  Time is bounded by the
 * product of both lengths. */
bool wildcard_matches(struct text pattern, struct text text);

#endif
