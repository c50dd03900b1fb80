-- roles-tls-reports.sql - who may do what with the TLS reports that we send.
-- Applied again by every signet-load --migrate, after roles.sql.

set local role signet_owner;

grant execute on function
	signet.tls_report_plan(text, text, interval, interval),
	signet.tls_report_preview(date, text, text, text),
	signet.tls_report_rows(text, text, timestamptz, timestamptz, text[]),
	signet.tls_report_affected(text, timestamptz, timestamptz),
	signet.tls_report_claim(text, interval, text, date),
	signet.tls_report_waiting(text, date),
	signet.tls_report_made(bigint, bigint, text, bigint, bigint, bigint,
			       bigint, text),
	signet.tls_report_gzip(bigint),
	signet.tls_report_destinations(bigint, bigint, text[], text[],
		text[], text[], text[], text[], text[]),
	signet.tls_report_next(bigint, bigint, interval, integer),
	signet.tls_report_result(bigint, text, text, interval),
	signet.tls_report_finish(bigint, bigint, text, text, interval),
	signet.tls_report_expire(interval)
	to signet_report;

grant execute on function
	signet.tls_report_set(text, boolean, text, text),
	signet.tls_report_unset(text),
	signet.tls_report_again(text),
	signet.tls_report_groups(date, text),
	signet.tls_report_waiting(text, date),
	signet.status_tls_reports()
	to signet_admin;

reset role;
