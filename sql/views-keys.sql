-- views-keys.sql - life of signing keys, for administrators.

set local role signet_owner;

create or replace view signet.v_signing_key as
select k.domain, k.selector, k.type, k.bits, k.state, k.since, k.made_at,
       c.actor as changed_by, c.host as changed_on, c.why, k.host,
       k.public_key
from signet.signing_key k
left join lateral (
	select h.actor, h.host, h.why from signet.signing_key_change h
	where h.domain = k.domain and h.selector = k.selector
	order by h.id desc limit 1) c on true;

comment on view signet.v_signing_key is
	'One row for each signing key that ever was: its state, since when, '
	'and who brought it there.';
comment on column signet.v_signing_key.domain is 'Domain that it signs for.';
comment on column signet.v_signing_key.selector is 'Selector of the key.';
comment on column signet.v_signing_key.type is 'rsa or ed25519.';
comment on column signet.v_signing_key.bits is 'Bits of the key.';
comment on column signet.v_signing_key.state is
	'made, published, active, retired, revoked, deleted.';
comment on column signet.v_signing_key.since is
	'When it came into this state.';
comment on column signet.v_signing_key.made_at is
	'When it was made, or first told of.';
comment on column signet.v_signing_key.changed_by is
	'Who made the last change.';
comment on column signet.v_signing_key.changed_on is
	'Host on which the last change was made.';
comment on column signet.v_signing_key.why is 'Why, in words.';
comment on column signet.v_signing_key.host is
	'Host that made the key, or first told of it.';
comment on column signet.v_signing_key.public_key is
	'What p= of the key record carries.';

create or replace view signet.v_signing_key_change as
select c.at, c.domain, c.selector, c.from_state, c.to_state, c.host, c.actor,
       c.why, c.id
from signet.signing_key_change c;

comment on view signet.v_signing_key_change is
	'Each change of state of a signing key: who, when, where, why.';
comment on column signet.v_signing_key_change.at is 'When it was done.';
comment on column signet.v_signing_key_change.domain is
	'Domain of the key.';
comment on column signet.v_signing_key_change.selector is
	'Selector of the key.';
comment on column signet.v_signing_key_change.from_state is
	'State before; null: the key was new here.';
comment on column signet.v_signing_key_change.to_state is 'State after.';
comment on column signet.v_signing_key_change.host is
	'Host it was done on.';
comment on column signet.v_signing_key_change.actor is 'Who did it.';
comment on column signet.v_signing_key_change.why is 'Why, in words.';
comment on column signet.v_signing_key_change.id is
	'Number of the change.';

reset role;
