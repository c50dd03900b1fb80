-- roles-reports.sql - who may do what with the reports that we send.  Applied
-- again by every signet-load --migrate, after roles.sql.

set local role signet_owner;

grant execute on function
	signet.dmarc_report_groups(date, text),
	signet.dmarc_report_plan(text, text, interval),
	signet.dmarc_report_preview(date, text, text, text),
	signet.dmarc_report_rows(text, timestamptz, timestamptz, jsonb),
	signet.dmarc_report_selectors(text),
	signet.dmarc_report_claim(text, interval, text, date),
	signet.dmarc_report_waiting(text, date),
	signet.dmarc_report_made(bigint, bigint, text, bigint, bigint, bigint,
				 bigint, text),
	signet.dmarc_report_gzip(bigint),
	signet.dmarc_report_destinations(bigint, bigint, text[], text[],
		text[], text[], text[], text[], text[]),
	signet.dmarc_report_next(bigint, bigint, interval, integer),
	signet.dmarc_report_result(bigint, text, text, interval),
	signet.dmarc_report_finish(bigint, bigint, text, text, interval),
	signet.dmarc_report_suppressed(text),
	signet.dmarc_report_expire(interval)
	to signet_report;

grant execute on function
	signet.dmarc_report_set(text, boolean, integer, text, text),
	signet.dmarc_report_unset(text),
	signet.dmarc_report_again(text),
	signet.dmarc_report_groups(date, text),
	signet.dmarc_report_rows(text, timestamptz, timestamptz, jsonb),
	signet.dmarc_report_waiting(text, date),
	signet.dmarc_report_suppressed(text),
	signet.status_reports()
	to signet_admin;

reset role;
