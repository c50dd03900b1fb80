#!/usr/bin/perl
# The sandbox that our units ask for does not get in the way: programs do their
# work under the filters of their units. What they give up by themselves is
# given up. Sockets that the supervisor has opened are taken over.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/lib";
use IO::Socket::UNIX;
use POSIX ();
use Test::More;
use Signet::Inbound;
use Signet::Postgres;
use Signet::Program;
use Signet::Sign;
use Signet::Signer;
use Signet::Socketmap;
use Signet::Util qw(end_process find_program group_is_alive must_run
    need_programs program_path run_command skip_or_fail slurp spawn spew
    temp_dir top_dir wait_for);

need_programs(qw(systemd-analyze systemd-socket-activate cc));
for my $program (qw(signet-milter signet-sign signet-policy signet-load
	signet-tls-collect signet-mailbox)) {
	program_path($program) or skip_or_fail("$program has not been built");
}
my $sanitized = slurp(program_path('signet-milter'))
    =~ /__(?:asan|tsan)_init/;
my $wrap = top_dir() . '/t/sandboxed';

# Is the process confined? (lib/io/confine.h)
sub confined {
	my ($pid, $name) = @_;
	my $status = slurp("/proc/$pid/status");
	my ($filters) = $status =~ /^Seccomp_filters:\s+(\d+)/m;
	like($status, qr/^Seccomp:\s+2$/m, "$name: a filter of system calls");
	like($status, qr/^NoNewPrivs:\s+1$/m, '... and no new privileges');
	return $filters;
}

my $pg = Signet::Postgres->new;
my $dir = temp_dir();
mkdir "$dir/$_" for qw(spool state);
my $common = "[common]\nspool_directory = $dir/spool\nlog = stderr\n"
    . "[database]\nconninfo = " . $pg->conninfo . "\n"
    . "[dns]\nforward = 127.0.0.1\@9\nroot_key = none\n";
must_run(program_path('signet-load'), '-c', spew("$dir/db.conf", $common),
    '--migrate', '--sql-dir', top_dir() . '/sql');

my %section = (
	'signet-policy' => "[policy]\nlisten = unix:$dir/policy.sock\n"
	    . "[mta_sts]\ndirectory = $dir/state\n",
	'signet-tls-collect' => "[tls_collect]\nlisten = unix:$dir/tls.sock\n",
	'signet-load' => '',
);

sub program {
	my ($name) = @_;
	return Signet::Program->new($name,
	    config => $common . $section{$name});
}

# What a program does all day.
sub milter_works {
	my $in = Signet::Inbound->new;
	is($in->good, '', 'signet-milter: a good message passes');
	my $filters = confined($in->milter->pid, 'signet-milter');
	$in->stop;
	is($in->milter->status, 0, '... a good end');
	return $filters;
}

sub sign_works {
	my $sign = Signet::Signer->new(keys => { 'example.com' => {
		s1 => Signet::Sign->key('rsa', 2048) } });
	my $got = $sign->send(login => 'ann', data =>
	    "From: a\@example.com\nSubject: x\n\nHello\n");
	is($got->{log}{action}, 'signed', 'signet-sign: signs');
	confined($sign->sign->pid, 'signet-sign');
	like($sign->reload, qr/read again/, '... reads its configuration again');
	$sign->stop;
	is($sign->sign->status, 0, '... a good end');
	return;
}

sub others_work {
	for my $name (sort keys %section) {
		my $program = program($name);
		if ($name eq 'signet-policy') {
			like(Signet::Socketmap->new("unix:$dir/policy.sock")
			    ->ask('policy', 'x.invalid'),
			    qr/^(?:TEMP|NOTFOUND)/, "$name: answers");
		}
		# journalctl is run by this one
		confined($program->pid, $name) if $name ne 'signet-tls-collect';
		is($program->stop, 0, "$name: a good end");
	}
	return;
}

subtest 'by themselves' => sub {
	milter_works();
	sign_works();
	others_work();
};

# Sanitizers make calls that no filter of ours has.
if (!$sanitized) {
	subtest 'under the filters of their units' => sub {
		local $ENV{SIGNET_WRAP} = $wrap;
		cmp_ok(milter_works(), '>', 1, '... the unit\'s and its own');
		sign_works();
		others_work();
	};
	subtest 'a filter that lacks something is found' => sub {
		my $unit = slurp(top_dir() . '/milter/signet-milter.service.in');
		mkdir "$dir/t";
		mkdir "$dir/milter";
		spew("$dir/t/sandboxed", slurp($wrap), 0755);
		spew("$dir/milter/signet-milter.service.in",
		    "${unit}SystemCallFilter=~\@network-io\n");
		my ($status) = run_command("$dir/t/sandboxed",
		    program_path('signet-milter'), '-c', spew("$dir/m.conf",
			"[common]\nspool_directory = $dir/spool\n"
			. "log = stderr\n[milter]\nlisten = unix:$dir/m.sock\n"
			. "[dns]\nforward = 127.0.0.1\@9\n"
			. "root_key = none\n"));
		is($status, 128 + POSIX::SIGSYS(), 'it ends the program');
	};
}

subtest 'a socket of the supervisor' => sub {
	my $config = spew("$dir/signet.conf",
	    $common . $section{'signet-policy'});
	my $pid = spawn({ err => "$dir/activate.log" },
	    'systemd-socket-activate', '-l', "$dir/policy.sock",
	    program_path('signet-policy'), '-c', $config);
	wait_for(60, sub { -S "$dir/policy.sock" }, 'the socket');
	my $inode = (stat "$dir/policy.sock")[1];
	like(Signet::Socketmap->new("unix:$dir/policy.sock")->ask('policy',
	    'x.invalid'), qr/^(?:TEMP|NOTFOUND)/,
	    'who connects starts the program, and is answered');
	is((stat "$dir/policy.sock")[1], $inode, 'the socket is the same');
	is(end_process($pid), 0, 'a good end') or
	    diag slurp("$dir/activate.log");
	is((stat "$dir/policy.sock")[1], $inode, 'the socket stays');
};

done_testing;
