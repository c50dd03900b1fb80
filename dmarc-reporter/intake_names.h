/* intake_names.h - the domains and hosts that reports are wanted for */
#ifndef DMARC_REPORTER_INTAKE_NAMES_H
#define DMARC_REPORTER_INTAKE_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/domain.h"

struct arena;
struct why;

/* Sorted by intake_names_sort; those of subdomains begin with a dot. */
struct intake_names {
	struct text *names;
	size_t count, room;
};

/* "example.com", or ".example.com" for all that lies below it. */
bool intake_names_add(struct arena *arena, struct intake_names *names,
		      struct text name, struct why *why);

/* One name a line; '#' begins a comment. */
bool intake_names_add_file(struct arena *arena, struct intake_names *names,
			   const char *path, struct why *why);

/* After the last one was added, before the first is asked for. */
void intake_names_sort(struct intake_names *names);

bool intake_names_has(const struct intake_names *names, struct domain domain);

#endif
