#!/usr/bin/perl
# Fail-over: two PostgreSQL clusters with synchronous streaming replication,
# the primary killed with -9 while facts are loaded and reports go out, the
# standby promoted. No fact is lost, none is there twice, no report goes out
# twice but as the same one, and no program is started again. The same through
# PgBouncer in transaction mode.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/lib";
use Digest::SHA ();
use Test::More;
use Signet::Events qw(event_data json);
use Signet::Mailbox qw(spam);
use Signet::Postgres;
use Signet::Program;
use Signet::Reporter;
use Signet::Standby;
use Signet::Util qw(can_connect end_process is_alive must_run need_programs
    program_path skip_or_fail slurp spawn spew temp_dir top_dir wait_for);

Signet::Reporter->need;
need_programs('pgbouncer');
program_path('signet-mailbox') or skip_or_fail('not built');
my $LONG = 180;		# seconds that only a failure takes

sub pair {
	my $pg = Signet::Postgres->new(settings => Signet::Standby::settings());
	my $dir = temp_dir();
	spew("$dir/signet.conf", "[database]\nconninfo = " . $pg->conninfo
	    . "\n");
	must_run(program_path('signet-load'), '-c', "$dir/signet.conf",
	    '--migrate', '--sql-dir', top_dir() . '/sql');
	$pg->login('mailbox', 'signet_mailbox');
	return ($pg, Signet::Standby->new($pg));
}

sub loader {
	my ($conninfo, $spool) = @_;
	return Signet::Program->new('signet-load', dir => temp_dir(),
	    config => <<"END");
[common]
hostname = mx1.example.org
spool_directory = @{[$spool->dir]}
[database]
conninfo = $conninfo
[load]
retry = 1s
END
}

# Facts keep coming while `fail_over` runs in the middle of them.
sub load_through {
	my ($conninfo, $pg, $standby, $fail_over) = @_;
	my $spool = Signet::Events->spool;
	my $load = loader($conninfo, $spool);
	my @events;
	my $put = sub {
		for (1 .. 40) {
			my @some = map { event_data() } 1 .. 25;
			push @events, @some;
			$spool->put(map { json($_) } @some);
		}
	};
	$put->();
	wait_for($LONG, sub { $pg->value('select count(*) from '
		. 'signet.message') > 100 }, sub { $load->log });
	my $pid = $load->pid;
	$fail_over->();
	$put->();
	wait_for($LONG, sub { !$spool->files }, sub { $load->log });
	my $ids = join ',', map { "('$_->{id}'::uuid)" } @events;
	is($standby->value("with e (id) as (values $ids) select count(*), "
		. 'count(distinct id) from signet.message join e using (id)'),
	    join('|', (scalar @events) x 2), 'each fact is there, once');
	is_deeply([$spool->files('bad')], [], 'none was put aside');
	ok($load->running && $load->pid == $pid, 'the loader lived through it');
	is($load->stop, 0, 'and ends well');
	return;
}

subtest 'two hosts in conninfo' => sub {
	my ($pg, $standby) = pair();
	my $mailbox = Signet::Mailbox->new(pg => $pg, conninfo =>
	    $standby->conninfo_of_both =~ s/user=\S+/user=mailbox/r
	    . ' connect_timeout=5');
	my $before = $mailbox->pid;
	$mailbox->move_junk('a', spam($_)) for 1 .. 60;
	load_through($standby->conninfo_of_both, $pg, $standby, sub {
		Signet::Standby::kill_server($pg);
		$mailbox->move_junk('a', spam($_)) for 61 .. 80;
		$standby->promote;
	});
	$mailbox->rest;
	is($standby->value('select count(*) from signet.mailbox_event'), 80,
	    'each event of users is there, once');
	is($mailbox->pid, $before, 'signet-mailbox lived through it');
	$mailbox->stop;
};

subtest 'reports' => sub {
	my ($pg, $standby) = pair();
	my $r = Signet::Reporter->new(pg => $pg);
	$r->configure(database => { conninfo => $standby->conninfo_of_both });
	my @domains = map { sprintf 'd%02d.example', $_ } 1 .. 40;
	$r->zone(join '', map { "_dmarc.$_ TXT \"v=DMARC1; p=none; "
	    . "rua=mailto:d\@$_\"\n" } @domains);
	$r->evaluate(domain => $_, count => 2) for @domains;
	my $log = temp_dir() . '/log';
	my $sent = sub { scalar(() = (slurp($log) // '') =~ /state=sent/g) };
	my $pid = $r->start($log);
	wait_for($LONG, sub { $sent->() >= 10 || !is_alive($pid) },
	    sub { slurp($log) });
	Signet::Standby::kill_server($pg);
	wait_for($LONG, sub { waitpid($pid, 1) == $pid },
	    sub { slurp($log) });
	is($? >> 8, 75, 'the run ends: again later');
	$standby->promote;
	$r->{pg} = $standby;
	# the claim of that run would end in twenty minutes
	$r->hurry;
	my ($status, $text) = $r->run;
	is($status, 0, 'the next one goes on where it was') or diag $text;
	is(scalar(grep { $_->{state} eq 'sent' } $r->reports), 40, 'all sent');
	my %mails;
	push @{ $mails{$_->{to}} }, $_ for $r->mails;
	is(scalar keys %mails, 40, 'and arrived');
	my @twice = grep { @$_ > 1 } values %mails;
	cmp_ok(scalar @twice, '<=', 1, 'but for the one that was on its way, '
	    . 'none goes out again');
	is_deeply([grep { my %kind = map { (join(' ', $_->{file_name},
		Digest::SHA::sha256_hex($_->{gzip})) => 1) } @$_;
	    keys %kind != 1 } @twice], [], 'and that one is the same');
	$r->{mta}->stop;
};

subtest 'through PgBouncer' => sub {
	my ($pg, $standby) = pair();
	my $home = temp_dir();
	chmod 0777, $home;
	my $point_to = sub {
		spew("$home/users.txt", '"postgres" ""' . "\n", 0644);
		spew("$home/pgbouncer.ini", <<"END", 0644);
[databases]
signet = host=$_[0] dbname=signet user=postgres
[pgbouncer]
listen_addr =
unix_socket_dir = $home
listen_port = 6432
auth_type = any
auth_file = $home/users.txt
pool_mode = transaction
default_pool_size = 3
server_round_robin = 1
server_login_retry = 1
logfile = $home/log
END
	};
	$point_to->($pg->dir);
	my $pooler = spawn({ out => "$home/out", user => $> == 0 ? 'postgres'
	    : undef }, 'pgbouncer', "$home/pgbouncer.ini");
	eval {
		wait_for($LONG, sub {
			can_connect("unix:$home/.s.PGSQL.6432");
		}, sub { slurp("$home/out") });
		load_through("host=$home port=6432 dbname=signet user=postgres",
		    $pg, $standby, sub {
			Signet::Standby::kill_server($pg);
			$standby->promote;
			$point_to->($standby->dir);
			kill 'HUP', $pooler;
		});
		1;
	} or fail("through PgBouncer: $@");
	end_process($pooler, 'INT');
};

done_testing;
