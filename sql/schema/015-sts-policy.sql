-- 015-sts-policy.sql - MTA-STS policies of other domains, for all our hosts.

set local role signet_owner;

create table signet.sts_policy (
	domain     text primary key,
	id         text not null,
	policy     text,
	mode       text,
	fetched_at timestamptz not null,
	checked_at timestamptz not null,
	expires_at timestamptz not null,
	used_at    timestamptz not null,
	host       text not null,
	changed_at timestamptz not null,
	check ((policy is null) = (mode is null))
) with (fillfactor = 80);
create index sts_policy_changed_at on signet.sts_policy (changed_at, domain);

comment on table signet.sts_policy is
	'MTA-STS policies of other domains (RFC 8461) that our hosts fetched. '
	'Each host has a copy of its own and checks what it takes from here. '
	'Read it through signet.v_sts_policy.';
comment on column signet.sts_policy.domain is 'Domain of the policy.';
comment on column signet.sts_policy.id is
	'Id of the record that stood in the DNS when it was fetched; empty '
	'when there was none any more.';
comment on column signet.sts_policy.policy is
	'The file as it was served; null: an administrator had it forgotten.';
comment on column signet.sts_policy.mode is
	'enforce, testing or none; null: forgotten.';
comment on column signet.sts_policy.fetched_at is 'When it was fetched.';
comment on column signet.sts_policy.checked_at is
	'When its record was last seen to name the same id, or it was fetched.';
comment on column signet.sts_policy.expires_at is
	'When it counts no more, unless it is checked before.';
comment on column signet.sts_policy.used_at is
	'When a host last asked for it; a day may pass before this is told.';
comment on column signet.sts_policy.host is 'Host that fetched or checked it.';
comment on column signet.sts_policy.changed_at is
	'When this row changed: hosts ask for what is new.';
comment on index signet.sts_policy_changed_at is
	'Finds what changed since a host last asked.';

reset role;
