/* banned.h - functions that this project does not use
 *
 * Included before every source file by the build (AM_CPPFLAGS).  Each has a
 * replacement that knows its bounds: text_*, buf_*, scan_*, snprintf.
 */
#ifndef BASE_BANNED_H
#define BASE_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <alloca.h>

#undef alloca
#undef strcpy
#undef strcat
#undef sprintf
#undef vsprintf
#undef strtok

#pragma GCC poison strcpy strcat sprintf vsprintf gets strtok atoi alloca
#pragma GCC poison popen system

#endif
