-- views-tls-override.sql - exceptions for single domains; see
-- docs/database.md.  Applied again by every signet-load --migrate.

set local role signet_owner;

create or replace view signet.v_tls_override as
select o.name, o.until > now() as active, o.level, o.match, o.reason, o.until,
       o.added_at, o.changed_at, o.changed_by
from signet.tls_override o;
comment on view signet.v_tls_override is
	'What operators say of the TLS of single domains, and said before.';
comment on column signet.v_tls_override.active is 'True: it counts now.';
select signet.comment_view('signet.v_tls_override', 'signet.tls_override');

reset role;
