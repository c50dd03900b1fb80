-- functions-quota.sql - how full mailboxes are: what is told, what is asked at
-- RCPT, what Dovecot and administrators ask.  Applied again by every
-- signet-load --migrate.

set local role signet_owner;

-- Addresses ------------------------------------------------------------------

-- The address as it stands, then without its extension; in a local domain
-- the local parts of both as well.
create or replace function signet.quota_forms(p_address text)
returns text[]
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
	at_sign constant integer := strpos(p_address, '@');
	-- nothing in the domain begins an extension
	local_part text := case when at_sign = 0 then p_address
		else regexp_replace(p_address, '@[^@]*$', '') end;
	domain text := case when at_sign = 0 then null
		else substring(p_address from '[^@]*$') end;
	setting signet.quota_setting;
	short text;
	i integer;
	parts text[];
	forms text[];
begin
	select * into setting from signet.quota_setting;
	parts := array[local_part];
	for i in 2 .. length(local_part) loop
		if strpos(setting.recipient_delimiter,
			  substr(local_part, i, 1)) > 0 then
			short := left(local_part, i - 1);
			parts := parts || short;
			exit;
		end if;
	end loop;
	if domain is null then
		return parts;
	end if;
	forms := array(select p || '@' || domain
		from unnest(parts) with ordinality as u (p, n) order by n);
	if domain = any (setting.local_domains) then
		forms := forms || parts;
	end if;
	return forms;
end
$$;
comment on function signet.quota_forms(text) is
	'The names under which an address is looked for, in their order.';

-- plpgsql, as all that is called for each recipient or report: it keeps its
-- plans.
create or replace function signet.quota_account_of(p_forms text[])
returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
	form text;
begin
	foreach form in array p_forms loop
		if exists (select from signet.quota_usage u
			   where u.account = form)
		or exists (select from signet.quota_limit l
			   where l.kind = 'account' and l.name = form) then
			return form;
		end if;
	end loop;
	return null;
end
$$;
comment on function signet.quota_account_of(text[]) is
	'The first of these names that is an account; null: none is known.';

-- The site's own function has its say after our table; what it raises is for
-- who asks.
create or replace function signet.alias_members(p_address text)
returns text[]
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
	members text[];
	own text;
begin
	members := array(select a.member from signet.alias a
		where a.address = p_address order by a.member);
	if cardinality(members) > 0 then
		return members;
	end if;
	select s.alias_function into own from signet.quota_setting s;
	if own is null then
		return '{}';
	end if;
	execute format('select array(select m from (select %s($1)::text) '
		'as t (m) where m is not null limit 1001)', own)
		into members using p_address;
	-- a member may be a list, as in the tables of Postfix
	return array(select lower(btrim(m))
		from unnest(members) as e (list),
		     regexp_split_to_table(e.list, '\s*,\s*') as m
		where btrim(m) <> '');
end
$$;
comment on function signet.alias_members(text) is
	'Members of one address as it stands; empty: it is no alias.';

create or replace function signet.alias_next(p_address text, p_forms text[],
					     p_account text)
returns text[]
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
	form text;
	members text[];
begin
	foreach form in array p_forms loop
		members := signet.alias_members(form);
		if cardinality(members) > 0 then
			return members;
		end if;
	end loop;
	if p_account is null and strpos(p_address, '@') > 1 then
		members := signet.alias_members('@'
			|| substring(p_address from '[^@]*$'));
	end if;
	return array(select case when m like '@%'
		then regexp_replace(p_address, '@[^@]*$', '') || m else m end
		from unnest(members) as e (m));
end
$$;
comment on function signet.alias_next(text, text[], text) is
	'Members of an address: its own, without its extension, of its domain.';

create or replace function signet.quota_members(p_address text,
	out accounts text[], out is_whole boolean)
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
	pending text[] := array[lower(p_address)];
	seen text[] := '{}';
	later text[];
	address text;
	forms text[];
	account text;
	members text[];
