/* migrate.h - brings the schema of the database to what this program needs
 *
 * Runs DIRECTORY/schema/NNN-*.sql that the database does not have, in order,
 * then functions*.sql, insert-*.sql, views*.sql and roles.sql: all in one
 * transaction, under an advisory lock.  Done twice it changes nothing.
 */
#ifndef SQL_MIGRATE_H
#define SQL_MIGRATE_H

#include <stdbool.h>

struct pg;
struct why;

/* Tells what it did on standard output, one line each. */
bool migrate(struct pg *pg, const char *directory, struct why *why);

#endif
