-- roles-dns.sql - who may keep what signet dns check found.  Applied again by
-- every signet-load --migrate, after roles.sql.

set local role signet_owner;

grant execute on function
	signet.store_dns_check(text, text, text[]),
	signet.set_own_addresses(text, text[])
	to signet_admin;

reset role;
