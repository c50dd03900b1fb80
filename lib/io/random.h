/* random.h - random bytes from the operating system */
#ifndef IO_RANDOM_H
#define IO_RANDOM_H

#include <stdbool.h>
#include <stddef.h>

/* False if the system has none. */
bool random_fill(void *to, size_t bytes);

#endif
