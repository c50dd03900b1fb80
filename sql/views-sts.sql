-- views-sts.sql - what administrators read about MTA-STS policies of others.
-- Stable: columns are added at the end, none is renamed or removed.

set local role signet_owner;

create or replace view signet.v_sts_policy as
select s.domain, s.mode, s.id, s.fetched_at, s.checked_at, s.expires_at,
       s.used_at, s.host, s.policy
from signet.sts_policy s
where s.policy is not null;

comment on view signet.v_sts_policy is
	'MTA-STS policies of other domains, as our hosts last saw them.';
select signet.comment_view('signet.v_sts_policy', 'signet.sts_policy');

reset role;
