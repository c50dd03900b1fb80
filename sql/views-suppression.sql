-- views-suppression.sql - addresses without reports; see docs/database.md.
-- Applied again by every signet-load --migrate.

set local role signet_owner;

create or replace view signet.v_report_suppression as
select s.kind, s.address, s.until > now() as active, s.until, s.origin,
       s.bounces, s.comment, s.added_at, s.changed_at, s.changed_by
from signet.report_suppression s;
comment on view signet.v_report_suppression is
	'Addresses that get no reports until a date, and those that got none '
	'before.';
comment on column signet.v_report_suppression.active is
	'True: nothing is sent there now.';
select signet.comment_view('signet.v_report_suppression',
			   'signet.report_suppression');

create or replace view signet.v_report_bounce as
select b.at, b.kind, b.address, b.effect, b.action, b.status, b.diagnostic,
       b.recipient, b.smtp_code, b.report_id, b.host, b.id
from signet.report_bounce b;
comment on view signet.v_report_bounce is
	'Notifications that reports of ours came back, and what was done.';
select signet.comment_view('signet.v_report_bounce', 'signet.report_bounce');

reset role;
