/* command.h - the command line of a program that sends reports */
#ifndef REPORTER_COMMAND_H
#define REPORTER_COMMAND_H

#include <stdbool.h>

struct arena;

enum command_mode {
	COMMAND_SEND,
	COMMAND_DRY_RUN,
	COMMAND_EXPLAIN,
	COMMAND_PRINT /* -n */
};

struct command {
	enum command_mode mode;
	const char *config, *database;
	const char *domain; /* A-labels; NULL: all */
	const char *day;    /* "2026-11-21"; NULL: all */
	bool hurry;
};

/* Handles what is answered without a configuration and what is wrong: then
 * the exit status of sysexits(3) is returned.  -1: *command says what to do,
 * the log is open, and command_stopped() tells when a signal came. */
int command_read(struct arena *arena, const char *program, int argc,
		 char **argv, struct command *command);

bool command_stopped(void);

#endif
