-- views-tls-incoming.sql - what administrators read about TLS of mail that
-- comes in.  Stable: columns are added at the end, none is renamed or removed.

set local role signet_owner;

create or replace view signet.v_tls_incoming as
select date_trunc('hour', t.at) as hour, t.host,
       sum(t.handshakes)::bigint as handshakes,
       sum(t.failed)::bigint as failed,
       round(100.0 * sum(t.failed) / nullif(sum(t.handshakes), 0), 1)
		as percent
from signet.tls_incoming t
group by 1, 2;

comment on view signet.v_tls_incoming is
	'TLS handshakes of mail that came in, by hour and host.';
comment on column signet.v_tls_incoming.hour is 'Begin of the hour.';
comment on column signet.v_tls_incoming.host is 'Host that took the mail.';
comment on column signet.v_tls_incoming.handshakes is
	'STARTTLS handshakes that began.';
comment on column signet.v_tls_incoming.failed is 'Those that failed.';
comment on column signet.v_tls_incoming.percent is
	'How many of a hundred failed.';

create or replace view signet.v_tls_incoming_failure as
select date_trunc('hour', t.at) as hour, t.host, r.key as reason,
       sum(r.value::bigint)::bigint as failed
from signet.tls_incoming t
cross join lateral jsonb_each_text(t.reasons) r
group by 1, 2, 3;

comment on view signet.v_tls_incoming_failure is
	'TLS handshakes of mail that came in and failed, by hour, host and '
	'reason.';
comment on column signet.v_tls_incoming_failure.hour is 'Begin of the hour.';
comment on column signet.v_tls_incoming_failure.host is
	'Host that took the mail.';
comment on column signet.v_tls_incoming_failure.reason is
	'Why, in one word; tls-remote-... is an alert that the client sent.';
comment on column signet.v_tls_incoming_failure.failed is 'How many.';

reset role;
