-- functions-junk.sql - training and what delivery asks.  Applied again by
-- every signet-load --migrate.

set local role signet_owner;

create or replace function signet.junk_word_id(p_word text)
returns bigint
language sql immutable strict parallel safe
set search_path = pg_catalog, pg_temp
as $$
	select ('x' || encode(substr(sha256(convert_to(p_word, 'UTF8')), 1, 8),
			      'hex'))::bit(64)::bigint
$$;
comment on function signet.junk_word_id(text) is
	'The number of a word in signet.junk_word: the first eight bytes of '
	'its SHA-256.';

-- Accounts -------------------------------------------------------------------

create or replace function signet.mailbox_touch(p_account text)
returns void
language sql security definer
set search_path = pg_catalog, pg_temp
as $$
	insert into signet.mailbox_account as a (account, version)
	values (p_account, 1)
	on conflict (account) do update set
		version = a.version + 1, changed_at = now()
$$;
comment on function signet.mailbox_touch(text) is
	'Has signet-mailbox on all hosts read again what it knows of an '
	'account.';

create or replace function signet.mailbox_set(p_account text, p_junk boolean,
	p_threshold real)
returns void
language sql security definer
set search_path = pg_catalog, pg_temp
as $$
	insert into signet.mailbox_account as a (account, junk, threshold,
						 version)
	values (p_account, p_junk, p_threshold, 1)
	on conflict (account) do update set
		junk = excluded.junk, threshold = excluded.threshold,
		version = a.version + 1, changed_at = now()
$$;
comment on function signet.mailbox_set(text, boolean, real) is
	'Is mail of an account judged, and from which probability (0.5 to 1) '
	'is it junk? Null: as the site has it.';

create or replace function signet.mailbox_load(p_account text)
returns table (version bigint, junk boolean, threshold real, rules_mode text,
	       params integer, spam integer, ham integer)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
	select coalesce(a.version, 0), a.junk, a.threshold, a.rules_mode,
	       t.params, coalesce(t.spam, 0), coalesce(t.ham, 0)
	from (select p_account as account) one
	left join signet.mailbox_account a using (account)
	left join signet.junk_total t using (account)
$$;
comment on function signet.mailbox_load(text) is
	'What delivery needs to know of an account, but for its words.';

create or replace function signet.junk_model(p_account text, p_users integer)
returns table (word bigint, spam integer, ham integer)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
	select w.word, w.spam, w.ham
	from signet.junk_word w
	where w.account = p_account
	and (p_account <> '' or w.accounts >= p_users)
