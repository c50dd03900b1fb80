/* suppress.h - signet suppress: addresses that get no reports for a time */
#ifndef ADMIN_SUPPRESS_H
#define ADMIN_SUPPRESS_H

/* 0: done; 1: the address is not in the list; 2: wrong arguments, or the
 * database could not be asked. */
int suppress_main(int argc, char **argv);

#endif
