#!/usr/bin/perl
# The sandbox that our units ask for does not get in the way: programs do their
# work under the filters of their units. Sockets that the supervisor has opened
# are taken over.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/lib";
use POSIX ();
use Test::More;
use Signet::Confined;
use Signet::Socketmap;
use Signet::Util qw(end_process need_programs program_path run_command slurp
    spawn spew top_dir wait_for);

need_programs(qw(systemd-analyze systemd-socket-activate cc));
Signet::Confined->need;
my $wrap = top_dir() . '/t/sandboxed';
my $confined = Signet::Confined->new;
my $dir = $confined->dir;

# Sanitizers make calls that no filter of ours has.
if (slurp(program_path('signet-milter')) !~ /__(?:asan|tsan)_init/) {
	subtest 'under the filters of their units' => sub {
		local $ENV{SIGNET_WRAP} = $wrap;
		$confined->all;
		cmp_ok($confined->milter, '>', 1, '... the unit\'s and its own');
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
	    $confined->config('signet-policy'));
	my $pid = spawn({ err => "$dir/activate.log" },
	    'systemd-socket-activate', '-l', "$dir/policy.sock",
	    program_path('signet-policy'), '-c', $config);
	# who connects starts the program; there is a moment when the socket
	# is there and nobody listens
	my $map = wait_for(60, sub {
		return eval {
			Signet::Socketmap->new("unix:$dir/policy.sock");
		};
	}, sub { 'the socket; ' . slurp("$dir/activate.log") });
	my $inode = (stat "$dir/policy.sock")[1];
	like($map->ask('policy', 'x.invalid'), qr/^(?:TEMP|NOTFOUND)/,
	    'who connects starts the program, and is answered');
	is((stat "$dir/policy.sock")[1], $inode, 'the socket is the same');
	is(end_process($pid), 0, 'a good end') or
	    diag slurp("$dir/activate.log");
	is((stat "$dir/policy.sock")[1], $inode, 'the socket stays');
};

done_testing;