begin
	accounts := '{}';
	is_whole := true;
	for level in 1 .. 16 loop
		later := '{}';
		foreach address in array pending loop
			continue when address = any (seen);
			seen := seen || address;
			if cardinality(seen) > 1000 then
				accounts := '{}';
				is_whole := false;
				return;
			end if;
			forms := signet.quota_forms(address);
			account := signet.quota_account_of(forms);
			members := signet.alias_next(address, forms, account);
			if members && forms or cardinality(members) = 0 then
				if account is null then
					is_whole := false;
				elsif account <> all (accounts) then
					accounts := accounts || account;
				end if;
			end if;
			later := later || array(select m
				from unnest(members) as e (m)
				where m <> all (forms));
		end loop;
		pending := later;
		exit when cardinality(pending) = 0;
	end loop;
	if cardinality(pending) > 0 then
		is_whole := false;
	end if;
end
$$;
comment on function signet.quota_members(text) is
	'Accounts that mail to an address comes to. is_whole is false if some '
	'of it goes elsewhere, or if there is no end to it: at most 16 steps '
	'and 1000 addresses are looked at.';

-- How full -------------------------------------------------------------------

create or replace function signet.quota_limit_of(p_account text,
	p_domain text, out bytes bigint, out messages bigint)
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
	said record;
begin
	for said in
		select l.bytes, l.messages
		from signet.quota_limit l
		where l.kind = 'account' and l.name = p_account
		or l.kind = 'each' and l.name = p_domain
		or l.kind = 'default' and l.name = ''
		order by array_position(array['account', 'each', 'default'],
			l.kind)
	loop
		bytes := coalesce(bytes, said.bytes);
		messages := coalesce(messages, said.messages);
	end loop;
end
$$;
comment on function signet.quota_limit_of(text, text) is
	'Limits of an account: its own, that of its domain, the default. 0: '
	'none; null: nothing is said.';

-- 'fits', 'full' or 'large', for one account.
create or replace function signet.quota_fits(p_account text, p_message text,
					     p_size bigint)
returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
	used signet.quota_usage;
	said record;
	coming record;
	grace bigint;
begin
	select * into used from signet.quota_usage u
	where u.account = p_account and u.is_main;
	select * into said from signet.quota_limit_of(p_account,
		substring(p_account from '@([^@]*)$'));
	said.bytes := nullif(coalesce(said.bytes, used.bytes_limit), 0);
	said.messages := nullif(coalesce(said.messages, used.messages_limit),
		0);
	if said.bytes is null and said.messages is null then
		return 'unlimited';
	end if;
	select coalesce(sum(r.bytes), 0) as bytes, count(*) as messages
	into coming
	from signet.quota_reservation r
	where r.account = p_account and r.message <> p_message
	and r.until > now();
	select s.grace_bytes into grace from signet.quota_setting s;
	return signet.quota_word(
		coalesce(used.bytes, 0) + coming.bytes, said.bytes,
		coalesce(used.messages, 0) + coming.messages, said.messages,
		p_size, grace);
end
$$;
comment on function signet.quota_fits(text, text, bigint) is
	'Is there room for a message of that size? fits; full: not for any; '
	'large: not for this one; unlimited. What is on its way counts.';

create or replace function signet.quota_word(p_bytes numeric,
	p_bytes_limit bigint, p_messages numeric, p_messages_limit bigint,
	p_size bigint, p_grace bigint)
returns text
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
begin
	if p_bytes >= p_bytes_limit or p_messages >= p_messages_limit then
		return 'full';
	elsif p_bytes + p_size > p_bytes_limit::numeric + p_grace then
		return 'large';
	end if;
	return 'fits';
end
$$;
comment on function signet.quota_word(numeric, bigint, numeric, bigint, bigint,
	bigint) is
	'The comparison: fits, full, large. A limit that is null is none.';

create or replace function signet.quota_domain_fits(p_domain text,
	p_message text, p_size bigint)
returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
	said signet.quota_limit;
	used record;
	coming record;
begin
	select * into said from signet.quota_limit l
	where l.kind = 'total' and l.name = p_domain;
	if not found or coalesce(said.bytes, 0) + coalesce(said.messages, 0)
		= 0 then
		return 'unlimited';
	end if;
	select coalesce(sum(u.bytes), 0) as bytes,
	       coalesce(sum(u.messages), 0) as messages
	into used
	from signet.quota_usage u
	where u.domain = p_domain and u.is_main;
	select coalesce(sum(r.bytes), 0) as bytes, count(*) as messages
	into coming
	from signet.quota_reservation r
	where r.domain = p_domain and r.message <> p_message
	and r.until > now();
	return signet.quota_word(
		used.bytes + coming.bytes, nullif(said.bytes, 0),
		used.messages + coming.messages, nullif(said.messages, 0),
		p_size, 0);
