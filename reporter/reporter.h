/* reporter.h - what all parts of one run share */
#ifndef REPORTER_REPORTER_H
#define REPORTER_REPORTER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/deadline.h"
#include "io/config_common.h"
#include "io/config_keys.h"
#include "io/config_reports.h"

struct arena;
struct pg;
struct report_kind;
struct resolver;
struct resolver_unbound;
struct why;

struct reporter {
	const struct report_kind *kind;
	const struct config_common *common;
	const struct config_reports *reports;
	const struct config_keys *keys;
	uint64_t retain_s;    /* rows of reports that have ended */
	const void *settings; /* of the program */
	void *handle;	      /* of the program, for its kind's functions */
	struct pg *pg;
	struct resolver *resolver;
	struct resolver_unbound *unbound;
	bool (*stopped)(void); /* SIGTERM came */
};

/* Fills in the resolver, and a connection that is not made yet; the settings
 * and the kind are there. */
bool reporter_open(struct reporter *reporter, struct why *why);
void reporter_close(struct reporter *reporter);

/* The deadline for the DNS questions of one report. */
struct deadline reporter_dns_deadline(const struct reporter *reporter);

/* The organisation as reports name it. */
const char *reporter_organization(const struct reporter *reporter);

#endif
