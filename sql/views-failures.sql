-- views-failures.sql - DMARC failures and their reports; see
-- docs/database.md.  Applied again by every signet-load --migrate.

set local role signet_owner;

create or replace view signet.v_dmarc_failure as
select f.at, f.policy_domain, f.from_domain, f.source_ip, f.dmarc_result,
       f.dkim_failed, f.spf_failed, f.dkim_domain, f.dkim_selector,
       f.dkim_result, f.spf_domain, f.spf_result, f.delivery_result,
       f.left_out, f.report, f.fo, f.ruf, f.header, f.message, f.host, f.id
from signet.dmarc_failure f;
comment on view signet.v_dmarc_failure is
	'DMARC failures whose domains want to hear of them, redacted.';
select signet.comment_view('signet.v_dmarc_failure', 'signet.dmarc_failure');

create or replace view signet.v_dmarc_failure_report as
select r.id, r.planned_at, r.policy_domain, r.from_domain, r.source_ip,
       r.incidents, r.state, r.reason, d.destinations, r.attempts, r.next_at,
       r.ended_at, r.host, r.failure, r.failure_at
from signet.dmarc_failure_report r
left join lateral (
	select string_agg(coalesce(t.address, t.uri) || ' ' || t.state
		|| coalesce(': ' || coalesce(t.reason, t.reply), ''), ', '
		order by t.id) as destinations
	from signet.dmarc_failure_destination t where t.report = r.id) d on true;
comment on view signet.v_dmarc_failure_report is
	'DMARC failure reports that we sent or want to send, and their fate.';
comment on column signet.v_dmarc_failure_report.destinations is
	'Each address with what became of it there.';
select signet.comment_view('signet.v_dmarc_failure_report',
			   'signet.dmarc_failure_report');

create or replace view signet.v_dmarc_failure_destination as
select d.report, d.address, d.state, d.reason, d.reply, d.consent, d.sent_at,
       d.attempts, d.next_at, d.uri, d.host, d.changed_at, d.id
from signet.dmarc_failure_destination d;
comment on view signet.v_dmarc_failure_destination is
	'Where each DMARC failure report went.';
select signet.comment_view('signet.v_dmarc_failure_destination',
			   'signet.dmarc_failure_destination');

reset role;