end
$$;
comment on function signet.quota_domain_fits(text, text, bigint) is
	'The same for the total of a domain.';

-- For signet-policy ----------------------------------------------------------

create or replace function signet.quota_answer(p_accounts text[],
	p_is_whole boolean, p_message text, p_size bigint)
returns text
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
	who text;
	word text;
	domain_word text;
	refused text;
	takes boolean := not p_is_whole;
	bounded text[] := '{}';
	setting signet.quota_setting;
begin
	if cardinality(p_accounts) = 0 then
		return 'unknown';
	end if;
	foreach who in array p_accounts loop
		word := signet.quota_fits(who, p_message, p_size);
		domain_word := signet.quota_domain_fits(
			coalesce(substring(who from '@([^@]*)$'), ''),
			p_message, p_size);
		if word in ('full', 'large') then
			refused := coalesce(refused, word);
		elsif domain_word in ('full', 'large') then
			refused := coalesce(refused, 'domain_' || domain_word);
		else
			takes := true;
			if 'fits' in (word, domain_word) then
				bounded := bounded || who;
			end if;
		end if;
	end loop;
	if not takes then
		return refused;
	end if;
	if p_message <> '' and cardinality(bounded) > 0 then
		select * into setting from signet.quota_setting;
		insert into signet.quota_reservation as r (message, account,
			domain, bytes, accepted, until)
		select p_message, t,
		       coalesce(substring(t from '@([^@]*)$'), ''), p_size,
		       false, now() + setting.pending
		from unnest(bounded) as e (t)
		on conflict (message, account) do nothing;
	end if;
	return 'fits';
end
$$;
comment on function signet.quota_answer(text[], boolean, text, bigint) is
	'One recipient: refused only if nobody can take it. For those who can '
	'and have a limit the size is set aside.';

-- First who is meant, with functions of the site that may take their time;
-- then, one after the other over all hosts, is there room.
create or replace function signet.quota_ask(p_recipients text[],
	p_messages text[], p_sizes bigint[])
returns table (n integer, answer text)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
	whom jsonb[] := '{}';
	one record;
begin
	-- what is lost with a crash of the server is on its way
	perform set_config('synchronous_commit', 'off', true);
	for n in 1 .. cardinality(p_recipients) loop
		begin
			select * into one
			from signet.quota_members(p_recipients[n]);
			whom := whom || jsonb_build_object(
				'accounts', one.accounts,
				'is_whole', one.is_whole);
		exception when others then
			raise warning 'aliases of %: %', p_recipients[n],
				sqlerrm;
			whom := whom || jsonb_build_object('accounts',
				'[]'::jsonb, 'is_whole', false);
		end;
	end loop;
	perform pg_advisory_xact_lock(hashtextextended('signet.quota_ask', 0));
	for n in 1 .. cardinality(p_recipients) loop
		answer := signet.quota_answer(
			array(select jsonb_array_elements_text(
				whom[n] -> 'accounts')),
			(whom[n] ->> 'is_whole')::boolean,
			left(coalesce(p_messages[n], ''), 256),
			greatest(coalesce(p_sizes[n], 0), 0));
		return next;
	end loop;
end
$$;
comment on function signet.quota_ask(text[], text[], bigint[]) is
	'Recipients, each with its transaction and the announced size (0: not '
	'known): unknown, fits, full, large, domain_full, domain_large. What '
	'fits is set aside.';

create or replace function signet.quota_accept(p_messages text[],
					       p_sizes bigint[])
returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
	perform set_config('synchronous_commit', 'off', true);
	update signet.quota_reservation r
	set bytes = greatest(m.size, 0), accepted = true,
	    until = now() + s.hold
	from (select message, max(size) as size
	      from unnest(p_messages, p_sizes) as u (message, size)
	      group by message) as m, signet.quota_setting s
	where r.message = m.message;
end
$$;
comment on function signet.quota_accept(text[], bigint[]) is
	'Transactions whose message came, with its size.';

