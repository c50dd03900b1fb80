-- views-quota.sql - how full mailboxes and domains are; see docs/database.md.
-- Applied again by every signet-load --migrate.

set local role signet_owner;

create or replace view signet.v_quota as
select u.account, u.domain, u.bytes,
       coalesce(own.bytes, each.bytes, usual.bytes, u.bytes_limit)
		as bytes_limit,
       u.messages,
       coalesce(own.messages, each.messages, usual.messages,
		u.messages_limit) as messages_limit,
       coalesce(u.bytes >= nullif(coalesce(own.bytes, each.bytes,
			usual.bytes, u.bytes_limit), 0), false)
		or coalesce(u.messages >= nullif(coalesce(own.messages,
			each.messages, usual.messages, u.messages_limit), 0),
			false) as is_over,
       round(100.0 * u.bytes / nullif(coalesce(own.bytes, each.bytes,
		usual.bytes, u.bytes_limit), 0), 1) as percent,
       coalesce(c.bytes, 0) as coming_bytes, u.at,
       u.bytes_limit as dovecot_bytes_limit,
       u.messages_limit as dovecot_messages_limit, u.root, u.host, u.source
from signet.quota_usage u
left join signet.quota_limit own
	on own.kind = 'account' and own.name = u.account
left join signet.quota_limit each
	on each.kind = 'each' and each.name = u.domain
left join signet.quota_limit usual on usual.kind = 'default'
left join (select r.account, sum(r.bytes)::bigint as bytes
	   from signet.quota_reservation r
	   where r.until > now()
	   group by r.account) as c on c.account = u.account
where u.is_main;
comment on view signet.v_quota is
	'One row for each account: how full, and how full it may be.';
select signet.comment_view('signet.v_quota', 'signet.quota_usage');
comment on column signet.v_quota.bytes_limit is
	'Limit that counts at RCPT: what is said here, else that of Dovecot; '
	'0: none.';
comment on column signet.v_quota.messages_limit is
	'The same for the number of messages.';
comment on column signet.v_quota.is_over is
	'True: mail for it is refused for now.';
comment on column signet.v_quota.percent is
	'Bytes of a hundred of the limit; null: there is none.';
comment on column signet.v_quota.coming_bytes is
	'Bytes that were accepted and no report of usage shows yet: an '
	'estimate.';
comment on column signet.v_quota.dovecot_bytes_limit is
	'Limit that Dovecot has; 0: none. Another one than bytes_limit if its '
	'userdb does not read the limits here.';
comment on column signet.v_quota.dovecot_messages_limit is
	'The same for the number of messages.';

create or replace view signet.v_quota_over as
select v.account, v.domain, v.bytes, v.bytes_limit, v.messages,
       v.messages_limit, v.percent, v.at
from signet.v_quota v
where v.is_over;
comment on view signet.v_quota_over is 'Accounts that are over their limit.';
select signet.comment_view('signet.v_quota_over', 'signet.v_quota');

create or replace view signet.v_quota_root as
select u.account, u.root, u.is_main, u.domain, u.bytes, u.bytes_limit,
       u.messages, u.messages_limit, u.at, u.host, u.source
from signet.quota_usage u;
comment on view signet.v_quota_root is
	'One row for each quota root of each account, as Dovecot told it.';
select signet.comment_view('signet.v_quota_root', 'signet.quota_usage');

create or replace view signet.v_quota_domain as
select coalesce(u.domain, t.name) as domain, coalesce(u.accounts, 0)
		as accounts,
       coalesce(u.bytes, 0) as bytes, coalesce(t.bytes, 0) as bytes_limit,
       coalesce(u.messages, 0) as messages,
       coalesce(t.messages, 0) as messages_limit,
       coalesce(u.bytes >= nullif(t.bytes, 0), false)
		or coalesce(u.messages >= nullif(t.messages, 0), false)
		as is_over,
       round(100.0 * coalesce(u.bytes, 0) / nullif(t.bytes, 0), 1)
		as percent,
       coalesce(c.bytes, 0) as coming_bytes, u.at
from (select q.domain, count(*) as accounts, sum(q.bytes)::bigint as bytes,
	     sum(q.messages)::bigint as messages, max(q.at) as at
      from signet.quota_usage q
      where q.is_main
      group by q.domain) as u
full join (select l.name, l.bytes, l.messages
	   from signet.quota_limit l
	   where l.kind = 'total') as t on t.name = u.domain
left join (select r.domain, sum(r.bytes)::bigint as bytes
	   from signet.quota_reservation r
	   where r.until > now()
	   group by r.domain) as c on c.domain = u.domain;
comment on view signet.v_quota_domain is
	'One row for each domain: what all its accounts hold together.';
comment on column signet.v_quota_domain.domain is
	'Domain; empty: accounts without one.';
comment on column signet.v_quota_domain.accounts is 'How many it has.';
comment on column signet.v_quota_domain.bytes is 'Bytes of all of them.';
comment on column signet.v_quota_domain.bytes_limit is
	'Limit of the total; 0: none.';
comment on column signet.v_quota_domain.messages is 'Messages of all of them.';
comment on column signet.v_quota_domain.messages_limit is
	'Limit of the total; 0: none.';
comment on column signet.v_quota_domain.is_over is
	'True: mail for all its accounts is refused for now.';
comment on column signet.v_quota_domain.percent is
	'Bytes of a hundred of the limit; null: there is none.';
comment on column signet.v_quota_domain.coming_bytes is
	'Bytes that were accepted and no report of usage shows yet: an '
	'estimate.';
comment on column signet.v_quota_domain.at is
	'When the newest of them was told.';

create or replace view signet.v_quota_limit as
select l.kind, l.name, l.bytes, l.messages, l.changed_at, l.changed_by
from signet.quota_limit l;
comment on view signet.v_quota_limit is
	'Limits of accounts, of each account of a domain, of totals, and the '
	'default.';
select signet.comment_view('signet.v_quota_limit', 'signet.quota_limit');

create or replace view signet.v_quota_reservation as
select r.account, r.bytes, r.accepted, r.at, r.until, r.message, r.domain
from signet.quota_reservation r
where r.until > now();
comment on view signet.v_quota_reservation is
	'Messages on their way to accounts that have a limit.';
select signet.comment_view('signet.v_quota_reservation',
	'signet.quota_reservation');

create or replace view signet.v_quota_reconciled as
select r.host, r.at, r.accounts, r.mended, r.removed
from signet.quota_reconciled r;
comment on view signet.v_quota_reconciled is
	'The last run of signet quota reconcile on each host.';
select signet.comment_view('signet.v_quota_reconciled',
	'signet.quota_reconciled');

create or replace view signet.v_quota_setting as
select s.recipient_delimiter, s.local_domains, s.alias_function, s.root,
       s.grace_bytes, s.hold, s.pending
from signet.quota_setting s;
comment on view signet.v_quota_setting is
	'How addresses become accounts, and how long bytes on their way '
	'count.';
select signet.comment_view('signet.v_quota_setting', 'signet.quota_setting');

create or replace view signet.v_alias as
select a.address, a.member, a.added_at, a.added_by
from signet.alias a;
comment on view signet.v_alias is
	'Addresses that are delivered to others.';
select signet.comment_view('signet.v_alias', 'signet.alias');

reset role;
