/* reporter.h - what all parts of one run share */
#ifndef DMARC_REPORTER_REPORTER_H
#define DMARC_REPORTER_REPORTER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/deadline.h"
#include "dmarc-reporter/report_settings.h"

struct arena;
struct pg;
struct pg_rows;
struct resolver;
struct resolver_unbound;
struct why;

struct reporter {
	const struct report_settings *settings;
	struct pg *pg;
	struct resolver *resolver;
	struct resolver_unbound *unbound;
	bool (*stopped)(void); /* SIGTERM came */
};

/* The resolver, and a connection that is not made yet. */
bool reporter_open(struct arena *arena, const struct report_settings *settings,
		   struct reporter *reporter, struct why *why);
void reporter_close(struct reporter *reporter);

/* The deadline for the DNS questions of one report. */
struct deadline reporter_dns_deadline(const struct reporter *reporter);

#endif
