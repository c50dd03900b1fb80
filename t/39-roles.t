#!/usr/bin/perl
# A role of the database can call the functions that docs/database.md gives
# it, and nothing else: no table, view, sequence or function, no object of its
# own, no file, no other role, no other server.  Functions that run with
# the owner's rights look nothing up where a caller could put something, and
# take no argument for SQL.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/lib";
use Test::More;
use Signet::Events qw(event);
use Signet::Postgres;
use Signet::Util qw(must_run program_path top_dir slurp skip_or_fail
    spew temp_dir wait_for);

Signet::Postgres->need;
my $load = program_path('signet-load') or skip_or_fail('not built');
my $pg = Signet::Postgres->new;

my $dir = temp_dir();
spew("$dir/signet.conf", "[common]\nhostname = mx.site.test\n");

sub migrate {
	my ($conninfo) = @_;
	return must_run($load, '-c', "$dir/signet.conf", '--migrate',
	    '--sql-dir', top_dir() . '/sql', '-d',
	    $conninfo // $pg->conninfo);
}

migrate();
$pg->psql("select signet.load_events('x', array['" . event() . "'])");
$pg->psql('analyze');

# What the page says: role => names of functions.
my %may;
for (split /\n/, slurp(top_dir() . '/docs/database.md')) {
	my ($role, $names) = /^\| `(signet_\w+)` \| (`.*`) \|$/ or next;
	$may{$role} = [sort $names =~ /`(\w+)`/g];
}
my $all = sub { return split /\n/, $pg->psql(@_) };
my @roles = $all->('select rolname from pg_roles where rolname like '
    . "'signet\\_%' and rolname <> 'signet_owner' order by 1");
is_deeply([sort keys %may], [sort @roles], 'the page has every role');
my %login = map { $_ => 'l_' . s/^signet_//r } @roles;
$pg->login($login{$_}, $_) for @roles;
# logs in, and is in no group
$may{stranger} = [];
$login{stranger} = 'l_stranger';
$pg->login('l_stranger');
push @roles, 'stranger';

# What became of each statement: its SQLSTATE ('00000': it was done).
sub states {
	my ($user, @statements) = @_;
	my ($said) = $pg->try_psql({ user => $user },
	    '\set ON_ERROR_STOP off', '\set VERBOSITY sqlstate',
	    '\o /dev/null', map { ("$_;", '\echo STATE :SQLSTATE') }
	    @statements);
	my @said = $said =~ /^STATE (\w{5})$/mg;
	die "answers to " . @said . ' of ' . @statements . " statements\n"
	    if @said != @statements;
	return map { $statements[$_] => $said[$_] } 0 .. $#said;
}

# Statements that were not refused for want of a right.
sub not_refused {
	my ($user, @statements) = @_;
	my %state = states($user, @statements);
	return map { "$_: $state{$_}" } grep { $state{$_} ne '42501' }
	    @statements;
}

my @relations = $all->(<<'END');
select oid::regclass from pg_class
where relnamespace = 'signet'::regnamespace and relkind in ('r', 'p')
order by 1
END
my @views = $all->(<<'END');
select oid::regclass from pg_class
where relnamespace = 'signet'::regnamespace and relkind in ('v', 'm')
order by 1
END
my @sequences = $all->(<<'END');
select oid::regclass from pg_class
where relnamespace = 'signet'::regnamespace and relkind = 'S' order by 1
END
# Functions with a call of each.  A call of a strict one with null would be
# answered without asking who calls.
my %call = map { split /\t/ } $all->(<<'END');
select p.oid::regprocedure || E'\t' || format('select %s(%s)',
	p.oid::regproc, (select string_agg(case
		when y.typcategory = 'A' then '''{}'''
		when y.typcategory = 'N' then '''1'''
		when y.typcategory = 'B' then '''t'''
		when y.typcategory = 'D' then '''2026-01-02'''
		when y.typcategory = 'T' then '''1 day'''
		when y.typcategory = 'S' then '''x'''
		when y.typname in ('json', 'jsonb') then '''{}'''
		else 'null' end || '::' || format_type(t, null), ', '
		order by n)
		from unnest(p.proargtypes) with ordinality a (t, n)
		join pg_type y on y.oid = t))
from pg_proc p
where p.pronamespace = 'signet'::regnamespace
and p.prorettype <> 'trigger'::regtype and p.prokind = 'f'
END

sub name_of { return $_[0] =~ /^signet\.(\w+)\(/ ? $1 : die $_[0] }

cmp_ok(scalar @relations, '>', 40, 'there are tables');
cmp_ok(scalar @views, '>', 20, '... views');
cmp_ok(scalar @sequences, '>', 3, '... sequences');
cmp_ok(scalar keys %call, '>', 150, '... and functions');

subtest 'the groups' => sub {
	is($pg->psql(<<'END'), '', 'no login, and nothing special');
select rolname from pg_roles where rolname like 'signet\_%' and (rolcanlogin
or rolsuper or rolcreaterole or rolcreatedb or rolreplication or rolbypassrls
or rolconfig is not null)
END
	is($pg->psql(<<'END'), '', 'no group is in a group');
select m.roleid::regrole, m.member::regrole from pg_auth_members m
where m.member::regrole::text like 'signet\_%'
END
	is($pg->psql(<<'END'), '', 'all belongs to signet_owner');
select oid::regclass::text from pg_class
where relnamespace = 'signet'::regnamespace
and relowner <> 'signet_owner'::regrole
union all
select oid::regprocedure::text from pg_proc
where pronamespace = 'signet'::regnamespace
and proowner <> 'signet_owner'::regrole
END
	is($pg->psql(<<'END'), '', 'nothing of the schema is for all');
select relname, relacl from pg_class c, aclexplode(c.relacl) a
where relnamespace = 'signet'::regnamespace and a.grantee = 0
union all
select proname, proacl from pg_proc p, aclexplode(coalesce(p.proacl,
	acldefault('f', p.proowner))) a
where pronamespace = 'signet'::regnamespace and a.grantee = 0
END
	is($pg->psql(<<'END'), '', 'no right can be handed on');
select relname from pg_class c, aclexplode(c.relacl) a
where relnamespace = 'signet'::regnamespace and a.is_grantable
and a.grantee <> 'signet_owner'::regrole
union all
select proname from pg_proc p, aclexplode(p.proacl) a
where pronamespace = 'signet'::regnamespace and a.is_grantable
and a.grantee <> 'signet_owner'::regrole
END
	is($pg->psql(<<'END'), '', 'no rights to single columns');
select attrelid::regclass, attname from pg_attribute a
join pg_class c on c.oid = a.attrelid
where c.relnamespace = 'signet'::regnamespace and a.attacl is not null
END
};

# --- statements that nobody of them may give ---

my @objects = (
	'create schema mine',
	'create database mine',
	'create tablespace mine location \'/tmp\'',
	'create table signet.mine (a int)',
	'create table public.mine (a int)',
	'create temporary table mine (a int)',
	'create temporary view mine as select 1',
	'create temporary sequence mine',
	'select 1 as a into temporary mine',
	'create function pg_temp.mine() returns int language sql as '
	    . '$$ select 1 $$',
	'create function signet.mine() returns int language sql as '
	    . '$$ select 1 $$',
	'create function public.mine() returns int language sql as '
	    . '$$ select 1 $$',
	'create function public.mine() returns int language c as '
	    . "'libc', 'system'",
	'create procedure public.mine() language sql as $$ select 1 $$',
	'create view signet.mine as select 1',
	'create view public.mine as select 1',
	'create materialized view public.mine as select 1 as a',
	'create sequence signet.mine',
	'create type signet.mine as (a int)',
	'create domain public.mine as int',
	'create collation public.mine from "C"',
	'create operator public.!!! (rightarg = int, procedure = int4um)',
	'create text search dictionary public.mine (template = simple)',
	'create conversion public.mine for \'LATIN1\' to \'UTF8\' from '
	    . 'iso8859_1_to_utf8',
	'create language plperlu',
	'create extension dblink',
	'create extension postgres_fdw',
	'create extension file_fdw',
	'create extension hstore',
	'create extension adminpack',
	'create extension pageinspect',
	'create foreign data wrapper mine',
	'create event trigger mine on ddl_command_end execute function '
	    . 'signet.migrations()',
	'create access method mine type index handler bthandler',
	'create publication mine',
	'create publication mine for all tables',
	'create publication mine for table signet.message',
	"create subscription mine connection 'host=x' publication p",
	'create role mine',
	'create role mine superuser',
);

my @theirs = (
	'create index on signet.message (helo)',
	'create rule mine as on insert to signet.message do also select 1',
	'create trigger mine before insert on signet.message for each row '
	    . 'execute function suppress_redundant_updates_trigger()',
	'create policy mine on signet.message',
	'create statistics signet.mine on helo, size from signet.message',
	'alter table signet.message disable trigger all',
	'alter table signet.message add column a int',
	'alter table signet.message owner to current_user',
	'alter schema signet rename to mine',
	'alter schema signet owner to current_user',
	'alter function signet.migrations() reset all',
	'alter function signet.migrations() security invoker',
	"alter function signet.migrations() set search_path = ''",
	'alter function signet.migrations() owner to current_user',
	'create or replace function signet.migrations() returns table '
	    . '(version integer, name text, digest text) language sql '
	    . "as \$\$ select 1, '', '' \$\$",
	'comment on table signet.message is null',
	'comment on schema signet is null',
	'drop table signet.message',
	'drop schema signet cascade',
	'drop function signet.migrations()',
	'drop database signet',
	'reindex table signet.message',
	'cluster signet.message using message_pkey',
	'do $$ begin lock table signet.message; end $$',
	'do $$ begin lock table signet.message in access share mode; end $$',
	'truncate signet.message',
	'table signet.message',
	'explain select * from signet.message',
	'select m from signet.message m',
	'select 1 from signet.message',
	'declare c cursor with hold for select * from signet.message',
	'do $$ begin perform 1 from signet.message; end $$',
	'with d as (delete from signet.message returning 1) select * from d',
	'insert into signet.message select * from signet.message',
	'merge into signet.loader l using (select 1) s on true when matched '
	    . 'then delete',
	'select * from signet.message for update',
	'copy signet.message to stdout',
	'copy (select * from signet.message) to stdout',
	"copy signet.message from '/dev/null'",
	'refresh materialized view signet.message',
	'grant select on signet.message to current_user',
	'grant signet_owner to current_user',
	'grant signet_admin to current_user',
	'grant postgres to current_user',
	'grant pg_read_all_data to current_user',
	'grant pg_read_server_files to current_user',
	'reassign owned by signet_owner to current_user',
	'drop owned by signet_owner',
	'alter default privileges for role signet_owner grant all on tables '
	    . 'to public',
	'alter database signet set search_path = mine',
	'alter database signet owner to current_user',
	'alter role current_user superuser',
	'alter role current_user createrole',
	'alter role current_user bypassrls',
	'alter role signet_owner login',
	"alter role signet_owner password 'x'",
	"alter role postgres password 'x'",
	'alter role signet_owner set search_path = mine',
	'alter role all set search_path = mine',
	'drop role signet_owner',
	'set role signet_owner',
	'set role postgres',
	'set role pg_read_all_data',
	'set role pg_execute_server_program',
	'set session authorization signet_owner',
	'set session authorization postgres',
);

my $launcher = wait_for(60, sub { $pg->value('select pid from '
    . "pg_stat_activity where backend_type = 'autovacuum launcher'") },
    'the autovacuum launcher');
my @server = (
	"copy (select 1) to program 'true'",
	"copy (select 1) to '/tmp/mine'",
	"alter system set log_statement = 'all'",
	"set session_replication_role = 'replica'",
	"set session_preload_libraries = 'x'",
	"set log_statement = 'none'",
	'set zero_damaged_pages = on',
	'set allow_system_table_mods = on',
	'set lo_compat_privileges = on',
	"set dynamic_library_path = '/tmp'",
	"load 'auto_explain'",
	'checkpoint',
	"select pg_read_file('PG_VERSION')",
	"select pg_read_binary_file('PG_VERSION')",
	"select pg_ls_dir('.')",
	"select pg_stat_file('PG_VERSION')",
	'select pg_ls_logdir()',
	'select pg_ls_waldir()',
	'select pg_current_logfile()',
	'select pg_reload_conf()',
	'select pg_rotate_logfile()',
	'select pg_switch_wal()',
	"select pg_create_restore_point('x')",
	"select pg_create_physical_replication_slot('x')",
	"select pg_create_logical_replication_slot('x', 'test_decoding')",
	"select pg_backup_start('x')",
	'select pg_promote()',
	'select pg_stat_reset()',
	"select pg_terminate_backend($launcher)",
	"select pg_cancel_backend($launcher)",
	"select pg_log_backend_memory_contexts($launcher)",
	'select * from pg_authid',
	'select * from pg_shadow',
	'select * from pg_statistic',
	'select * from pg_largeobject',
	'select * from pg_user_mapping',
	'select subconninfo from pg_subscription',
	'select * from pg_hba_file_rules',
	'select * from pg_file_settings',
	'select * from pg_ident_file_mappings',
	'select * from pg_backend_memory_contexts',
	'select * from pg_shmem_allocations',
	"update pg_proc set prosecdef = false where proname = 'migrations'",
	"insert into pg_auth_members select 1, 1, 1",
	"delete from pg_class where relname = 'message'",
	'select lo_create(0)',
	'select lo_creat(-1)',
	"select lo_from_bytea(0, '\\x00')",
	"select lo_import('/etc/passwd')",
	"select lo_export(4242, '/tmp/mine')",
	"select lo_put(4242, 0, '\\x00')",
	'select lo_unlink(4242)',
	'select lo_get(4242)',
);

$pg->psql('select lo_create(4242)');

# Those that this release of PostgreSQL has: extensions of a package that is
# not installed are not refused for want of a right.
my %there = map { $_ => 1 } $all->('select name from pg_available_extensions');
@objects = grep { !/^create extension (\w+)/ || $there{$1} } @objects;
@objects = grep { !/^create language/ } @objects unless $there{plperlu};

for my $role (@roles) {
	my $user = $login{$role};
	subtest $role => sub {
		is_deeply([not_refused($user, @objects)], [],
		    'makes no object');
		is_deeply([not_refused($user, @theirs)], [],
		    'touches no object, no right, no role');
		is_deeply([not_refused($user, @server)], [],
		    'no file, no setting, no catalogue, no large object');
		is_deeply([not_refused($user, map { ("select * from $_",
		    "delete from $_", "insert into $_ default values",
		    "truncate $_", "copy $_ to stdout",
		    "do \$\$ begin lock table $_; end \$\$") }
		    @relations)], [], 'no table');
		is_deeply([not_refused($user, map { ("select nextval('$_')",
		    "select setval('$_', 1)", "select currval('$_')",
		    "select last_value from $_") } @sequences)], [],
		    'no sequence');
		my %can = states($user, map { "select * from $_ limit 1" }
		    @views);
		is_deeply({ map { $_ => $can{"select * from $_ limit 1"} }
			@views }, { map { $_ => $role eq 'signet_admin'
			? '00000' : '42501' } @views }, 'views');
		# 55000: not even the owner could
		is_deeply([grep { !/: 55000$/ } not_refused($user, map {
		    ("delete from $_", "insert into $_ default values") }
		    @views)], [], 'changes nothing through a view');
		rights($role, $user);
	};
}

# What the catalogue says, beyond what can be tried.
sub rights {
	my ($role, $user) = @_;
	my %mine = map { $_ => 1 } @{ $may{$role} };
	is_deeply([$all->(<<"END")], $may{$role}, 'functions of the page');
select distinct proname::text collate "C" from pg_proc
where pronamespace = 'signet'::regnamespace
and has_function_privilege('$user', oid, 'execute') order by 1
END
	is_deeply([not_refused($user, map { $call{$_} }
	    grep { !$mine{name_of($_)} } sort keys %call)], [],
	    'no other function');
	is($pg->psql(<<"END"), '', 'no more of the system than anybody');
select oid::regprocedure::text from pg_proc
where pronamespace <> 'signet'::regnamespace
and has_function_privilege('$user', oid, 'execute')
and not has_function_privilege('l_stranger', oid, 'execute')
union all
select oid::regclass::text from pg_class c
where relkind in ('r', 'v', 'm', 'p', 'f', 'S')
and not (relnamespace = 'signet'::regnamespace and relkind = 'v')
and exists (select from unnest(array['select', 'insert', 'update', 'delete',
	'truncate', 'references', 'trigger']) p
	where relkind <> 'S' and has_table_privilege('$user', c.oid, p)
	and not has_table_privilege('l_stranger', c.oid, p))
union all
select nspname from pg_namespace n where has_schema_privilege('$user',
	n.oid, 'create')
union all
select rolname from pg_roles r where pg_has_role('$user', oid, 'member')
and rolname not in ('$user', '$role')
END
	my ($seen) = $pg->psql({ user => $user }, <<'END');
select count(*) filter (where schemaname = 'signet'), (select count(*)
	from pg_stat_activity where usename <> current_user
	and query not in ('', '<insufficient privilege>'))
from pg_stats
END
	is($seen, '0|0', 'no values in statistics, no words of others');
	return;
}

is($pg->value('select count(*) from signet.message'), 1,
    'and nothing was changed');
# no error, only a warning that nothing was granted
$pg->try_psql({ user => $login{signet_admin} },
    'grant usage on schema signet to public',
    'grant select on all tables in schema signet to public',
    'grant execute on all functions in schema signet to public',
    'revoke all on all functions in schema signet from signet_load');
is($pg->value("select has_schema_privilege('l_stranger', 'signet', 'usage') "
	. "or not has_function_privilege('l_load', "
	. "'signet.migrations()', 'execute') or has_function_privilege("
	. "'l_stranger', 'signet.signing_keys(text)', 'execute')"), 'f',
    'nor a right');

# --- functions with the owner's rights ---

subtest 'each function says where it looks' => sub {
	is($pg->psql(<<'END'), '', 'search_path');
select oid::regprocedure from pg_proc
where pronamespace = 'signet'::regnamespace and not coalesce(proconfig, '{}')
	@> '{"search_path=pg_catalog, pg_temp"}'
and (prosecdef or prolang <> (select oid from pg_language
	where lanname = 'sql'))
END
};

# A login that could make objects all the same, as one in a database that is
# not Signet's alone.
subtest 'names of a caller are not looked up' => sub {
	$pg->psql('create schema trap; grant all on schema trap to public;'
	    . 'grant temporary on database signet to public');
	my @traps;
	for my $schema ('trap', 'pg_temp') {
		push @traps, map { my ($name) = /\.(\w+)$/;
		    "create table $schema.$name (a text)" } @relations;
		push @traps, "create function $schema.now() returns "
		    . "timestamptz language plpgsql as \$\$ begin raise "
		    . "exception 'trapped'; end \$\$",
		    "create function $schema.lower(text) returns text "
		    . "language plpgsql as \$\$ begin raise exception "
		    . "'trapped'; end \$\$",
		    "create function $schema.equal(text, text) returns "
		    . "boolean language plpgsql as \$\$ begin raise exception "
		    . "'trapped'; end \$\$",
		    "create operator $schema.= (leftarg = text, rightarg = "
		    . "text, procedure = $schema.equal)";
	}
	for my $role (sort grep { $_ ne 'stranger' } keys %may) {
		my %mine = map { $_ => 1 } @{ $may{$role} };
		my @calls = map { $call{$_} } grep { $mine{name_of($_)} }
		    sort keys %call;
		my %before = states($login{$role}, @calls);
		my ($out, $error) = $pg->try_psql({ user => $login{$role} },
		    'begin;', (map { "$_;" } @traps),
		    'set local search_path = trap, pg_temp, signet;',
		    '\set VERBOSITY sqlstate', 
		    (map { ("savepoint s;", "\\set ON_ERROR_STOP off",
		    "$_;", '\echo STATE :SQLSTATE', 'rollback to s;') }
		    @calls));
		my @state = $out =~ /^STATE (\w+)$/mg;
		is_deeply([@state], [map { $before{$_} } @calls],
		    "$role: the same as ever") or diag $error;
	}
	$pg->psql('drop schema trap cascade; '
	    . 'revoke temporary on database signet from public');
};

subtest 'item_45_arguments_are_values' => sub {
	my $evil = q{x'; drop schema signet cascade; --"$$};
	(my $quoted = $evil) =~ s/'/''/g;
	my %value = (text => "'$quoted'", 'text[]' => "array['$quoted']",
		jsonb => "jsonb_build_object('$quoted', '$quoted')");
	my $before = $pg->psql('select count(*) from pg_class');
	for my $role (sort grep { $_ ne 'stranger' } keys %may) {
		my %mine = map { $_ => 1 } @{ $may{$role} };
		my @calls;
		for my $name (grep { $mine{name_of($_)} } sort keys %call) {
			(my $call = $call{$name}) =~ s/('[^']*'|null)
			    ::([^,)]+)/($value{$2} \/\/ $1) . "::$2"/gex;
			push @calls, $call;
		}
		my %state = states($login{$role}, @calls);
		is_deeply([map { "$_: $state{$_}" } grep {
		    # syntax, unknown name: SQL was made of it
		    $state{$_} =~ /^(?:42|XX)/ } sort keys %state], [], $role);
	}
	is($pg->psql('select count(*) from pg_class'), $before,
	    'all is there');
};

subtest 'a right that somebody granted goes with the next migration' => sub {
	$pg->psql('grant select on signet.message to signet_load, public; '
	    . 'grant execute on function signet.insert_events(text[]) to '
	    . 'signet_policy; grant temporary on database signet to public');
	migrate();
	is_deeply([not_refused($login{signet_load},
	    'select * from signet.message',
	    'create temporary table mine (a int)')], [], 'loader');
	is_deeply([not_refused($login{signet_policy},
	    "select signet.insert_events(array['{}'])")], [], 'policy');
};

subtest 'where others have tables, nothing is taken from them' => sub {
	$pg->psql('create database shared');
	my $shared = $pg->conninfo(dbname => 'shared');
	must_run("$pg->{bin}/psql", '-Xqc', 'create table theirs (a int)',
	    '-d', $shared);
	migrate($shared);
	is(must_run("$pg->{bin}/psql", '-XAtqc', 'select '
	    . "has_database_privilege('l_stranger', 'shared', 'temporary')", '-d',
	    $shared) =~ s/\n//r, 't', 'temporary tables');
};

done_testing;
