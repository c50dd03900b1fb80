-- roles-tls.sql - who may ask about the TLS of recipient domains.  Applied
-- after roles.sql by every signet-load --migrate.

set local role signet_owner;

grant execute on function
	signet.rcpt_security(text),
	signet.status_tls()
	to signet_admin;

reset role;
