-- functions-keys.sql - life of signing keys: what `signet keys` calls.
-- The same transitions stand in admin/key_state.c, which works where this
-- database cannot be reached.

set local role signet_owner;

create or replace function signet.signing_key_forbidden(p_from text, p_to text)
returns text
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
	select case
	when (p_from, p_to) in (('made', 'published'), ('made', 'deleted'),
		('published', 'active'), ('published', 'revoked'),
		('published', 'deleted'), ('active', 'retired'),
		('active', 'revoked'), ('retired', 'active'),
		('retired', 'revoked'), ('revoked', 'deleted')) then null
	when p_from = 'deleted' then
		'it is deleted, and a selector is not used twice'
	when p_to = 'made' then 'a key is made once'
	when p_from = 'revoked' then
		'it is revoked for good; it can only be deleted'
	when p_from = 'made' and p_to = 'active' then
		'it is not in the DNS yet; publish it first'
	when p_from = 'made' then
		'it was never in the DNS; it can be deleted'
	when p_to = 'published' then 'it is published already'
	when p_from = 'published' then
		'it has not signed yet; revoke or delete it'
	when p_from = 'active' then 'it signs; retire it first'
	when p_from = 'retired' then
		'mail that it signed may be on its way; revoke it first'
	else 'a key is never ' || coalesce(p_to, 'null')
	end
$$;
comment on function signet.signing_key_forbidden(text, text) is
	'Why a signing key cannot go from one state to another; null: it can.';

create or replace function signet.signing_key_change(p_domain text,
	p_selector text, p_type text, p_bits integer, p_public_key text,
	p_state text, p_since timestamptz, p_host text, p_actor text,
	p_why text, p_catch_up boolean,
	out outcome text, out reason text)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
	life constant text[] := '{made,published,active,retired,revoked,deleted}';
	k signet.signing_key;
begin
	if p_public_key is not null then
		insert into signet.signing_key values (p_domain, p_selector,
			p_type, p_bits, p_public_key, p_state, p_since,
			p_host, p_since)
		on conflict do nothing;
		if found then
			outcome := 'new';
		end if;
	end if;
	select * into k from signet.signing_key s
	where s.domain = p_domain and s.selector = p_selector
	for update;
	if not found then
		outcome := 'refused';
		reason := 'nothing is known of it';
		return;
	end if;
	if k.public_key <> p_public_key then
		outcome := 'refused';
		reason := format('the selector belongs to another key, which '
			'%s made at %s UTC', k.host,
			(k.made_at at time zone 'UTC')::timestamp(0));
		return;
	end if;
	if outcome is null and k.state = p_state then
		outcome := 'same';
		return;
	end if;
	if outcome is null then
		reason := signet.signing_key_forbidden(k.state, p_state);
		if p_catch_up and array_position(life, p_state)
				  > array_position(life, k.state) then
			reason := null;
		elsif p_catch_up and reason is null and p_since <= k.since then
			reason := 'another host went further';
		end if;
		if reason is not null then
			outcome := 'refused';
			reason := format('it is %s since %s UTC in the '
				'database: %s', k.state,
				(k.since at time zone 'UTC')::timestamp(0),
				reason);
			return;
		end if;
		reason := null;
		outcome := 'changed';
		update signet.signing_key s
		set state = p_state, since = p_since
		where s.domain = p_domain and s.selector = p_selector;
	end if;
	insert into signet.signing_key_change (domain, selector, at,
		from_state, to_state, host, actor, why)
	values (p_domain, p_selector, p_since,
		case outcome when 'changed' then k.state end, p_state, p_host,
		p_actor, p_why);
end
$$;
comment on function signet.signing_key_change(text, text, text, integer,
	text, text, timestamptz, text, text, text, boolean) is
	'Records that a key has come into a state. Outcome: new, changed, '
	'same, or refused with the reason. To catch up, a key may pass over '
	'states that were not recorded, and go back only to a state that is '
	'newer than what is known. Type, bits and public key may be null for '
	'a key that is known.';

create or replace function signet.signing_keys(p_domain text default null)
returns table (domain text, selector text, type text, bits integer,
	       state text, since timestamptz, host text, made_at timestamptz,
	       public_key text)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
	select k.domain, k.selector, k.type, k.bits, k.state, k.since,
	       k.host, k.made_at, k.public_key
	from signet.signing_key k
	where p_domain is null or k.domain = p_domain
	order by k.domain, k.made_at, k.selector
$$;
comment on function signet.signing_keys(text) is
	'The signing keys of a domain, or of all, deleted ones too.';

create or replace function signet.signing_keys_overdue(p_lifetime interval,
	p_settle interval, p_retire interval, p_revoke interval,
	p_overdue interval)
returns table (domain text, selector text, state text, since timestamptz,
	       days integer, host text, due text)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
	select k.domain, k.selector, k.state, k.since,
	       (extract(epoch from now() - k.since) / 86400)::integer,
	       k.host, w.due
	from signet.signing_key k
	join (values ('made', interval '0', 'publish it'),
		     ('published', p_settle, 'let it sign'),
		     ('active', p_lifetime, 'make its successor'),
		     ('retired', p_retire, 'revoke it'),
		     ('revoked', p_revoke, 'delete it')) w (state, wait, due)
	     on w.state = k.state
	where k.since + w.wait + p_overdue < now()
	order by k.domain, k.made_at, k.selector
$$;
comment on function signet.signing_keys_overdue(interval, interval, interval,
	interval, interval) is
	'Keys whose next step is late, given how long a key is active, '
	'published, retired and revoked, and how late is too late; null for a '
	'time: that step is never due.';

reset role;
