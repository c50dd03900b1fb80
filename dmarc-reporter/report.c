#include "dmarc-reporter/report.h"

#include "io/pg.h"

/* of REPORT_COLUMNS */
enum column {
	POLICY_DOMAIN,
	BEGIN_S,
	END_S,
	POLICY,
	REPORT_ID,
	SUBMITTER,
	FORMAT,
	DISCOVERY_METHOD,
	P,
	SP,
	NP,
	ADKIM,
	ASPF,
	FO,
	TESTING
};

void
report_read(const struct pg_rows *rows, size_t row, int column,
	    struct report *report)
{
#define COLUMN(name) pg_rows_text(rows, row, column + name)
	/* the database holds what domain_parse made */
	report->policy_domain.name = COLUMN(POLICY_DOMAIN);
	report->begin = pg_rows_int(rows, row, column + BEGIN_S);
	report->end = pg_rows_int(rows, row, column + END_S);
	report->policy = COLUMN(POLICY);
	report->report_id = COLUMN(REPORT_ID);
	report->submitter = COLUMN(SUBMITTER);
	report->dialect = text_equal(COLUMN(FORMAT), TEXT("rfc7489"))
			      ? DMARC_REPORT_RFC7489
			      : DMARC_REPORT_RFC9990;
	report->published = (struct dmarc_report_policy){
	    .domain = report->policy_domain.name,
	    .discovery_method = COLUMN(DISCOVERY_METHOD),
	    .p = COLUMN(P),
	    .sp = COLUMN(SP),
	    .np = COLUMN(NP),
	    .adkim = COLUMN(ADKIM),
	    .aspf = COLUMN(ASPF),
	    .fo = COLUMN(FO),
	    .testing = COLUMN(TESTING)};
#undef COLUMN
}
