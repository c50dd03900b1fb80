-- functions-rule.sql - rules of users: what moves make of them, what front
-- ends and administrators do with them.  Applied again by every signet-load
-- --migrate.

set local role signet_owner;

-- Parts ------------------------------------------------------------------------

create or replace function signet.rules_mode(p_account text)
returns text
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
	select coalesce(
		(select a.rules_mode from signet.mailbox_account a
		 where a.account = p_account),
		(select a.rules_mode from signet.mailbox_account a
		 where a.account = ''),
		'suggest')
$$;
comment on function signet.rules_mode(text) is
	'What becomes of the moves of an account: suggest, auto or off.';

create or replace function signet.rule_is_mailbox(p_name text, p_guid text,
	p_other_name text, p_other_guid text)
returns boolean
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
	select case when p_guid <> '' and p_other_guid <> ''
		    then p_guid = p_other_guid
		    else p_name = p_other_name end
$$;
comment on function signet.rule_is_mailbox(text, text, text, text) is
	'Whether two pairs of name and GUID mean the same folder: the GUIDs '
	'decide where both are known.';

create or replace function signet.rule_new_name(p_name text, p_from text,
	p_to text, p_separator text)
returns text
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
	select case
	when p_name = p_from then p_to
	when left(p_name, length(p_from)) = p_from
	     and case when p_separator <> ''
		      then substr(p_name, length(p_from) + 1,
				  length(p_separator)) = p_separator
		      else substr(p_name, length(p_from) + 1, 1)
			   in ('/', '.') end
	then p_to || substr(p_name, length(p_from) + 1)
	end
$$;
comment on function signet.rule_new_name(text, text, text, text) is
	'The name of a folder after another was renamed; null: it is neither '
	'that folder nor below it. Without a separator both "/" and "." are '
	'taken for one.';

create or replace function signet.rule_store(p_account text, p_kind text,
	p_value text, p_domain text, p_mailbox text, p_guid text,
	p_source text, p_at timestamptz, p_position integer default null,
	p_id bigint default null)
returns bigint
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
	v_id bigint;
begin
	if (select count(*) from signet.rule r
	    where r.account = p_account) >= 1000
	   and not exists (select from signet.rule r
			   where r.account = p_account and r.kind = p_kind
			   and r.value = p_value) then
		raise exception 'the account has 1000 rules'
			using errcode = 'program_limit_exceeded';
	end if;
	insert into signet.rule as r (id, account, position, kind, value,
		domain, mailbox, mailbox_guid, source, at)
	values (coalesce(p_id, nextval('signet.rule_id')), p_account,
		coalesce(p_position,
			 (select coalesce(max(o.position), 0) + 1
			  from signet.rule o where o.account = p_account)),
		p_kind, p_value, p_domain, p_mailbox, nullif(p_guid, ''),
		p_source, p_at)
	on conflict (account, kind, value) do update set
		position = coalesce(p_position, r.position),
		domain = excluded.domain,
		mailbox = excluded.mailbox,
		mailbox_guid = excluded.mailbox_guid,
		source = excluded.source,
		at = excluded.at,
		changed_at = now(),
		changed_by = session_user
	returning r.id into v_id;
	delete from signet.rule_suggestion s
	where s.account = p_account and s.kind = p_kind and s.value = p_value;
	perform signet.mailbox_touch(p_account);
	return v_id;
end
$$;
comment on function signet.rule_store(text, text, text, text, text, text,
	text, timestamptz, integer, bigint) is
	'Makes a rule or changes the one for the same list or address, and '
	'drops its suggestion.';

create or replace function signet.rule_suggest(p_account text, p_at timestamptz,
	p_kind text, p_value text, p_domain text, p_mailbox text, p_guid text)
returns void
language sql security definer
set search_path = pg_catalog, pg_temp
as $$
	insert into signet.rule_suggestion as s (account, kind, value, domain,
		mailbox, mailbox_guid, first_at, at)
	values (p_account, p_kind, p_value, p_domain, p_mailbox,
		nullif(p_guid, ''), p_at, p_at)
	on conflict (account, kind, value) do update set
		domain = excluded.domain,
		mailbox = excluded.mailbox,
		mailbox_guid = excluded.mailbox_guid,
		moves = s.moves + 1,
		at = excluded.at
	where excluded.at >= s.at;
	delete from signet.rule_suggestion s
	where s.id in (select o.id from signet.rule_suggestion o
		       where o.account = p_account
		       order by o.at desc, o.id desc offset 200);
