#!/usr/bin/perl
# What docs/upgrade.md says of older and newer programs and schemas: an older
# program goes on with a newer schema and does not take it back; a newer one
# keeps all facts until an older schema has been brought up to date; events
# that the database does not know are put aside and can be loaded later; what
# is done twice, or was interrupted, changes nothing.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/lib";
use File::Copy qw(move);
use Test::More;
use Signet::Events qw(event event_data json);
use Signet::Postgres;
use Signet::Util qw(must_run program_path run_command skip_or_fail slurp spew
    temp_dir top_dir);

Signet::Postgres->need;
my $load = program_path('signet-load')
    // skip_or_fail('signet-load has not been built');
my $top = top_dir();
my $page = slurp("$top/docs/upgrade.md");
my $dir = temp_dir();
my $pg = Signet::Postgres->new;
my $spool = Signet::Events->spool("$dir/spool");
my $config = spew("$dir/signet.conf", "[common]\nspool_directory = "
    . $spool->dir . "\n[database]\nconninfo = " . $pg->conninfo . "\n");

# The schema of a later Signet: one step more, and another function.
my $later = "$dir/later";
must_run('cp', '-r', "$top/sql", $later);
spew("$later/schema/999-later.sql", 'set local role signet_owner; '
    . 'create table signet.later (id int); reset role;');
spew("$later/insert-later.sql", <<'END');
set local role signet_owner;
create or replace function signet.insert_later(lines text[])
returns table (inserted bigint, duplicates bigint, last_event_at timestamptz)
language sql as $$ select cardinality(lines)::bigint, 0::bigint, now() $$;
reset role;
END

sub migrate {
	my ($sql) = @_;
	return run_command($load, '-c', $config, '--migrate', '--sql-dir', $sql);
}

sub once { return run_command($load, '-c', $config, '--once') }
sub messages { return $pg->value('select count(*) from signet.v_message') }

# Is it a line of the page, numbers apart?
sub is_told {
	my ($line) = @_;
	(my $pattern = quotemeta $line) =~ s/\d+/\\d+/g;
	return like($page, qr/$pattern/, "the page has: $line");
}

my ($status, $out, $err) = migrate("$top/sql");
is("$status$err", '0', 'the schema of now');
my ($now) = $out =~ /version (\d+)/;
my ($last) = $out =~ /(schema signet: .*)/;
is_told($last);
($status, $out) = migrate("$top/sql");
is($status, 0, 'again');
unlike($out, qr/: applied/, 'changes nothing');

subtest 'an older program, a newer schema' => sub {
	($status, $out, $err) = migrate($later);
	is("$status$err", '0', 'a later schema');
	like($out, qr/^schema\/999-later[.]sql: applied$/m, 'is applied');
	$spool->put(event());
	($status, undef, $err) = once();
	is($status, 0, 'the program of now loads') or diag $err;
	is(messages(), 1, 'its message is there');
	($status, undef, $err) = migrate("$top/sql");
	isnt($status, 0, 'it does not take the schema back');
	my ($line) = $err =~ /(the database is at version .*)/;
	is_told($line // 'a refusal');
	is($pg->value('select max(version) from signet.migrations()'), 999,
	    'the schema is what it was');
};

subtest 'a newer program, an older schema' => sub {
	# what the program calls is not there yet
	$pg->psql('alter function signet.load_events(text, text[]) rename to '
	    . 'not_yet');
	$spool->put(event(), event());
	($status, undef, $err) = once();
	is($status, 75, 'nothing is loaded');
	like($err, qr/database refuses to load, 1 files are kept/, 'it says so');
	my ($line) = $err =~ /(database refuses to load.*?needed\?\))/;
	(my $pattern = quotemeta $line) =~ s/1\\ files/….files/;
	like($page, qr/$pattern/s, 'as the page has it');
	is(scalar $spool->files, 1, 'the facts are in the spool');
	is(scalar $spool->files('bad'), 0, 'none was put aside');
	$pg->psql('alter function signet.not_yet(text, text[]) rename to '
	    . 'load_events');
	($status, $out, $err) = migrate($later);
	is("$status$err", '0', 'the schema comes');
	($status, undef, $err) = once();
	is($status, 0, 'and they are loaded') or diag $err;
	is(messages(), 3, 'all of them');
};

subtest 'an event that is not known' => sub {
	my $data = event_data();
	$spool->put(event(), json({ %$data, type => 'next' }));
	($status, undef, $err) = once();
	is(messages(), 4, 'the others are loaded');
	my @bad = grep { !/[.]reason$/ } $spool->files('bad');
	is(scalar @bad, 1, 'it is put aside');
	like($spool->read_file('bad', "$bad[0].reason"),
	    qr/event type next is not known here/, 'with the reason');
	like($err, qr/put aside/, 'and the log says so') or diag $err;
};

subtest 'interrupted' => sub {
	spew("$later/schema/998-broken.sql",
	    'set local role signet_owner; create table signet.half (id int); select 1/0;');
	($status, $out, $err) = migrate($later);
	isnt($status, 0, 'a step fails');
	is($pg->value("select count(*) from pg_class where relname = 'half'"),
	    0, 'nothing of it is there');
	$spool->put(event());
	is((once())[0], 0, 'facts are loaded as before');
	is(messages(), 5, 'this one, too');
};

done_testing;
