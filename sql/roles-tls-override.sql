-- roles-tls-override.sql - who may make exceptions, and who may read them.
-- Applied after roles.sql by every signet-load --migrate.

set local role signet_owner;

grant execute on function
	signet.tls_overrides()
	to signet_policy, signet_admin;

grant execute on function
	signet.tls_override_set(text, text, text, text, timestamptz),
	signet.tls_override_remove(text),
	signet.tls_override_list(boolean),
	signet.tls_page_days(text, integer),
	signet.tls_page_reports_in(text, integer),
	signet.tls_page_reports_out(text, integer),
	signet.tls_page_sessions(text, integer)
	to signet_admin;

reset role;
