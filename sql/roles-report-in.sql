-- roles-report-in.sql - who may do what with the reports of others.  Applied
-- again by every signet-load --migrate, after roles.sql.

set local role signet_owner;

-- the view v_report_in_ours calls it for its reader
grant execute on function
	signet.report_in_ours(date, date)
	to signet_admin;

reset role;
