/* intake_print.h - signet-report-intake --read: what a report says */
#ifndef DMARC_REPORTER_INTAKE_PRINT_H
#define DMARC_REPORTER_INTAKE_PRINT_H

#include <stdbool.h>

struct why;

/* Prints the report in the file ("-": standard input) for people, or as one
 * JSON object.  False with the reason if there is none, or it cannot be
 * read. */
bool intake_print(const char *path, bool as_json, struct why *why);

#endif
