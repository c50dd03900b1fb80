/* run_part.h - another program of ours in place of this one */
#ifndef ADMIN_RUN_PART_H
#define ADMIN_RUN_PART_H

/* Runs `program`, which lies beside this one or where programs are installed,
 * with `argument` (if not NULL) and then argv[1] and what follows.  Returns an
 * exit status only if that is not possible. */
int run_part(const char *program, const char *argument, int argc, char **argv);

#endif
