/* in_work.h - what a program was at work on when it died
 *
 * Before a thread touches a piece of foreign bytes it tells its digest and a
 * few words here; SPOOL/work/PROGRAM holds them, mapped, so they outlive the
 * process.  A piece that a thread crashed on (SIGSEGV, SIGBUS, SIGFPE,
 * SIGILL, its own abort) is passed over from the next start on; those beside
 * it, and what was in work at an end from outside (kill -9, out of memory),
 * have done nothing.  After five days, or with another build of the program, it
 * is tried again.
 *
 * Costs no system call, lock or memory for a piece, and four system calls for
 * a thread, whose first piece takes a slot and a stack for signals.  NULL is
 * allowed everywhere: nothing is told then, and nothing passed over.
 */
#ifndef IO_IN_WORK_H
#define IO_IN_WORK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

struct in_work;
struct why;

#define IN_WORK_LABEL_BYTES 104

/* What a piece is and whose, for people: one line, whatever `whose` holds. */
struct in_work_label {
	char text[IN_WORK_LABEL_BYTES];
};

void in_work_label(struct in_work_label *label, const char *what,
		   struct text whose);

/* Makes SPOOL/work if it is missing, reads what the last process that was
 * called so left, logs a line for each piece that it died of, and makes the
 * signals of a crash point at the piece.  `part` is a listener or NULL.
 * Several processes of one name have a file each.  One for a process.  NULL
 * with the reason if there is no such file to be had. */
struct in_work *in_work_open(const char *spool_directory, const char *program,
			     const char *part, struct why *why);
/* The same for a program that stays: a warning in the log in place of the
 * reason. */
struct in_work *in_work_start(const char *spool_directory, const char *program,
			      const char *part);
/* Nothing is in work any more. */
void in_work_close(struct in_work *work);

/* Digest of `bytes` behind those that `before` is the digest of (0: none).
 * Of long bytes it takes the length and both ends. */
uint64_t in_work_digest(const struct in_work *work, uint64_t before,
			struct text bytes);

/* The calling thread begins with the piece of that digest.  False: the
 * program died of it, and it is not to be touched; a line in the log has said
 * so.  One piece a thread. */
bool in_work_begin(struct in_work *work, uint64_t digest,
		   const struct in_work_label *label);
/* It is done with it, and lives. */
void in_work_end(struct in_work *work);

/* Both for the one that is open, if any, with a piece that is known by its
 * bytes; in_work_done ends it. */
bool in_work_try(const char *what, struct text whose, struct text bytes);
void in_work_done(void);

#endif