$$;
comment on function signet.junk_model(text, integer) is
	'The words of an account; of '''' those that so many accounts share.';

create or replace function signet.mailbox_versions(p_accounts text[])
returns table (account text, version bigint)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
	select a.account, a.version
	from signet.mailbox_account a
	where a.account = any (p_accounts)
$$;
comment on function signet.mailbox_versions(text[]) is
	'What version each of these accounts has; those without a row have 0.';

-- A batch of events ----------------------------------------------------------

create or replace function signet.mailbox_batch(p_ids text[], p_ats text[],
	p_accounts text[], p_kinds text[], p_meanings text[])
returns table (place integer)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
	-- One writer at a time for all hosts: words of all are changed in any
	-- order, and nobody has to wait long.
	perform pg_advisory_xact_lock(hashtext('signet.mailbox_batch'));
	return query
	with new as (
		insert into signet.mailbox_event (id, at, account, kind,
						  meaning)
		select e.id::uuid,
		       to_timestamp(e.at::bigint / 1000000)
		       + (e.at::bigint % 1000000)
			 * interval '1 microsecond',
		       e.account, e.kind, nullif(e.meaning, '')
		from unnest(p_ids, p_ats, p_accounts, p_kinds, p_meanings)
		     as e (id, at, account, kind, meaning)
		on conflict (id) do nothing
		returning id)
	select t.place::integer
	from new
	join unnest(p_ids) with ordinality as t (id, place)
	     on t.id::uuid = new.id;
end
$$;
comment on function signet.mailbox_batch(text[], text[], text[], text[],
	text[]) is
	'Begins a batch: notes events (times in microseconds), and gives the places (from 1) of those '
	'that were not known. The transaction is the only one of its kind.';

-- Forgets words of an account, and what all have of them.
create or replace function signet.junk_drop(p_account text, p_words bigint[])
returns integer
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
	dropped integer;
	empty integer;
begin
	with gone as (
		delete from signet.junk_word w
		where w.account = p_account and w.word = any (p_words)
		returning w.word, w.shared_spam, w.shared_ham),
	shared as (
		update signet.junk_word w set
			spam = greatest(w.spam - g.shared_spam, 0),
			ham = greatest(w.ham - g.shared_ham, 0),
			accounts = greatest(w.accounts - 1, 0)
		from gone g
		where p_account <> '' and w.account = '' and w.word = g.word
		and g.shared_spam + g.shared_ham > 0)
	select count(*) into dropped from gone;
	update signet.junk_total t set words = greatest(t.words - dropped, 0)
	where t.account = p_account;
	if p_account <> '' then
		delete from signet.junk_word w
		where w.account = '' and w.word = any (p_words)
		and w.spam = 0 and w.ham = 0;
		get diagnostics empty = row_count;
		update signet.junk_total t
		set words = greatest(t.words - empty, 0)
		where t.account = '';
	end if;
	return dropped;
end
$$;
comment on function signet.junk_drop(text, bigint[]) is
	'Forgets words of an account, and what all have of them from it.';

-- Forgets all that an account learned.
create or replace function signet.junk_clear(p_account text)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
	if p_account = '' then
		update signet.junk_training set shared = false where shared;
		update signet.junk_word
		set shared_spam = 0, shared_ham = 0
		where shared_spam > 0 or shared_ham > 0;
		update signet.junk_total
		set shared_spam = 0, shared_ham = 0
		where shared_spam > 0 or shared_ham > 0;
	else
		perform signet.junk_drop(p_account, array(
			select w.word from signet.junk_word w
			where w.account = p_account
			and w.shared_spam + w.shared_ham > 0));
		update signet.junk_total t set
			spam = greatest(t.spam - own.shared_spam, 0),
			ham = greatest(t.ham - own.shared_ham, 0)
		from signet.junk_total own
		where t.account = '' and own.account = p_account;
	end if;
	delete from signet.junk_word where account = p_account;
	delete from signet.junk_training where account = p_account;
	delete from signet.junk_total where account = p_account;
end
$$;
comment on function signet.junk_clear(text) is
	'Forgets all that an account learned, and what all have of it; '
	'without a name: what all share.';

create or replace function signet.junk_forget(p_account text)
returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
	perform pg_advisory_xact_lock(hashtext('signet.mailbox_batch'));
	perform signet.junk_clear(p_account);
	perform signet.mailbox_touch(p_account);
	perform signet.mailbox_touch('');
end
$$;
comment on function signet.junk_forget(text) is
	'Forgets all that an account learned, as if it had never trained; '
	'without a name: what all share.';

create or replace function signet.junk_lock(p_account text, p_params integer)
returns table (junk boolean, spam integer, ham integer, shared_spam integer,
	       shared_ham integer)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
	one text;
begin
	perform pg_advisory_xact_lock(hashtext('signet.mailbox_batch'));
	foreach one in array array['', p_account] loop
		if exists (select from signet.junk_total t
			   where t.account = one and t.params <> p_params) then
			perform signet.junk_clear(one);
		end if;
		insert into signet.junk_total (account, params)
		values (one, p_params)
		on conflict (account) do nothing;
	end loop;
	return query
	select coalesce(a.junk, true), t.spam, t.ham, t.shared_spam,
	       t.shared_ham
	from signet.junk_total t
	left join signet.mailbox_account a using (account)
	where t.account = p_account;
end
$$;
comment on function signet.junk_lock(text, integer) is
	'Begins the training of an account: what was learned with other words '
	'is forgotten. Gives how much it knows.';

create or replace function signet.junk_states(p_account text,
	p_messages text[])
returns table (message text, state text, at_us bigint, shared boolean)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
	select encode(t.message, 'hex'), t.state,
	       (extract(epoch from t.at) * 1000000)::bigint, t.shared
	from signet.junk_training t
	where t.account = p_account
	and t.message in (select decode(m, 'hex')
			  from unnest(p_messages) m)
$$;
comment on function signet.junk_states(text, text[]) is
	'What is learned of messages: their keys in hexadecimal.';

create or replace function signet.junk_learn(p_account text, p_words bigint[],
	p_spam integer[], p_ham integer[], p_shared_spam integer[],
	p_shared_ham integer[])
returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
	own integer;
	of_all integer;
	gone integer;
begin
	with d as (
		select * from unnest(p_words, p_spam, p_ham, p_shared_spam,
				     p_shared_ham)
			      as d (word, spam, ham, shared_spam, shared_ham)),
	changed as (
		update signet.junk_word w set
			spam = greatest(w.spam + d.spam, 0),
			ham = greatest(w.ham + d.ham, 0),
			shared_spam = greatest(w.shared_spam + d.shared_spam,
					       0),
			shared_ham = greatest(w.shared_ham + d.shared_ham, 0),
			seen = current_date
		from d
		where w.account = p_account and w.word = d.word
		returning w.word, d.shared_spam as spam, d.shared_ham as ham,
			  w.shared_spam + w.shared_ham as now),
	made as (
		insert into signet.junk_word (account, word, spam, ham,
					      shared_spam, shared_ham)
		select p_account, d.word, greatest(d.spam, 0),
		       greatest(d.ham, 0), greatest(d.shared_spam, 0),
		       greatest(d.shared_ham, 0)
		from d
		where d.spam > 0 or d.ham > 0
		on conflict (account, word) do nothing
		returning word, shared_spam as spam, shared_ham as ham),
	share as (
		select c.word, c.spam, c.ham, (c.now > 0)::integer
		       - (c.now - c.spam - c.ham > 0)::integer as accounts
		from changed c where c.spam <> 0 or c.ham <> 0
		union all
		select m.word, m.spam, m.ham, 1
		from made m where m.spam > 0 or m.ham > 0),
	share_changed as (
		update signet.junk_word w set
			spam = greatest(w.spam + s.spam, 0),
			ham = greatest(w.ham + s.ham, 0),
			accounts = greatest(w.accounts + s.accounts, 0),
			seen = current_date
		from share s
		where w.account = '' and w.word = s.word),
	share_made as (
		insert into signet.junk_word (account, word, spam, ham,
					      accounts)
		select '', s.word, greatest(s.spam, 0), greatest(s.ham, 0),
		       greatest(s.accounts, 0)
		from share s
		where s.spam > 0 or s.ham > 0
		on conflict (account, word) do nothing
		returning 1)
	select (select count(*) from made), (select count(*) from share_made)
	into own, of_all;

	delete from signet.junk_word w
	where w.account = p_account and w.word = any (p_words)
	and w.spam = 0 and w.ham = 0;
	get diagnostics gone = row_count;
	update signet.junk_total t set words = greatest(t.words + own - gone, 0)
	where t.account = p_account;

	delete from signet.junk_word w
	where w.account = '' and w.word = any (p_words)
	and w.spam = 0 and w.ham = 0;
	get diagnostics gone = row_count;
	update signet.junk_total t
	set words = greatest(t.words + of_all - gone, 0)
	where t.account = '' and (of_all > 0 or gone > 0);
end
$$;
comment on function signet.junk_learn(text, bigint[], integer[], integer[],
	integer[], integer[]) is
	'Adds to the words of an account, and to those of all: each word '
	'once, with the changes of its counts.';

create or replace function signet.junk_trained(p_account text,
	p_messages text[], p_states text[], p_ats bigint[],
	p_shared boolean[], p_bytes bigint[], p_totals integer[],
	p_done integer[])
returns table (words integer, all_words integer)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
	insert into signet.junk_training as t (account, message, state, at,
					       shared, bytes)
	select p_account, decode(m.message, 'hex'), m.state,
	       to_timestamp(m.at / 1000000)
	       + (m.at % 1000000) * interval '1 microsecond',
	       m.shared, m.bytes
	from unnest(p_messages, p_states, p_ats, p_shared, p_bytes)
	     as m (message, state, at, shared, bytes)
	on conflict (account, message) do update set
		state = excluded.state, at = excluded.at,
		shared = excluded.shared;

	update signet.junk_total t set
		spam = greatest(t.spam + p_totals[1], 0),
		ham = greatest(t.ham + p_totals[2], 0),
		shared_spam = greatest(t.shared_spam + p_totals[3], 0),
		shared_ham = greatest(t.shared_ham + p_totals[4], 0),
		trainings = t.trainings + p_done[1] + p_done[2] + p_done[3],
		trained_at = now()
	where t.account = p_account;
	if p_totals[3] <> 0 or p_totals[4] <> 0 then
		update signet.junk_total t set
			spam = greatest(t.spam + p_totals[3], 0),
			ham = greatest(t.ham + p_totals[4], 0),
			trained_at = now()
		where t.account = '';
		perform signet.mailbox_touch('');
	end if;
	insert into signet.junk_day as d (account, day, spam, ham, undone)
	values (p_account, (now() at time zone 'UTC')::date, p_done[1],
		p_done[2], p_done[3])
	on conflict (account, day) do update set
		spam = d.spam + excluded.spam,
		ham = d.ham + excluded.ham,
		undone = d.undone + excluded.undone;
	perform signet.mailbox_touch(p_account);
	return query
	select t.words, (select s.words from signet.junk_total s
			 where s.account = '')
	from signet.junk_total t where t.account = p_account;
end
$$;
comment on function signet.junk_trained(text, text[], text[], bigint[],
	boolean[], bigint[], integer[], integer[]) is
	'Ends the training of an account: states of messages, the changes of '
	'its totals (spam, ham, and of them shared), and how many were '
	'learned as spam, as ham, and unlearned. Gives how many words there '
	'are now.';

-- Bounds ---------------------------------------------------------------------

create or replace function signet.junk_prune(p_account text, p_most integer,
	p_age interval)
returns integer
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
	dropped integer;
	there integer;
begin
	perform pg_advisory_xact_lock(hashtext('signet.mailbox_batch'));
	dropped := signet.junk_drop(p_account, array(
		select w.word from signet.junk_word w
		where w.account = p_account
		and w.seen < current_date - p_age));
	select count(*) into there from signet.junk_word w
	where w.account = p_account;
	if there > p_most then
		dropped := dropped + signet.junk_drop(p_account, array(
			select w.word from signet.junk_word w
			where w.account = p_account
			order by least(w.spam + w.ham, 3), w.seen, w.word
			limit there - p_most + p_most / 10));
	end if;
	update signet.junk_total t set words = (
		select count(*) from signet.junk_word w
		where w.account = p_account)
	where t.account = p_account;
	if dropped > 0 then
		perform signet.mailbox_touch(p_account);
	end if;
	return dropped;
end
$$;
comment on function signet.junk_prune(text, integer, interval) is
	'Forgets words of an account that were not seen for that long, and of '
	'more than so many the rare and old ones. How many went.';

create or replace function signet.mailbox_expire(p_events interval,
	p_age interval, p_messages integer, p_most integer, p_site integer)
returns table (events bigint, messages bigint, words bigint)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
	one record;
begin
	if not pg_try_advisory_xact_lock(hashtext('signet.mailbox_batch')) then
		return;
	end if;
	delete from signet.mailbox_event e
	where e.loaded_at < now() - p_events;
	get diagnostics events = row_count;
	-- what shared its words makes room for another that does
	with gone as (
		delete from signet.junk_training t
		using (select r.account, r.message, r.at,
			      row_number() over (partition by r.account
						 order by r.at desc) as n
		       from signet.junk_training r) old
		where t.account = old.account and t.message = old.message
		and (old.n > p_messages or old.at < now() - p_age)
		returning t.account, t.state, t.shared),
	sums as (
		select account,
		       count(*) filter (where state = 'spam') as spam,
		       count(*) filter (where state = 'ham') as ham
		from gone where shared group by account),
	room as (
		update signet.junk_total t set
			shared_spam = greatest(t.shared_spam - s.spam, 0),
			shared_ham = greatest(t.shared_ham - s.ham, 0)
		from sums s where t.account = s.account)
	select count(*) into messages from gone;
	words := 0;
	for one in
		select t.account from signet.junk_total t
		where t.words > case when t.account = '' then p_site
				else p_most end
		or exists (select from signet.junk_word w
			   where w.account = t.account
			   and w.seen < current_date - p_age)
	loop
		words := words + signet.junk_prune(one.account,
			case when one.account = '' then p_site else p_most end,
			p_age);
	end loop;
	delete from signet.junk_day d
	where d.day < current_date - interval '3 years';
	return next;
end
$$;
comment on function signet.mailbox_expire(interval, interval, integer, integer,
	integer) is
	'Forgets events, trained messages and words that are old, and what '
	'is above the bounds: messages of an account, its words, words of '
	'all. No row: somebody else is writing.';

-- For administrators ---------------------------------------------------------

create or replace function signet.junk_status()
returns table (accounts bigint, spam bigint, ham bigint, words bigint,
	       trained_at timestamptz, day_spam bigint, day_ham bigint)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
	select count(*), coalesce(sum(t.spam), 0), coalesce(sum(t.ham), 0),
	       coalesce(sum(t.words), 0), max(t.trained_at),
	       (select coalesce(sum(d.spam), 0) from signet.junk_day d
		where d.day = (now() at time zone 'UTC')::date),
	       (select coalesce(sum(d.ham), 0) from signet.junk_day d
		where d.day = (now() at time zone 'UTC')::date)
	from signet.junk_total t
	where t.account <> ''
$$;
comment on function signet.junk_status() is
	'What all accounts have learned, when the last did, and what was '
	'learned today (UTC).';

reset role;