$$;
comment on function signet.rule_suggest(text, timestamptz, text, text, text,
	text, text) is
	'Notes what a move suggests; an account keeps its 200 newest.';

create or replace function signet.rule_is_declined(p_account text,
	p_kind text, p_value text, p_mailbox text, p_guid text)
returns boolean
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
	select exists (
		select from signet.rule_declined d
		where d.account = p_account
		and case when d.kind = 'mailbox'
		    then signet.rule_is_mailbox(d.value, d.mailbox_guid,
						p_mailbox, p_guid)
		    else d.kind = p_kind and d.value = p_value end)
$$;
comment on function signet.rule_is_declined(text, text, text, text, text) is
	'Whether the user does not want to be asked about this list, address '
	'or folder.';

create or replace function signet.rule_decline_store(p_account text,
	p_kind text, p_value text, p_guid text)
returns void
language sql security definer
set search_path = pg_catalog, pg_temp
as $$
	insert into signet.rule_declined as d (account, kind, value,
					       mailbox_guid)
	values (p_account, p_kind, p_value, nullif(p_guid, ''))
	on conflict (account, kind, value) do update set
		mailbox_guid = excluded.mailbox_guid,
		at = now(),
		changed_by = session_user;
	delete from signet.rule_declined d
	where d.id in (select o.id from signet.rule_declined o
		       where o.account = p_account
		       order by o.at desc, o.id desc offset 1000);
$$;
comment on function signet.rule_decline_store(text, text, text, text) is
	'Remembers a no; an account keeps its 1000 newest.';

-- For signet-mailbox -----------------------------------------------------------

create or replace function signet.rules_load(p_account text)
returns table (id bigint, kind text, value text, domain text, mailbox text)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
	select r.id, r.kind, r.value, r.domain, r.mailbox
	from signet.rule r
	where r.account = p_account
	order by r.position, r.id
$$;
comment on function signet.rules_load(text) is
	'The rules of an account in the order in which they are tried.';

create or replace function signet.rule_mailbox_seen(p_account text,
	p_at timestamptz, p_mailbox text, p_guid text)
returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
	v_rules bigint;
begin
	if coalesce(p_guid, '') = '' then
		return;
	end if;
	update signet.rule r set mailbox_guid = p_guid
	where r.account = p_account and r.at <= p_at
	and r.mailbox = p_mailbox and r.mailbox_guid is null;
	update signet.rule r
	set mailbox = p_mailbox, changed_at = now(), changed_by = session_user
	where r.account = p_account and r.at <= p_at
	and r.mailbox_guid = p_guid and r.mailbox <> p_mailbox;
	get diagnostics v_rules = row_count;
	if v_rules > 0 then
		perform signet.mailbox_touch(p_account);
	end if;
end
$$;
comment on function signet.rule_mailbox_seen(text, timestamptz, text, text) is
	'A folder was seen under this name: rules that were made by hand learn '
	'its GUID, others its name, should it have been renamed unseen.';

create or replace function signet.rule_moved_out(p_account text,
	p_at timestamptz, p_kind text, p_value text, p_domain text,
	p_mailbox text, p_guid text)
returns text
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
	v_mode text := signet.rules_mode(p_account);
	v_rule signet.rule;
begin
	perform signet.rule_mailbox_seen(p_account, p_at, p_mailbox, p_guid);
	if v_mode = 'off' then
		return 'off';
	end if;
	if signet.rule_is_declined(p_account, p_kind, p_value, p_mailbox,
				   p_guid) then
		return 'declined';
	end if;
	select r.* into v_rule from signet.rule r
	where r.account = p_account and r.kind = p_kind and r.value = p_value;
	if found and v_rule.at > p_at then
		return 'old';
	end if;
	if found and v_rule.domain is not distinct from p_domain
	   and signet.rule_is_mailbox(v_rule.mailbox, v_rule.mailbox_guid,
				      p_mailbox, p_guid) then
		delete from signet.rule_suggestion s
		where s.account = p_account and s.kind = p_kind
		and s.value = p_value;
		return 'known';
	end if;
	if v_mode = 'auto'
	   and (v_rule.id is null or v_rule.source = 'auto')
	   and (select count(*) from signet.rule r
		where r.account = p_account) < 1000 then
		perform signet.rule_store(p_account, p_kind, p_value, p_domain,
			p_mailbox, p_guid, 'auto', p_at);
		return 'added';
	end if;
	perform signet.rule_suggest(p_account, p_at, p_kind, p_value, p_domain,
				    p_mailbox, p_guid);
	return 'suggested';
