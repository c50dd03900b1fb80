-- views-reports.sql - the reports that we send, for administrators.

set local role signet_owner;

create or replace view signet.v_report_destination as
select d.id, o.report_id, o.policy_domain, o.begin_at, o.end_at, d.uri,
       d.address, d.host, d.state, d.reason, d.consent, d.instead_of,
       d.attempts, d.reply, d.next_at, d.sent_at, d.changed_at
from signet.dmarc_report_destination d
join signet.dmarc_report_out o on o.id = d.report;

comment on view signet.v_report_destination is
	'Where each report went, or why it did not: one row for each URI that '
	'the domain or the host of a URI publishes.';
select signet.comment_view('signet.v_report_destination',
			   'signet.dmarc_report_destination');
select signet.comment_view('signet.v_report_destination',
			   'signet.dmarc_report_out');
comment on column signet.v_report_destination.id is
	'Number that the envelope sender carries.';
comment on column signet.v_report_destination.state is
	'waiting, undecided, again, sent, given_up or skipped; see '
	'signet.dmarc_report_destination.';
comment on column signet.v_report_destination.reason is
	'Why it is in that state.';
comment on column signet.v_report_destination.attempts is
	'How often it was sent or tried.';
comment on column signet.v_report_destination.next_at is
	'When it is tried next.';

create or replace view signet.v_report_out as
select o.report_id, o.policy_domain, o.begin_at, o.end_at,
       case when o.claimed_until > now() then 'claimed' else o.state end
		as state,
       o.reason, d.destinations,
       coalesce(o.evaluations, o.rows_seen) as evaluations,
       greatest(o.rows_seen - o.evaluations - o.left_out, 0) as late,
       o.left_out, o.records, o.gzip_bytes, o.file_name, o.format, o.policy,
       o.attempts, o.host, o.planned_at, o.made_at, o.next_at, o.ended_at,
       o.submitter, o.xml_bytes, o.gzip_sha256, o.id
from signet.dmarc_report_out o
left join lateral (
	select string_agg(concat(t.state, ' ', coalesce(t.address, t.uri),
			' (' || coalesce(t.reason, t.reply) || ')'), ', '
			order by t.id) as destinations
	from signet.dmarc_report_destination t where t.report = o.id) d on true;

comment on view signet.v_report_out is
	'Every DMARC report that we make, and what became of it.';
select signet.comment_view('signet.v_report_out', 'signet.dmarc_report_out');
comment on column signet.v_report_out.state is
	'due, claimed (a host works on it), ready, again, sent, given_up or '
	'nothing; see signet.dmarc_report_out.';
comment on column signet.v_report_out.destinations is
	'Each destination with its state and the reason or reply.';
comment on column signet.v_report_out.evaluations is
	'Evaluations in it; before it is made: that there are for it.';
comment on column signet.v_report_out.late is
	'Evaluations that came when it had been made.';

create or replace view signet.v_report_day as
select e.day, e.evaluations, e.domains,
       coalesce(o.sent, 0) as sent,
       coalesce(o.open, 0) as open,
       coalesce(o.given_up, 0) as given_up,
       coalesce(o.nothing, 0) as nothing,
       coalesce(o.late, 0) as late,
       r.planned_at,
       case
       when e.domains = 0 then null
       when r.planned_at is null then 'no report was made of this day: does '
		'signet-dmarc-report run?'
       when coalesce(o.sent, 0) = 0 and coalesce(o.open, 0) > 0 then
		'reports of this day wait, and none has gone out'
       when coalesce(o.sent, 0) = 0 and coalesce(o.given_up, 0) > 0 then
		'reports of this day were refused, and none has gone out'
       end as alert
from (
	select d.day, v.evaluations, v.domains
	from signet.partition_days('signet.dmarc_evaluation') d (day)
	cross join lateral (
		select count(*) as evaluations,
		       count(distinct v.policy_domain)
			filter (where not v.optional) as domains
		from signet.dmarc_evaluation v
		where v.at >= d.day::timestamp at time zone 'UTC'
		and v.at < (d.day + 1)::timestamp at time zone 'UTC'
		having count(*) > 0) v
	where d.day < (now() at time zone 'UTC')::date) e
left join signet.dmarc_report_period r on r.day = e.day
left join (
	select (t.begin_at at time zone 'UTC')::date as day,
	       count(*) filter (where t.state = 'sent') as sent,
	       count(*) filter (where t.next_at is not null) as open,
	       count(*) filter (where t.state = 'given_up') as given_up,
	       count(*) filter (where t.state = 'nothing') as nothing,
	       sum(greatest(t.rows_seen - t.evaluations - t.left_out, 0))
		::bigint as late
	from signet.dmarc_report_out t group by 1) o on o.day = e.day;

comment on view signet.v_report_day is
	'Reports of each ended UTC day whose evaluations are there; alert says '
	'when a day has brought none though it should have.';
comment on column signet.v_report_day.day is 'UTC day.';
comment on column signet.v_report_day.evaluations is 'Evaluations of the day.';
comment on column signet.v_report_day.domains is
	'Policy domains that should get a report.';
comment on column signet.v_report_day.sent is 'Reports that went out.';
comment on column signet.v_report_day.open is
	'Reports that something is still to be done for.';
comment on column signet.v_report_day.given_up is
	'Reports that no destination took.';
comment on column signet.v_report_day.nothing is
	'Reports that nobody wants, or that are switched off.';
comment on column signet.v_report_day.late is
	'Evaluations that came when their report had been made.';
comment on column signet.v_report_day.planned_at is
	'When the day''s reports were last planned; null: never.';
comment on column signet.v_report_day.alert is
	'What is wrong with the day; null: nothing.';

create or replace view signet.v_report_setting as
select s.domain, s.enabled, s.format,
       case when s.interval_since <= (now() at time zone 'UTC')::date
       then s.interval_hours else s.interval_before end as interval_hours,
       case when s.interval_since > (now() at time zone 'UTC')::date
       then s.interval_hours end as interval_next,
       s.remark, s.changed_at, s.changed_by
from signet.dmarc_report_setting s;

comment on view signet.v_report_setting is
	'Policy domains with settings of their own '
	'(signet.dmarc_report_set).';
select signet.comment_view('signet.v_report_setting',
			   'signet.dmarc_report_setting');
comment on column signet.v_report_setting.interval_hours is
	'Hours that a report covers today.';
comment on column signet.v_report_setting.interval_next is
	'The same from tomorrow on, if it changes.';

reset role;
