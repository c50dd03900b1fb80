-- insert-report-bounce.sql - events of type "report_bounce": a delivery
-- status notification about a report of ours.  Applied again by every
-- signet-load --migrate.
--
-- Members: kind (dmarc, tls, failure) and report_id (a number) of the token
-- in the envelope sender; of the notification recipient, action, status,
-- smtp_code, diagnostic.

set local role signet_owner;

create or replace function signet.insert_report_bounce(p_lines text[])
returns bigint
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
	b record;
	told text;
	its_effect text;
	new_rows bigint := 0;
begin
	delete from signet.report_bounce r
	where r.at < now() - interval '400 days';
	for b in
		select e.*,
		       signet.report_bounce_address(e.kind, e.report_id)
				as address,
		       signet.report_bounce_weight(lower(e.action), e.status,
				e.smtp_code) as weight
		from unnest(p_lines) with ordinality as l (line, no)
		cross join json_to_record(l.line::json) as e (
			id uuid, at timestamptz, host text, kind text,
			report_id bigint, recipient text, action text,
			status text, smtp_code integer, diagnostic text)
		order by e.at, l.no
	loop
		its_effect := signet.report_bounce_effect(b.kind, b.address,
			b.report_id, b.at, b.weight);
		insert into signet.report_bounce (id, at, host, kind,
			report_id, address, recipient, action, status,
			smtp_code, diagnostic, effect)
		values (b.id, b.at, b.host, coalesce(b.kind, ''), b.report_id,
			b.address, b.recipient, lower(b.action), b.status,
			b.smtp_code, b.diagnostic, its_effect)
		on conflict do nothing;
		continue when not found;
		new_rows := new_rows + 1;
		if its_effect = 'suppressed' then
			told := concat_ws(' ', b.status, b.diagnostic);
			perform signet.report_suppress_bounced(b.kind,
				b.address, b.at, left(told, 300));
		end if;
	end loop;
	return new_rows;
end
$$;
comment on function signet.insert_report_bounce(text[]) is
	'Inserts report_bounce events: records each and suppresses the address '
	'that a report went to when the failure is permanent. Bounces of '
	'reports that are not known are recorded and have no effect.';

reset role;