create or replace function signet.quota_expire()
returns bigint
language sql security definer
set search_path = pg_catalog, pg_temp
as $$
	with gone as (
		delete from signet.quota_reservation r
		where (r.message, r.account) in (
			select e.message, e.account
			from signet.quota_reservation e
			where e.until <= now()
			for update skip locked)
		returning 1)
	select count(*) from gone
$$;
comment on function signet.quota_expire() is
	'Takes away what has been on its way for too long. How many rows.';

-- For signet-mailbox ---------------------------------------------------------

create or replace function signet.quota_store(p_accounts text[],
	p_roots text[], p_bytes bigint[], p_bytes_limit bigint[],
	p_messages bigint[], p_messages_limit bigint[], p_at timestamptz[],
	p_host text, p_source text)
returns bigint
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
	new record;
	grown bigint;
	changed bigint := 0;
	main_root text;
	is_first boolean;
begin
	select s.root into main_root from signet.quota_setting s;
	for new in
		select lower(u.account) as account, u.root, u.bytes,
		       u.bytes_limit, u.messages, u.messages_limit,
		       least(u.at, now()) as at
		from unnest(p_accounts, p_roots, p_bytes, p_bytes_limit,
			p_messages, p_messages_limit, p_at) with ordinality
			as u (account, root, bytes, bytes_limit, messages,
			messages_limit, at, n)
		-- in one order, so that two who store do not lock each other
		order by lower(u.account), u.at, u.n
	loop
		perform pg_advisory_xact_lock(hashtextextended(
			'signet.quota ' || new.account, 0));
		select new.messages - u.messages into grown
		from signet.quota_usage u
		where u.account = new.account and u.root = new.root;
		is_first := not found;
		if p_source <> 'adopt' then
			delete from signet.quota_usage u
			where u.account = new.account and u.source = 'adopt';
		end if;
		insert into signet.quota_usage as u (account, root, bytes,
			bytes_limit, messages, messages_limit, at, host,
			source, is_main)
		values (new.account, new.root, new.bytes, new.bytes_limit,
			new.messages, new.messages_limit, new.at, p_host,
			p_source, (main_root is null or main_root = new.root)
			and not exists (select from signet.quota_usage m
				where m.account = new.account and m.is_main))
		on conflict (account, root) do update set
			bytes = excluded.bytes,
			bytes_limit = excluded.bytes_limit,
			messages = excluded.messages,
			messages_limit = excluded.messages_limit,
			at = excluded.at,
			host = excluded.host,
			source = excluded.source
		where excluded.at >= u.at;
		if not found then
			continue;
		end if;
		changed := changed + 1;
		if is_first or grown > 0 then
			perform signet.quota_release(new.account, new.root,
				case when not is_first then grown end);
		end if;
	end loop;
	return changed;
end
$$;
comment on function signet.quota_store(text[], text[], bigint[], bigint[],
	bigint[], bigint[], timestamptz[], text, text) is
	'Usage that was told; what is older than what is known changes '
	'nothing. Messages that have come are no longer on their way.';

create or replace function signet.quota_release(p_account text, p_root text,
						p_count bigint)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
	delete from signet.quota_reservation r
	where r.account = p_account
	and exists (select from signet.quota_usage u
		    where u.account = p_account and u.root = p_root
		    and u.is_main)
	and r.message in (
		select o.message from signet.quota_reservation o
		where o.account = p_account
		order by o.accepted desc, o.at
		limit p_count
		for update skip locked);
end
$$;
comment on function signet.quota_release(text, text, bigint) is
	'So many messages, the oldest, have come to the account; null: all.';

create or replace function signet.quota_report(p_accounts text[],
	p_roots text[], p_bytes bigint[], p_bytes_limit bigint[],
	p_messages bigint[], p_messages_limit bigint[], p_at timestamptz[],
	p_host text)
returns bigint
language sql security definer
set search_path = pg_catalog, pg_temp
as $$
	select signet.quota_store(p_accounts, p_roots, p_bytes, p_bytes_limit,
		p_messages, p_messages_limit, p_at, p_host, 'report')
$$;
comment on function signet.quota_report(text[], text[], bigint[], bigint[],
	bigint[], bigint[], timestamptz[], text) is
	'What Dovecot on that host tells of accounts and their quota roots: '
	'bytes, limit (0: none), messages, limit, when. How many rows changed.';

-- For Dovecot ----------------------------------------------------------------

