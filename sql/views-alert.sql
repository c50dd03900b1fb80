-- views-alert.sql - what is alarming now.  Stable: columns are added at the
-- end, none is renamed or removed.  docs/examples/alerts.yml has the alerts
-- that need no database.

set local role signet_owner;

create or replace view signet.v_alert as
with session as (
	select r.id, r.recipient_domain, bool_or(not r.success) as failed,
	       max(r.at) as at
	from signet.tls_result r
	where r.at > now() - interval '24 hours' and r.success is not null
	group by r.id, r.recipient_domain
), failing as (
	select s.recipient_domain, count(*) as sessions,
	       count(*) filter (where s.failed) as failed,
	       min(s.at) filter (where s.failed) as since
	from session s
	group by s.recipient_domain
	having count(*) filter (where s.failed) >= 3
	and 10 * count(*) filter (where s.failed) > count(*)
), incoming as (
	select t.host, sum(t.handshakes) as handshakes,
	       sum(t.failed) as failed, min(t.at) as since
	from signet.tls_incoming t
	where t.at > now() - interval '1 hour 10 minutes'
	group by t.host
	having sum(t.handshakes) >= 20
	and 10 * sum(t.failed) > sum(t.handshakes)
), policy as (
	select count(*) as domains,
	       count(*) filter (where r.level = 'temp') as waiting,
	       min(r.level_at) filter (where r.level = 'temp') as since
	from signet.recipient_domain_tls r
	where r.level_at > now() - interval '1 hour'
), report as (
	select 'DMARC' as kind, d.host, d.state, d.changed_at
	from signet.dmarc_report_destination d
	where d.changed_at > now() - interval '24 hours'
	union all
	select 'TLS', t.host, t.state, t.changed_at
	from signet.tls_report_destination t
	where t.changed_at > now() - interval '24 hours'
), reports as (
	select r.kind, count(*) filter (where r.state = 'sent') as sent,
	       count(*) filter (where r.state in ('again', 'given_up'))
		as failing,
	       min(r.changed_at) filter (where r.state in ('again',
		'given_up')) as since
	from report r
	group by r.kind
), total as (
	select l.name as domain, nullif(l.bytes, 0) as bytes_limit,
	       nullif(l.messages, 0) as messages_limit,
	       sum(u.bytes)::bigint as bytes,
	       sum(u.messages)::bigint as messages, max(u.at) as at
	from signet.quota_limit l
	join signet.quota_usage u on u.domain = l.name and u.is_main
	where l.kind = 'total'
	group by 1, 2, 3
)
select 'critical' as severity, 'load_stopped' as alert, l.name as subject,
       l.last_load_at as since,
       extract(epoch from now() - l.last_load_at)::double precision as value,
       format('nothing was loaded from the spool of %s since %s', l.name,
		to_char(l.last_load_at at time zone 'UTC',
			'YYYY-MM-DD HH24:MI "UTC"')) as detail
from signet.loader l
where l.last_load_at < now() - interval '1 hour'
and l.last_load_at > now() - interval '30 days'
union all
select 'warning', 'load_late', l.name, l.last_event_at,
       extract(epoch from l.last_load_at - l.last_event_at)
		::double precision,
       format('what %s loads is old: its spool has a backlog', l.name)
from signet.loader l
where l.last_load_at > now() - interval '1 hour'
and l.last_event_at < l.last_load_at - interval '15 minutes'
union all
select 'critical', 'spool_dropped', l.name, l.first_load_at,
       (l.dropped_messages + l.dropped_evaluations)::double precision,
       format('%s rows were given up because the spool of %s reached '
		'spool_max', l.dropped_messages + l.dropped_evaluations,
		l.name)
from signet.loader l
where l.dropped_messages + l.dropped_evaluations > 0
union all
select 'warning', 'reports_failing', r.kind, r.since,
       r.failing::double precision,
       format('%s of %s %s reports of 24 hours could not be delivered',
		r.failing, r.failing + r.sent, r.kind)
from reports r
where r.failing >= 3 and 5 * r.failing > r.failing + r.sent
union all
select 'warning', 'tls_failures', f.recipient_domain, f.since,
       100.0 * f.failed / f.sessions,
       format('%s of %s TLS sessions of 24 hours with %s failed', f.failed,
		f.sessions, f.recipient_domain)
from failing f
union all
select 'warning', 'tls_policy_waits', p.waiting || ' domains', p.since,
       100.0 * p.waiting / p.domains,
       format('mail to %s domains waits since it cannot be found out how '
		'it is to be secured', p.waiting)
from policy p
where p.waiting >= 3 and 10 * p.waiting > p.domains
union all
select 'warning', 'tls_incoming_failures', i.host, i.since,
       (100.0 * i.failed / i.handshakes)::double precision,
       format('%s of %s TLS handshakes with %s in the last hour failed',
		i.failed, i.handshakes, i.host)
from incoming i
union all
select 'warning', 'quota_domain_full', q.domain, q.at,
       greatest(100.0 * q.bytes / q.bytes_limit,
		100.0 * q.messages / q.messages_limit)::double precision,
       format('the mailboxes of %s hold %s bytes and %s messages, which is '
		'as much as they may: mail to all of them is refused for now',
		q.domain, q.bytes, q.messages)
from total q
where q.bytes >= q.bytes_limit or q.messages >= q.messages_limit
union all
select 'warning', 'quota_drift', r.host, r.at,
       100.0 * r.mended / r.accounts,
       format('usage of %s of %s accounts on %s was wrong when it was last '
		'compared with Dovecot: does its plugin report?',
		r.mended, r.accounts, r.host)
from signet.quota_reconciled r
where r.mended >= 10 and 20 * r.mended > r.accounts
and r.at > now() - interval '3 days'
union all
select 'warning', 'quota_reconcile_late', r.host, r.at,
       extract(epoch from now() - r.at)::double precision,
       format('usage on %s was last compared with Dovecot at %s', r.host,
		to_char(r.at at time zone 'UTC', 'YYYY-MM-DD HH24:MI "UTC"'))
from signet.quota_reconciled r
where r.at <= now() - interval '3 days'
and r.at > now() - interval '60 days';

comment on view signet.v_alert is
	'One row for each thing that is alarming now; empty when all is well.';
comment on column signet.v_alert.severity is 'critical or warning.';
comment on column signet.v_alert.alert is
	'What it is: load_stopped, load_late, spool_dropped, reports_failing, '
	'tls_failures, tls_policy_waits, tls_incoming_failures, '
	'quota_domain_full, quota_drift, quota_reconcile_late.';
comment on column signet.v_alert.subject is
	'Host, domain or kind of report that it is about.';
comment on column signet.v_alert.since is 'Since when.';
comment on column signet.v_alert.value is
	'How much: seconds, a number, or of a hundred, as detail tells.';
comment on column signet.v_alert.detail is 'The same as a sentence.';

reset role;
