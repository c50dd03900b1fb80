-- roles-sts.sql - who may share MTA-STS policies.  Applied after roles.sql by
-- every signet-load --migrate.

set local role signet_owner;

grant execute on function
	signet.sts_policy_put(text, text[], text[], text[], text[], text[],
		text[], text[], text[]),
	signet.sts_policy_since(text, text, integer),
	signet.sts_policy_used(text[], text[]),
	signet.sts_policy_expire(interval)
	to signet_policy;

grant execute on function
	signet.sts_policy_forget(text)
	to signet_admin;

reset role;