end
$$;
comment on function signet.rule_moved_out(text, timestamptz, text, text, text,
	text, text) is
	'A message was moved from INBOX to a folder: list or from, its name '
	'and verified domain, the folder and its GUID. What became of it: '
	'suggested, added, known, declined, old (a rule was made since), off. '
	'A rule that a user made or accepted is not changed by a move, a '
	'change is suggested.';

create or replace function signet.rule_moved_in(p_account text,
	p_at timestamptz, p_list text, p_address text, p_domains text[],
	p_mailbox text, p_guid text)
returns text
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
	v_suggestions bigint;
	v_rules bigint;
begin
	perform signet.rule_mailbox_seen(p_account, p_at, p_mailbox, p_guid);
	if signet.rules_mode(p_account) = 'off' then
		return 'off';
	end if;
	delete from signet.rule_suggestion s
	where s.account = p_account and s.at <= p_at
	and (s.kind, s.value) in (('list', p_list), ('from', p_address))
	and signet.rule_is_mailbox(s.mailbox, s.mailbox_guid, p_mailbox,
				   p_guid);
	get diagnostics v_suggestions = row_count;
	delete from signet.rule r
	where r.id = (
		select o.id from signet.rule o
		where o.account = p_account and o.at <= p_at
		and case o.kind
		    when 'list' then o.value = p_list and exists (
			select from unnest(p_domains) d
			where d = o.domain
			or right(d, length(o.domain) + 1) = '.' || o.domain)
		    else o.value = p_address end
		and signet.rule_is_mailbox(o.mailbox, o.mailbox_guid,
					   p_mailbox, p_guid)
		order by o.position, o.id
		limit 1);
	get diagnostics v_rules = row_count;
	if v_rules > 0 then
		perform signet.mailbox_touch(p_account);
	end if;
	return case when v_rules + v_suggestions > 0 then 'removed'
		    else 'nothing' end;
end
$$;
comment on function signet.rule_moved_in(text, timestamptz, text, text,
	text[], text, text) is
	'A message was moved from a folder to INBOX: its list (null: none), '
	'its author if that is verified (else null), its verified domains, '
	'the folder and its GUID. Takes away what suggested or ruled that it '
	'goes there: removed, nothing, off.';

create or replace function signet.rule_mailbox_renamed(p_account text,
	p_at timestamptz, p_from text, p_to text, p_guid text,
	p_separator text)
returns bigint
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
	v_rules bigint;
	v_count bigint;
begin
	-- INBOX cannot be renamed: its mail moves, and what is below it stays
	if upper(p_from) = 'INBOX' then
		return 0;
	end if;
	update signet.rule r
	set mailbox = case when r.mailbox_guid = p_guid then p_to
		else signet.rule_new_name(r.mailbox, p_from, p_to,
					  p_separator) end,
	    changed_at = now(), changed_by = session_user
	where r.account = p_account and r.at <= p_at
	and (r.mailbox_guid = p_guid
	     or case when r.mailbox = p_from
		then signet.rule_is_mailbox(r.mailbox, r.mailbox_guid,
					    p_from, p_guid)
		else signet.rule_new_name(r.mailbox, p_from, p_to,
					  p_separator) is not null end);
	get diagnostics v_rules = row_count;
	update signet.rule_suggestion s
	set mailbox = case when s.mailbox_guid = p_guid then p_to
		else signet.rule_new_name(s.mailbox, p_from, p_to,
					  p_separator) end
	where s.account = p_account and s.at <= p_at
	and (s.mailbox_guid = p_guid
	     or case when s.mailbox = p_from
		then signet.rule_is_mailbox(s.mailbox, s.mailbox_guid,
					    p_from, p_guid)
		else signet.rule_new_name(s.mailbox, p_from, p_to,
					  p_separator) is not null end);
	get diagnostics v_count = row_count;
	-- what was said of a folder that had the new name before
	delete from signet.rule_declined d
	where d.account = p_account and d.kind = 'mailbox' and d.at <= p_at
	and exists (
		select from signet.rule_declined o
		where o.account = p_account and o.kind = 'mailbox'
		and o.id <> d.id
		and signet.rule_new_name(o.value, p_from, p_to, p_separator)
		    = d.value);
	update signet.rule_declined d
	set value = signet.rule_new_name(d.value, p_from, p_to, p_separator)
	where d.account = p_account and d.kind = 'mailbox' and d.at <= p_at
	and signet.rule_new_name(d.value, p_from, p_to, p_separator)
	    is not null;
	if v_rules > 0 then
		perform signet.mailbox_touch(p_account);
	end if;
	return v_rules + v_count;