create or replace function signet.quota_userdb(p_account text,
	out storage_size text, out message_count text, out quota_rule text)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
	select case l.bytes when 0 then 'unlimited' else l.bytes || 'B' end,
	       case l.messages when 0 then 'unlimited'
			else l.messages::text end,
	       '*:storage=' || l.bytes || 'B'
			|| coalesce(':messages=' || l.messages, '')
	from signet.quota_limit_of(lower(p_account),
		coalesce(substring(lower(p_account) from '@([^@]*)$'), '')) l
$$;
comment on function signet.quota_userdb(text) is
	'Limits of an account for the userdb of Dovecot: quota_rule for 2.3, '
	'the others for 2.4; null: what its configuration says.';

-- For administrators ---------------------------------------------------------

create or replace function signet.quota_set(p_kind text, p_name text,
	p_bytes bigint, p_messages bigint)
returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
	if p_bytes is null and p_messages is null then
		delete from signet.quota_limit l
		where l.kind = p_kind and l.name = lower(p_name);
		return found;
	end if;
	insert into signet.quota_limit as l (kind, name, bytes, messages)
	values (p_kind, lower(p_name), p_bytes, p_messages)
	on conflict (kind, name) do update set
		bytes = excluded.bytes,
		messages = excluded.messages,
		changed_at = now(),
		changed_by = session_user;
	return true;
end
$$;
comment on function signet.quota_set(text, text, bigint, bigint) is
	'Limits of an account, each account of a domain, the total of a '
	'domain or the default (signet.quota_limit.kind): bytes and messages. '
	'0: none. Both null: says nothing any more; false: it said nothing.';

create or replace function signet.quota_option(p_name text, p_value text)
returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
	if p_name = 'recipient_delimiter' then
		update signet.quota_setting
		set recipient_delimiter = coalesce(p_value, '');
	elsif p_name = 'local_domains' then
		update signet.quota_setting set local_domains = array(
			select lower(d) from regexp_split_to_table(
				coalesce(p_value, ''), '[\s,]+') as d
			where d <> '');
	elsif p_name = 'grace_bytes' then
		update signet.quota_setting set grace_bytes = p_value::bigint;
	elsif p_name = 'hold' then
		update signet.quota_setting set hold = p_value::interval;
	elsif p_name = 'pending' then
		update signet.quota_setting set pending = p_value::interval;
	else
		raise exception 'there is no such option: %', p_name
			using hint = 'recipient_delimiter, local_domains, '
			'grace_bytes, hold, pending';
	end if;
end
$$;
comment on function signet.quota_option(text, text) is
	'Sets a column of signet.quota_setting; local_domains with spaces or '
	'commas between them.';

create or replace function signet.quota_use_root(p_root text)
returns bigint
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
	changed bigint;
begin
	update signet.quota_setting set root = p_root;
	if p_root is null then
		return 0;
	end if;
	update signet.quota_usage u set is_main = false
	where u.is_main and u.root <> p_root;
	update signet.quota_usage u set is_main = true
	where not u.is_main and u.root = p_root;
	get diagnostics changed = row_count;
	return changed;
end
$$;
comment on function signet.quota_use_root(text) is
	'Names the quota root that decides whether mail is taken; null: the '
	'first that is told of. How many accounts that changed.';

-- The function runs with the rights of signet_owner: not for signet_admin.
create or replace function signet.quota_use_aliases(p_function text)
returns text
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
	named text;
begin
	if p_function is not null then
		select format('%I.%I', n.nspname, p.proname) into named
		from pg_proc p
		join pg_namespace n on n.oid = p.pronamespace
		where p.oid = to_regprocedure(p_function || '(text)');
		if named is null then
			raise exception 'there is no function %(text)',
				p_function using hint =
				'write it as schema.name; it gets an address '
				'in lower case and returns its members';
		end if;
	end if;
	update signet.quota_setting set alias_function = named;
	return named;
end
$$;
comment on function signet.quota_use_aliases(text) is
	'Names a function of the site, schema.name, that gets an address (or '
	'@domain) in lower case and returns text or setof text: its members, '
	'one each or with commas between them. Null: signet.alias alone. For '
	'the owner of the database: it runs with the rights of signet_owner.';

