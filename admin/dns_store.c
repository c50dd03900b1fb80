#include "admin/dns_store.h"

#include "base/arena.h"
#include "base/why.h"
#include "io/pg.h"

#define CALL_MS 10000

static bool
store_addresses(struct pg *pg, const struct dns_settings *settings,
		struct arena *arena, struct why *why)
{
	struct text *list =
	    arena_new_array(arena, struct text, settings->address_count);
	char written[IPADDR_STRING_BYTES];
	struct pg_param params[2];
	size_t i;

	if (!settings->addresses_are_told)
		return true;
	for (i = 0; i < settings->address_count; i++)
		list[i] = text_copy(
		    arena,
		    text_from(ipaddr_write(&settings->addresses[i], written)));
	params[0] = pg_string(settings->common.hostname);
	params[1] = pg_texts(arena, list, settings->address_count);
	return pg_call(pg, arena, "select signet.set_own_addresses($1, $2)",
		       params, 2, NULL, why) == PG_DONE;
}

static bool
store_findings(struct pg *pg, const struct dns_settings *settings,
	       const struct dns_findings *findings, struct arena *arena,
	       struct why *why)
{
	struct text *lines =
	    arena_new_array(arena, struct text, findings->count);
	const struct dns_finding *finding;
	struct pg_param params[3];
	size_t count = 0;

	for (finding = findings->first; finding != NULL;
	     finding = finding->next)
		lines[count++] = dns_finding_json(arena, finding);
	params[0] = pg_text(findings->domain.name);
	params[1] = pg_string(settings->common.hostname);
	params[2] = pg_texts(arena, lines, count);
	return pg_call(pg, arena, "select signet.store_dns_check($1, $2, $3)",
		       params, 3, NULL, why) == PG_DONE;
}

bool
dns_store(const struct dns_settings *settings,
	  const struct dns_findings *findings, struct why *why)
{
	struct pg_options options = {.conninfo = settings->common.conninfo,
				     .program = "signet-dns",
				     .call_ms = CALL_MS,
				     .pause_most_ms = 1000};
	struct arena *arena = arena_new();
	struct pg *pg = pg_open(&options);
	bool ok;

	ok = store_findings(pg, settings, findings, arena, why) &&
	     store_addresses(pg, settings, arena, why);
	pg_close(pg);
	arena_free(arena);
	return ok;
}