end
$$;
comment on function signet.rule_mailbox_renamed(text, timestamptz, text, text,
	text, text) is
	'A folder has a new name, and all below it: rules and suggestions '
	'follow. How many.';

create or replace function signet.rule_mailbox_deleted(p_account text,
	p_at timestamptz, p_mailbox text, p_guid text, p_separator text)
returns bigint
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
	v_rules bigint;
	v_count bigint;
begin
	delete from signet.rule r
	where r.account = p_account and r.at <= p_at
	and (signet.rule_is_mailbox(r.mailbox, r.mailbox_guid, p_mailbox,
				    p_guid)
	     or p_separator <> ''
		and starts_with(r.mailbox, p_mailbox || p_separator));
	get diagnostics v_rules = row_count;
	delete from signet.rule_suggestion s
	where s.account = p_account and s.at <= p_at
	and (signet.rule_is_mailbox(s.mailbox, s.mailbox_guid, p_mailbox,
				    p_guid)
	     or p_separator <> ''
		and starts_with(s.mailbox, p_mailbox || p_separator));
	get diagnostics v_count = row_count;
	delete from signet.rule_declined d
	where d.account = p_account and d.kind = 'mailbox' and d.at <= p_at
	and (signet.rule_is_mailbox(d.value, d.mailbox_guid, p_mailbox,
				    p_guid)
	     or p_separator <> ''
		and starts_with(d.value, p_mailbox || p_separator));
	if v_rules > 0 then
		perform signet.mailbox_touch(p_account);
	end if;
	return v_rules + v_count;
end
$$;
comment on function signet.rule_mailbox_deleted(text, timestamptz, text, text,
	text) is
	'A folder is gone, or in the trash: so are its rules, suggestions and '
	'refusals. With a separator all below it, too. How many.';

create or replace function signet.rule_lists(p_accounts integer)
returns table (list text, domain text, accounts bigint)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
	select r.value, r.domain, count(*)
	from signet.rule r
	where r.kind = 'list' and r.source <> 'auto'
	group by r.value, r.domain
	having p_accounts > 0 and count(*) >= p_accounts
	order by count(*) desc, r.value, r.domain
	limit 10000
$$;
comment on function signet.rule_lists(integer) is
	'The lists for which at least so many accounts have a rule that they '
	'made or accepted, the 10000 most used. 0: none.';

-- For front ends and administrators --------------------------------------------

create or replace function signet.rules_of(p_account text)
returns table (what text, id bigint, kind text, value text, domain text,
	       mailbox text, source text, moves bigint, at timestamptz,
	       changed_by text)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
	select q.what, q.id, q.kind, q.value, q.domain, q.mailbox, q.source,
	       q.moves, q.at, q.changed_by
	from (
		select 1, r.position, 'rule', r.id, r.kind, r.value, r.domain,
		       r.mailbox, r.source, null::bigint, r.at, r.changed_by
		from signet.rule r where r.account = p_account
		union all
		select 2, 0, 'suggestion', s.id, s.kind, s.value, s.domain,
		       s.mailbox, null, s.moves, s.at, null
		from signet.rule_suggestion s where s.account = p_account
		union all
		select 3, 0, 'declined', d.id, d.kind, d.value, null,
		       case when d.kind = 'mailbox' then d.value end, null,
		       null, d.at, d.changed_by
		from signet.rule_declined d where d.account = p_account
	) q (sort, position, what, id, kind, value, domain, mailbox, source,
	     moves, at, changed_by)
	order by q.sort, q.position, q.id
$$;
comment on function signet.rules_of(text) is
	'All of one account: its rules in their order, what its moves '
	'suggest, and what it does not want to be asked about.';

create or replace function signet.rule_add(p_account text, p_kind text,
	p_value text, p_domain text, p_mailbox text,
	p_position integer default null)