create or replace function signet.alias_add(p_address text, p_member text)
returns boolean
language sql security definer
set search_path = pg_catalog, pg_temp
as $$
	with inserted as (
	insert into signet.alias (address, member)
	values (lower(p_address), lower(p_member))
	on conflict do nothing
	returning 1
	)
	select exists (select from inserted)
$$;
comment on function signet.alias_add(text, text) is
	'Adds a member to an alias; false: it is one already.';

create or replace function signet.alias_remove(p_address text, p_member text)
returns boolean
language sql security definer
set search_path = pg_catalog, pg_temp
as $$
	with deleted as (
	delete from signet.alias a
	where a.address = lower(p_address) and a.member = lower(p_member)
	returning 1
	)
	select exists (select from deleted)
$$;
comment on function signet.alias_remove(text, text) is
	'Takes a member from an alias; false: it was none.';

create or replace function signet.quota_explain(p_address text)
returns table (account text, answer text, domain_answer text,
	       is_whole boolean)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
	select a, signet.quota_fits(a, '', 0),
	       signet.quota_domain_fits(coalesce(substring(a
			from '@([^@]*)$'), ''), '', 0), m.is_whole
	from signet.quota_members(p_address) m,
	     unnest(m.accounts) as e (a)
$$;
comment on function signet.quota_explain(text) is
	'Accounts that an address stands for, and whether they take mail now.';

create or replace function signet.quota_adopt(p_accounts text[],
	p_bytes bigint[], p_messages bigint[], p_host text)
returns bigint
language sql security definer
set search_path = pg_catalog, pg_temp
as $$
	with known as (
		select lower(u.account) as account, max(greatest(u.bytes, 0))
			as bytes, max(greatest(u.messages, 0)) as messages
		from unnest(p_accounts, p_bytes, p_messages)
			as u (account, bytes, messages)
		where u.account ~ '\S' and length(u.account) <= 512
		and not exists (select from signet.quota_usage q
			where q.account = lower(u.account)
			and q.source <> 'adopt')
		group by lower(u.account)
	)
	select signet.quota_store(array_agg(k.account order by k.account),
		array_agg(''::text),
		array_agg(coalesce(k.bytes, 0) order by k.account),
		array_agg(0::bigint),
		array_agg(coalesce(k.messages, 0) order by k.account),
		array_agg(0::bigint), array_agg(now()), p_host, 'adopt')
	from known k
$$;
comment on function signet.quota_adopt(text[], bigint[], bigint[], text) is
	'Takes over what a quota_clone table says of accounts of which '
	'nothing better is known. How many rows changed.';

-- `p_kib` as doveadm tells it, in steps of 1024 bytes: a number of ours within
-- that step is the better one.
create or replace function signet.quota_reconcile(p_accounts text[],
	p_roots text[], p_kib bigint[], p_kib_limit bigint[],
	p_messages bigint[], p_messages_limit bigint[], p_at timestamptz,
	p_host text)
returns table (account text, root text, what text, was text, now_is text)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
	told signet.quota_usage[];
begin
	told := array(
		select row(lower(t.account), t.root, null, null,
			case when abs(u.bytes - t.kib * 1024) < 1024
				then u.bytes else t.kib * 1024 end,
			case when abs(u.bytes_limit - t.kib_limit * 1024) < 1024
				then u.bytes_limit else t.kib_limit * 1024 end,
			t.messages, t.messages_limit, p_at, p_host,
			'reconcile')::signet.quota_usage
		from unnest(p_accounts, p_roots, p_kib, p_kib_limit,
			p_messages, p_messages_limit) as t (account, root,
			kib, kib_limit, messages, messages_limit)
		left join signet.quota_usage u
			on u.account = lower(t.account) and u.root = t.root);
	return query
	select t.account, t.root,
	       case when u.account is null then 'new'
			when (u.bytes, u.messages) <> (t.bytes, t.messages)
			then 'usage' else 'limit' end,
	       case when u.account is null then 'nothing'
			else format('%s of %s bytes, %s of %s messages',
				u.bytes, u.bytes_limit, u.messages,
				u.messages_limit) end,
	       format('%s of %s bytes, %s of %s messages', t.bytes,
			t.bytes_limit, t.messages, t.messages_limit)
	from unnest(told) as t
	left join signet.quota_usage u
		on u.account = t.account and u.root = t.root
	where u.account is null
	or (u.at <= p_at
	    and (u.bytes, u.bytes_limit, u.messages, u.messages_limit)
		<> (t.bytes, t.bytes_limit, t.messages, t.messages_limit))
	order by t.account, t.root;
	perform signet.quota_store(array_agg(t.account), array_agg(t.root),
		array_agg(t.bytes), array_agg(t.bytes_limit),
		array_agg(t.messages), array_agg(t.messages_limit),
		array_agg(t.at), p_host, 'reconcile')
	from unnest(told) as t;
