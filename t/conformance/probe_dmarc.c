/* probe_dmarc.c - "dmarc" and "dmarc_record" of the probe */
#include "base/arena.h"
#include "base/buf.h"
#include "base/limits.h"
#include "base/scan.h"
#include "mailauth/dmarc.h"
#include "t/conformance/probe.h"

static const struct deadline any_time = {INT64_MAX};

static struct domain
domain_of(struct probe *probe, struct text name)
{
	struct domain domain = {{NULL, 0}};

	if (name.len > 0 &&
	    !domain_parse(probe_arena(probe), name, &domain, NULL))
		probe_put_string(probe, "error", "a name is no domain");
	return domain;
}

/* The passing signatures, whose domains stand behind each other with ",". */
static void
read_dkim(struct probe *probe, struct dmarc_input *input)
{
	struct dkim_signature_result *results;
	struct scan in;

	results =
	    arena_new_array(probe_arena(probe), struct dkim_signature_result,
			    LIMIT_DKIM_SIGNATURES);
	input->dkim = results;
	scan_init(&in, probe_get(probe, "dkim_pass"));
	while (!scan_at_end(&in) && input->dkim_count < LIMIT_DKIM_SIGNATURES) {
		results[input->dkim_count].result = DKIM_PASS;
		results[input->dkim_count++].domain =
		    domain_of(probe, scan_until(&in, ','));
	}
}

static void
put_walk(struct probe *probe, const struct dmarc_discovery *discovery,
	 struct domain author)
{
	struct text name;
	struct buf buf;
	size_t i;

	buf_init(&buf, probe_arena(probe), 4096);
	for (i = 0; dmarc_discovery_step(discovery, author, i, &name); i++) {
		if (i > 0)
			buf_char(&buf, ',');
		buf_text(&buf, name);
	}
	probe_put(probe, "walk", buf_view(&buf));
}

/* dmarc: zone, from, spf_pass, dkim_pass.  Answer: result, published,
 * disposition, policy_domain, organizational, and walk: the names whose
 * answers discovery used. */
void
probe_dmarc(struct probe *probe)
{
	struct resolver *resolver = probe_resolver(probe);
	struct dmarc_input input = {0};
	struct dmarc_discovery *discovery;
	struct dmarc_verdict v;

	if (resolver == NULL)
		return;
	input.author = domain_of(probe, probe_get(probe, "from"));
	input.spf_domain = domain_of(probe, probe_get(probe, "spf_pass"));
	input.spf = domain_is_set(input.spf_domain) ? SPF_PASS : SPF_NONE;
	read_dkim(probe, &input);
	discovery = dmarc_discovery_new(probe_arena(probe), resolver,
					DMARC_TREEWALK, NULL);
	dmarc_evaluate(probe_arena(probe), discovery, resolver, &input,
		       any_time, &v);
	probe_put_string(probe, "result", dmarc_result_name(v.result));
	probe_put_string(probe, "published", dmarc_policy_name(v.published));
	probe_put_string(probe, "disposition",
			 dmarc_policy_name(v.disposition));
	probe_put(probe, "policy_domain", v.policy.policy_domain.name);
	probe_put(probe, "organizational", v.policy.organizational.name);
	put_walk(probe, discovery, input.author);
}

static void
put_uris(struct probe *probe, const char *name, const struct dmarc_uri *uri)
{
	struct buf buf;

	buf_init(&buf, probe_arena(probe), 4096);
	for (; uri != NULL; uri = uri->next) {
		buf_text(&buf, uri->uri);
		if (uri->next != NULL)
			buf_char(&buf, ',');
	}
	probe_put(probe, name, buf_view(&buf));
}

static const char *
psd_name(enum dmarc_psd psd)
{
	switch (psd) {
	case DMARC_PSD_UNKNOWN:
		return "u";
	case DMARC_PSD_YES:
		return "y";
	case DMARC_PSD_NO:
		return "n";
	}
	return "?";
}

/* dmarc_record: txt.  Answer: record (1 or 0), apply, and the tags. */
void
probe_dmarc_record(struct probe *probe)
{
	struct dmarc_record r;

	if (!dmarc_record_parse(probe_arena(probe), probe_get(probe, "txt"), &r,
				NULL)) {
		probe_put_int(probe, "record", 0);
		return;
	}
	probe_put_int(probe, "record", 1);
	probe_put_int(probe, "apply", r.applies);
	probe_put_string(probe, "p", dmarc_policy_name(r.p));
	probe_put_string(probe, "sp", dmarc_policy_name(r.sp));
	probe_put_string(probe, "np", dmarc_policy_name(r.np));
	probe_put_string(probe, "adkim", r.strict_dkim ? "s" : "r");
	probe_put_string(probe, "aspf", r.strict_spf ? "s" : "r");
	probe_put_string(probe, "psd", psd_name(r.psd));
	probe_put_string(probe, "t", r.testing ? "y" : "n");
	probe_put(probe, "fo", r.fo);
	put_uris(probe, "rua", r.rua);
	put_uris(probe, "ruf", r.ruf);
}
