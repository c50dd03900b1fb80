/* probe_spf.c - "spf" and "iprev" of the probe */
#include "base/arena.h"
#include "mailauth/iprev.h"
#include "mailauth/spf.h"
#include "t/conformance/probe.h"

static const struct deadline any_time = {INT64_MAX};

/* spf: zone, client, helo, sender, receiver, now */
void
probe_spf(struct probe *probe)
{
	struct resolver *resolver = probe_resolver(probe);
	struct spf_query query = {
	    .helo = probe_get(probe, "helo"),
	    .sender = probe_get(probe, "sender"),
	    .receiver = probe_get(probe, "receiver"),
	    .now_s = probe_get_int(probe, "now"),
	};
	struct spf_verdict verdict;

	if (resolver == NULL)
		return;
	if (!ipaddr_parse(probe_get(probe, "client"), &query.client)) {
		probe_put_string(probe, "error", "client is no address");
		return;
	}
	spf_finish(spf_begin(probe_arena(probe), resolver, &query), any_time,
		   &verdict);
	probe_put_string(probe, "result", spf_result_name(verdict.result));
	probe_put(probe, "domain", verdict.domain);
	probe_put(probe, "explanation", verdict.explanation);
	probe_put_string(probe, "reason", verdict.reason);
	probe_put_int(probe, "lookups", verdict.lookups);
	probe_put_int(probe, "void_lookups", verdict.void_lookups);
	probe_put_string(probe, "security",
			 dns_security_name(verdict.security));
}

/* iprev: zone, client */
void
probe_iprev(struct probe *probe)
{
	struct resolver *resolver = probe_resolver(probe);
	struct iprev_verdict verdict;
	struct ipaddr client;

	if (resolver == NULL)
		return;
	if (!ipaddr_parse(probe_get(probe, "client"), &client)) {
		probe_put_string(probe, "error", "client is no address");
		return;
	}
	iprev_finish(iprev_begin(probe_arena(probe), resolver, &client),
		     any_time, &verdict);
	probe_put_string(probe, "result", iprev_result_name(verdict.result));
	probe_put(probe, "name", verdict.name);
	probe_put_string(probe, "reason", verdict.reason);
}