returns bigint
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
	delete from signet.rule_declined d
	where d.account = p_account and d.kind = p_kind
	and d.value = lower(p_value);
	return signet.rule_store(p_account, p_kind, lower(p_value),
		nullif(lower(p_domain), ''), p_mailbox, null, 'added', now(),
		p_position);
end
$$;
comment on function signet.rule_add(text, text, text, text, text, integer) is
	'Makes a rule, or changes the one for the same list or address: kind '
	'(list, from), the identifier of List-Id with the domain that must be '
	'verified, or the address with a null domain; the folder; its place '
	'(default: the last, or the one it has). Its number.';

create or replace function signet.rule_accept(p_account text, p_id bigint)
returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
	v_suggestion signet.rule_suggestion;
begin
	select s.* into v_suggestion from signet.rule_suggestion s
	where s.account = p_account and s.id = p_id
	for update;
	if not found then
		return false;
	end if;
	perform signet.rule_store(p_account, v_suggestion.kind,
		v_suggestion.value, v_suggestion.domain, v_suggestion.mailbox,
		v_suggestion.mailbox_guid, 'accepted', now(), null,
		v_suggestion.id);
	return true;
end
$$;
comment on function signet.rule_accept(text, bigint) is
	'Makes a suggestion of the account a rule, which keeps its number '
	'unless there was one for the same list or address. False: there is '
	'none with this number.';

create or replace function signet.rule_decline(p_account text, p_id bigint,
	p_folder boolean default false)
returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
	v_suggestion signet.rule_suggestion;
begin
	delete from signet.rule_suggestion s
	where s.account = p_account and s.id = p_id
	returning s.* into v_suggestion;
	if not found then
		return false;
	end if;
	if p_folder then
		perform signet.rule_decline_store(p_account, 'mailbox',
			v_suggestion.mailbox, v_suggestion.mailbox_guid);
		delete from signet.rule_suggestion s
		where s.account = p_account
		and signet.rule_is_mailbox(s.mailbox, s.mailbox_guid,
			v_suggestion.mailbox, v_suggestion.mailbox_guid);
	else
		perform signet.rule_decline_store(p_account, v_suggestion.kind,
			v_suggestion.value, null);
	end if;
	return true;
end
$$;
comment on function signet.rule_decline(text, bigint, boolean) is
	'Drops a suggestion and remembers the no: for its list or address, or '
	'(true) for its folder, whatever is moved there. False: there is none '
	'with this number.';

create or replace function signet.rule_never(p_account text, p_kind text,
					     p_value text)
returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
	perform signet.rule_decline_store(p_account, p_kind,
		case when p_kind = 'mailbox' then p_value
		     else lower(p_value) end, null);
	delete from signet.rule_suggestion s
	where s.account = p_account
	and case when p_kind = 'mailbox' then s.mailbox = p_value
	    else s.kind = p_kind and s.value = lower(p_value) end;
end
$$;
comment on function signet.rule_never(text, text, text) is
	'Says no before anything was suggested: kind (list, from, mailbox) '
	'and the identifier of List-Id, the address or the folder.';

create or replace function signet.rule_remove(p_account text, p_id bigint)
returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
	delete from signet.rule r
	where r.account = p_account and r.id = p_id;
	if found then
		perform signet.mailbox_touch(p_account);
		return true;
	end if;
	delete from signet.rule_suggestion s
	where s.account = p_account and s.id = p_id;
	if found then
		return true;
	end if;
	delete from signet.rule_declined d
	where d.account = p_account and d.id = p_id;
	return found;
end
$$;
comment on function signet.rule_remove(text, bigint) is
	'Removes a rule, forgets a suggestion, or forgets a no, so that moves '
	'may suggest it again. False: the account has nothing of this '
	'number.';

create or replace function signet.rules_mode_set(p_account text, p_mode text)
returns text
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
	insert into signet.mailbox_account as a (account, rules_mode, version)
	values (p_account, p_mode, 1)
	on conflict (account) do update set
		rules_mode = excluded.rules_mode,
		version = a.version + 1,
		changed_at = now();
	return signet.rules_mode(p_account);
end
$$;
comment on function signet.rules_mode_set(text, text) is
	'Says what becomes of the moves of an account: suggest, auto, off; '
	'null: as of all others. The account '''' speaks for all that have '
	'said nothing. What holds now.';

reset role;