end
$$;
comment on function signet.quota_reconcile(text[], text[], bigint[], bigint[],
	bigint[], bigint[], timestamptz, text) is
	'What doveadm tells of accounts and roots, in KiB, at that time: what '
	'was different here, and is no longer.';

create or replace function signet.quota_reconcile_end(p_host text,
	p_at timestamptz, p_root text, p_accounts bigint, p_mended bigint)
returns table (account text, root text)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
	gone bigint;
begin
	return query
	delete from signet.quota_usage u
	where u.host = p_host and u.at < p_at
	returning u.account, u.root;
	get diagnostics gone = row_count;
	update signet.quota_usage u set is_main = true
	from (select distinct on (o.account) o.account, o.root
	      from signet.quota_usage o, signet.quota_setting s
	      where not exists (select from signet.quota_usage m
		where m.account = o.account and m.is_main)
	      and (s.root is null or o.root = s.root)
	      order by o.account, o.root = p_root desc, o.root) as best
	where u.account = best.account and u.root = best.root;
	insert into signet.quota_reconciled as r (host, at, accounts, mended,
		removed)
	values (p_host, p_at, p_accounts, p_mended, gone)
	on conflict (host) do update set
		at = excluded.at,
		accounts = excluded.accounts,
		mended = excluded.mended,
		removed = excluded.removed;
end
$$;
comment on function signet.quota_reconcile_end(text, timestamptz, text, bigint,
	bigint) is
	'All that Dovecot on that host has was told at that time: what is '
	'older and from there is removed. The named root comes first where '
	'none counts any more.';

create or replace function signet.status_quota()
returns table (accounts bigint, over bigint, domains_over bigint,
	       coming bigint, newest_s double precision, reconciled text,
	       reconciled_s double precision, mended bigint)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
begin
	return query
	select (select count(*) from signet.quota_usage u where u.is_main),
	       (select count(*) from signet.v_quota v where v.is_over),
	       (select count(*) from signet.v_quota_domain d
		where d.is_over),
	       (select count(*) from signet.quota_reservation r
		where r.until > now()),
	       (select extract(epoch from now() - max(u.at))
			::double precision
		from signet.quota_usage u where u.source = 'report'),
	       r.host, extract(epoch from now() - r.at)::double precision,
	       r.mended
	from (select 1) as always
	left join lateral (select * from signet.quota_reconciled q
		order by q.at limit 1) as r on true;
end
$$;
comment on function signet.status_quota() is
	'For signet status: accounts, those over their limit, domains over '
	'their total, messages on their way, age of the newest report, and '
	'the host whose reconcile is the oldest.';

create or replace function signet.quota_list(p_what text, p_name text,
					     p_most integer)
returns table (name text, bytes bigint, bytes_limit bigint,
	       messages bigint, messages_limit bigint, coming bigint,
	       is_over boolean, at timestamptz)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
begin
	return query
	(select v.account, v.bytes, v.bytes_limit, v.messages,
		v.messages_limit, v.coming_bytes, v.is_over, v.at
	 from signet.v_quota v
	 where p_what = 'account' and (p_name is null
		or v.account = lower(p_name))
	 or p_what = 'accounts' and v.domain = lower(p_name)
	 or p_what = 'over' and v.is_over
	 order by v.bytes desc, v.account
	 limit p_most)
	union all
	(select d.domain, d.bytes, d.bytes_limit, d.messages,
		d.messages_limit, d.coming_bytes, d.is_over, d.at
	 from signet.v_quota_domain d
	 where p_what = 'domain' and (p_name is null
		or d.domain = lower(p_name))
	 order by d.bytes desc, d.domain
	 limit p_most);
end
$$;
comment on function signet.quota_list(text, text, integer) is
	'For signet quota show: account (null: all), accounts of a domain, '
	'over, domain (null: all); those with most bytes first.';

reset role;
