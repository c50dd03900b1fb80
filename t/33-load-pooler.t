#!/usr/bin/perl
# signet-load through PgBouncer in transaction mode: nothing depends on the
# state of a session, so each transaction may meet another server connection.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/lib";
use Test::More;
use Signet::Events qw(event event_data json);
use Signet::Postgres;
use Signet::Program;
use Signet::Util qw(run_command spew temp_dir program_path top_dir
    skip_or_fail need_programs spawn end_process wait_for can_connect slurp);

Signet::Postgres->need;
need_programs('pgbouncer');
my $load = program_path('signet-load') or skip_or_fail('not built');
my $pg = Signet::Postgres->new;
my $dir = temp_dir();
my $spool = Signet::Events->spool("$dir/spool");

my @pooler;	# process id
END { my $s = $?; end_process($_, 'INT') for @pooler; $? = $s }

sub start_pooler {
	my $home = temp_dir();
	spew("$home/users.txt", '"postgres" ""' . "\n", 0644);
	spew("$home/pgbouncer.ini", <<"END", 0644);
[databases]
signet = host=@{[$pg->dir]} dbname=signet user=postgres
[pgbouncer]
listen_addr =
unix_socket_dir = $home
listen_port = 6432
auth_type = any
auth_file = $home/users.txt
pool_mode = transaction
default_pool_size = 3
min_pool_size = 3
server_round_robin = 1
logfile = $home/log
END
	chmod 0777, $home;
	push @pooler, spawn({ out => "$home/out", user =>
	    $> == 0 ? 'postgres' : undef }, 'pgbouncer',
	    "$home/pgbouncer.ini");
	wait_for(15, sub { can_connect("unix:$home/.s.PGSQL.6432") },
	    sub { 'pgbouncer: ' . (slurp("$home/out") // '') });
	return $home;
}

my $pooler = start_pooler();
spew("$dir/signet.conf", <<"END");
[common]
hostname = mx1.example.org
spool_directory = @{[$spool->dir]}
[database]
conninfo = host=$pooler port=6432 dbname=signet user=postgres
END

sub load {
	my ($status, $out, $error) = run_command($load, '-c',
	    "$dir/signet.conf", @_);
	is($status, 0, "signet-load $_[0]") or diag $out, $error;
	return;
}

load('--migrate', '--sql-dir', top_dir() . '/sql');
load('--migrate', '--sql-dir', top_dir() . '/sql');
my @events = map { event_data() } 1 .. 200;
my @lines = map { json($_) } @events;
while (my @some = splice @lines, 0, 10) {
	$spool->put(@some, 'nonsense');
}
my $service = Signet::Program->new('signet-load', dir => $dir);
wait_for(20, sub { !$spool->files }, 'an empty spool');
is($service->stop, 0, 'ends cleanly');
my $ids = join ',', map { "'$_->{id}'" } @events;
is($pg->value("select count(*) from signet.message where id in ($ids)"), 200,
    'each row once');
is($pg->value('select refused from signet.v_loader'), 20,
    'bad lines are found');
load('--expire');

done_testing;
