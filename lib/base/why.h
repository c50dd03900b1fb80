/* why.h - why something failed, as one sentence for a person */
#ifndef BASE_WHY_H
#define BASE_WHY_H

#include <stdbool.h>

#define WHY_BYTES 512

struct why {
	char text[WHY_BYTES];
};

/* Records the sentence (cut at WHY_BYTES) and returns false, so that failing
 * is one line.  `why` may be NULL: then nobody wants to know. */
bool why_set(struct why *why, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Puts "prefix: " before what is there; returns false. */
bool why_prefix(struct why *why, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
