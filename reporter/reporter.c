#include "reporter/reporter.h"

#include "io/clock.h"
#include "io/pg.h"
#include "io/resolver_unbound.h"
#include "reporter/kind.h"

#define CALL_MS 300000
#define PAUSE_MOST_MS 1000

static const char *
root_key(const struct config_common *common)
{
	if (common->root_key == NULL)
		return resolver_default_root_key();
	return strcmp(common->root_key, "none") == 0 ? NULL : common->root_key;
}

bool
reporter_open(struct reporter *reporter, struct why *why)
{
	const struct config_common *common = reporter->common;
	struct resolver_options dns = {.forward = common->forward.values,
				       .forward_count = common->forward.count,
				       .root_key = root_key(common),
				       .cache_entries = common->cache_entries};
	struct pg_options database = {.conninfo = common->conninfo,
				      .program = reporter->kind->program,
				      .call_ms = CALL_MS,
				      .pause_most_ms = PAUSE_MOST_MS};

	reporter->unbound = resolver_unbound_open(&dns, why);
	if (reporter->unbound == NULL)
		return false;
	reporter->resolver = resolver_unbound_resolver(reporter->unbound);
	reporter->pg = pg_open(&database);
	return true;
}

void
reporter_close(struct reporter *reporter)
{
	pg_close(reporter->pg);
	resolver_unbound_close(reporter->unbound);
}

struct deadline
reporter_dns_deadline(const struct reporter *reporter)
{
	return clock_deadline_in((int64_t)reporter->common->dns_timeout_s *
				 1000);
}

const char *
reporter_organization(const struct reporter *reporter)
{
	return reporter->reports->organization != NULL
		   ? reporter->reports->organization
		   : reporter->reports->domain;
}
