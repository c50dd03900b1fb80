-- views-tls-reports.sql - the TLS reports that we send, for administrators.

set local role signet_owner;

create or replace view signet.v_tls_report_destination as
select d.id, o.report_id, o.policy_domain, o.about, o.begin_at, o.end_at,
       d.uri, d.address, d.host, d.state, d.reason, d.attempts, d.reply,
       d.next_at, d.sent_at, d.changed_at
from signet.tls_report_destination d
join signet.tls_report_out o on o.id = d.report;

comment on view signet.v_tls_report_destination is
	'Where each TLS report went, or why it did not: one row for each rua '
	'URI.';
select signet.comment_view('signet.v_tls_report_destination',
			   'signet.tls_report_destination');
select signet.comment_view('signet.v_tls_report_destination',
			   'signet.tls_report_out');
comment on column signet.v_tls_report_destination.id is
	'Number that the envelope sender carries.';
comment on column signet.v_tls_report_destination.host is
	'Domain of the address, or host of the URI.';
comment on column signet.v_tls_report_destination.state is
	'waiting, undecided, again, sent, given_up or skipped; see '
	'signet.tls_report_destination.';
comment on column signet.v_tls_report_destination.reason is
	'Why it is in that state.';
comment on column signet.v_tls_report_destination.attempts is
	'How often it was sent or tried.';
comment on column signet.v_tls_report_destination.next_at is
	'When it is tried next.';

create or replace view signet.v_tls_report_out as
select o.report_id, o.policy_domain, o.about, o.begin_at, o.end_at,
       case when o.claimed_until > now() then 'claimed' else o.state end
		as state,
       o.reason, d.destinations, coalesce(o.results, o.rows_seen) as results,
       o.what, o.records, o.left_out, o.gzip_bytes, o.file_name, o.attempts,
       o.host, o.planned_at, o.made_at, o.next_at, o.ended_at, o.submitter,
       o.json_bytes, o.gzip_sha256, o.id
from signet.tls_report_out o
left join lateral (
	select string_agg(concat(t.state, ' ', coalesce(t.address, t.uri),
			' (' || coalesce(t.reason, t.reply) || ')'), ', '
			order by t.id) as destinations
	from signet.tls_report_destination t where t.report = o.id) d on true;

comment on view signet.v_tls_report_out is
	'Every TLS report that we make, or did not because nothing failed, and '
	'what became of it.';
select signet.comment_view('signet.v_tls_report_out', 'signet.tls_report_out');
comment on column signet.v_tls_report_out.state is
	'due, claimed (a host works on it), ready, again, sent, given_up or '
	'nothing; see signet.tls_report_out.';
comment on column signet.v_tls_report_out.destinations is
	'Each destination with its state and the reason or reply.';
comment on column signet.v_tls_report_out.results is
	'Sessions in it; before it is made: results there are for it.';

create or replace view signet.v_tls_report_setting as
select s.domain, s.enabled, s.what, s.remark, s.changed_at, s.changed_by
from signet.tls_report_setting s;

comment on view signet.v_tls_report_setting is
	'Domains with settings of their own for TLS reports '
	'(signet.tls_report_set).';
select signet.comment_view('signet.v_tls_report_setting',
			   'signet.tls_report_setting');

reset role;
