/* probe_report.c - "report_read" and "report_write" of the probe */
#include <inttypes.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/why.h"
#include "mailauth/dmarc_report_read.h"
#include "t/conformance/probe.h"

#define XML_BYTES (1u << 20)

static void
put_part(struct probe *probe, uint64_t number, const char *name,
	 struct text value)
{
	probe_put(
	    probe,
	    arena_printf(probe_arena(probe), "%" PRIu64 ".%s", number, name),
	    value);
}

/* "domain/selector/result/human_result", one a line */
static void
put_results(struct probe *probe, uint64_t number,
	    const struct dmarc_report_record *record)
{
	struct buf dkim, spf, reasons;
	size_t i;

	buf_init(&dkim, probe_arena(probe), XML_BYTES);
	buf_init(&spf, probe_arena(probe), XML_BYTES);
	buf_init(&reasons, probe_arena(probe), XML_BYTES);
	for (i = 0; i < record->signature_count; i++)
		buf_printf(&dkim,
			   TEXT_FMT "/" TEXT_FMT "/" TEXT_FMT "/" TEXT_FMT "\n",
			   TEXT_ARG(record->signatures[i].domain),
			   TEXT_ARG(record->signatures[i].selector),
			   TEXT_ARG(record->signatures[i].result),
			   TEXT_ARG(record->signatures[i].human_result));
	for (i = 0; i < record->spf_result_count; i++)
		buf_printf(&spf, TEXT_FMT "/" TEXT_FMT "/" TEXT_FMT "\n",
			   TEXT_ARG(record->spf_results[i].domain),
			   TEXT_ARG(record->spf_results[i].scope),
			   TEXT_ARG(record->spf_results[i].result));
	for (i = 0; i < record->reason_count; i++)
		buf_printf(&reasons, TEXT_FMT "/" TEXT_FMT "\n",
			   TEXT_ARG(record->reasons[i].type),
			   TEXT_ARG(record->reasons[i].comment));
	put_part(probe, number, "dkim", buf_view(&dkim));
	put_part(probe, number, "spf", buf_view(&spf));
	put_part(probe, number, "reasons", buf_view(&reasons));
}

struct told {
	struct probe *probe;
	uint64_t records;
};

static bool
put_record(void *handle, const struct dmarc_report_record *record,
	   struct why *why)
{
	struct told *told = handle;
	struct probe *probe = told->probe;
	uint64_t number = ++told->records;
	char address[IPADDR_STRING_BYTES];

	put_part(probe, number, "source_ip",
		 text_from(ipaddr_write(&record->source_ip, address)));
	put_part(probe, number, "count",
		 text_from(arena_printf(probe_arena(probe), "%" PRIu64,
					record->count)));
	put_part(probe, number, "disposition", record->disposition);
	put_part(probe, number, "aligned_dkim", record->dkim);
	put_part(probe, number, "aligned_spf", record->spf);
	put_part(probe, number, "header_from", record->header_from);
	put_part(probe, number, "envelope_from", record->envelope_from);
	put_part(probe, number, "envelope_to", record->envelope_to);
	put_results(probe, number, record);
	return true;
}

static void
put_defects(struct probe *probe, const struct dmarc_report_head *head)
{
	const struct dmarc_report_defect *at;
	struct buf buf;

	buf_init(&buf, probe_arena(probe), XML_BYTES);
	for (at = head->defects; at != NULL; at = at->next)
		buf_printf(&buf, TEXT_FMT "\n", TEXT_ARG(at->text));
	probe_put(probe, "defects", buf_view(&buf));
}

static void
put_head(struct probe *probe, const struct dmarc_report_head *head)
{
	const struct dmarc_report_metadata *metadata = &head->metadata;
	const struct dmarc_report_policy *policy = &head->policy;

	probe_put(probe, "org_name", metadata->org_name);
	probe_put(probe, "email", metadata->email);
	probe_put(probe, "extra_contact_info", metadata->extra_contact_info);
	probe_put(probe, "report_id", metadata->report_id);
	probe_put_int(probe, "begin", metadata->begin);
	probe_put_int(probe, "end", metadata->end);
	probe_put(probe, "error_text", metadata->error);
	probe_put(probe, "domain", policy->domain);
	probe_put(probe, "discovery_method", policy->discovery_method);
	probe_put(probe, "p", policy->p);
	probe_put(probe, "sp", policy->sp);
	probe_put(probe, "np", policy->np);
	probe_put(probe, "adkim", policy->adkim);
	probe_put(probe, "aspf", policy->aspf);
	probe_put(probe, "fo", policy->fo);
	probe_put(probe, "pct", policy->pct);
	probe_put(probe, "testing", policy->testing);
	probe_put_int(probe, "records", (int64_t)head->totals.records);
	probe_put_int(probe, "messages", (int64_t)head->totals.messages);
}

void
probe_report_read(struct probe *probe)
{
	const struct dmarc_report_head *head;
	struct told told = {probe, 0};
	struct why why;

	if (!dmarc_report_read(probe_arena(probe), probe_get(probe, "xml"),
			       put_record, &told, &head, &why)) {
		probe_put_string(probe, "refused", why.text);
		return;
	}
	put_head(probe, head);
	put_defects(probe, head);
}

static bool
write_record(void *handle, const struct dmarc_report_record *record,
	     struct why *why)
{
	return dmarc_report_add(handle, record, why);
}

void
probe_report_write(struct probe *probe)
{
	struct arena *arena = probe_arena(probe);
	struct text xml = probe_get(probe, "xml");
	enum dmarc_report_dialect dialect = DMARC_REPORT_RFC9990;
	const struct dmarc_report_head *head;
	struct dmarc_report_totals totals;
	struct dmarc_report *report;
	struct buf buf;
	struct why why;

	if (text_equal(probe_get(probe, "dialect"), TEXT("rfc7489")))
		dialect = DMARC_REPORT_RFC7489;
	buf_init(&buf, arena, XML_BYTES);
	if (!dmarc_report_read(arena, xml, NULL, NULL, &head, &why) ||
	    (report = dmarc_report_begin(arena, dialect, &head->metadata,
					 &head->policy, sink_to_buf(&buf),
					 &why)) == NULL ||
	    !dmarc_report_read(arena, xml, write_record, report, &head, &why) ||
	    !dmarc_report_end(report, &totals, &why))
		probe_put_string(probe, "refused", why.text);
	else
		probe_put(probe, "xml", buf_view(&buf));
}
