#include "dmarc-reporter/rows.h"

#include "base/arena.h"
#include "base/limits.h"
#include "base/scan.h"
#include "io/pg.h"

/* as signet.dmarc_report_flat joins them */
#define BETWEEN_FIELDS '\x1f'
#define BETWEEN_OBJECTS '\x1e'
#define OBJECTS_MOST 1000

enum column {
	SOURCE_IP,
	EVALUATIONS,
	HEADER_FROM,
	ENVELOPE_FROM,
	ENVELOPE_TO,
	DISPOSITION,
	DKIM_ALIGNED,
	SPF_ALIGNED,
	OVERRIDES,
	SIGNATURES,
	SPF_RESULT,
	SPF_DOMAIN,
	SPF_SCOPE,
	SPF_REASON,
	ORGANIZATIONAL_DOMAIN,
	PUBLISHED
};

static size_t
count_objects(struct text flat)
{
	size_t count = flat.len > 0 ? 1 : 0, i;

	for (i = 0; i < flat.len; i++)
		count += flat.at[i] == BETWEEN_OBJECTS;
	return count < OBJECTS_MOST ? count : OBJECTS_MOST;
}

static void
read_reasons(struct arena *arena, struct text flat,
	     struct dmarc_report_record *record)
{
	size_t count = count_objects(flat), i;
	struct dmarc_report_reason *reasons =
	    arena_new_array(arena, struct dmarc_report_reason, count + 1);
	struct scan objects, fields;

	scan_init(&objects, flat);
	for (i = 0; i < count; i++) {
		scan_init(&fields, scan_until(&objects, BETWEEN_OBJECTS));
		reasons[i].type = scan_until(&fields, BETWEEN_FIELDS);
		reasons[i].comment = scan_until(&fields, BETWEEN_FIELDS);
	}
	record->reasons = reasons;
	record->reason_count = count;
}

static void
read_signatures(struct arena *arena, struct text flat,
		struct dmarc_report_record *record)
{
	size_t count = count_objects(flat), i;
	struct dmarc_report_dkim *signatures =
	    arena_new_array(arena, struct dmarc_report_dkim, count + 1);
	struct scan objects, fields;

	scan_init(&objects, flat);
	for (i = 0; i < count; i++) {
		scan_init(&fields, scan_until(&objects, BETWEEN_OBJECTS));
		signatures[i].domain = scan_until(&fields, BETWEEN_FIELDS);
		signatures[i].selector = scan_until(&fields, BETWEEN_FIELDS);
		signatures[i].result = scan_until(&fields, BETWEEN_FIELDS);
		signatures[i].human_result =
		    scan_until(&fields, BETWEEN_FIELDS);
	}
	record->signatures = signatures;
	record->signature_count = count;
}

static void
read_spf(struct arena *arena, const struct pg_rows *rows,
	 struct dmarc_report_record *record)
{
	struct dmarc_report_spf *spf;

	if (pg_rows_is_null(rows, 0, SPF_RESULT))
		return;
	spf = arena_new_value(arena, struct dmarc_report_spf);
	spf->result = pg_rows_text(rows, 0, SPF_RESULT);
	spf->domain = pg_rows_text(rows, 0, SPF_DOMAIN);
	spf->scope = pg_rows_text(rows, 0, SPF_SCOPE);
	spf->human_result = pg_rows_text(rows, 0, SPF_REASON);
	record->spf_results = spf;
	record->spf_result_count = 1;
}

static struct text
pass_or_fail(const struct pg_rows *rows, int column)
{
	return text_equal(pg_rows_text(rows, 0, column), TEXT("t"))
		   ? TEXT("pass")
		   : TEXT("fail");
}

void
rows_record(struct arena *arena, const struct pg_rows *rows,
	    struct dmarc_report_record *record)
{
	*record = (struct dmarc_report_record){0};
	ipaddr_parse(pg_rows_text(rows, 0, SOURCE_IP), &record->source_ip);
	record->count = (uint64_t)pg_rows_int(rows, 0, EVALUATIONS);
	record->header_from = pg_rows_text(rows, 0, HEADER_FROM);
	record->envelope_from = pg_rows_text(rows, 0, ENVELOPE_FROM);
	record->has_envelope_from = !pg_rows_is_null(rows, 0, ENVELOPE_FROM);
	record->envelope_to = pg_rows_text(rows, 0, ENVELOPE_TO);
	record->disposition = pg_rows_text(rows, 0, DISPOSITION);
	record->dkim = pass_or_fail(rows, DKIM_ALIGNED);
	record->spf = pass_or_fail(rows, SPF_ALIGNED);
	record->organizational_domain =
	    pg_rows_text(rows, 0, ORGANIZATIONAL_DOMAIN);
	record->published = pg_rows_text(rows, 0, PUBLISHED);
	read_reasons(arena, pg_rows_text(rows, 0, OVERRIDES), record);
	read_signatures(arena, pg_rows_text(rows, 0, SIGNATURES), record);
	read_spf(arena, rows, record);
}
