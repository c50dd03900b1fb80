#!/usr/bin/perl
# signet-milter and signet-sign fail, and the Postfix that gives them mail,
# while mail flows: docs/operations.md, cells milter-*, sign-* and
# mta-*.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/lib";
use IO::Socket::UNIX;
use Test::More;
use Signet::FaultSite;
use Signet::Gate;
use Signet::Milter;
use Signet::Sign;
use Signet::Util qw(free_port group_is_alive program_path skip_or_fail slurp
    spew temp_dir wait_for);

Signet::FaultSite->need;
program_path('signet-sign') or skip_or_fail('signet-sign has not been built');

my $keys = temp_dir();
mkdir "$keys/site.example", 0755 or die "$keys: $!\n";
spew("$keys/site.example/s1.pem", slurp(Signet::Sign->key('rsa',
	2048)->file), 0600);
my $sockets = temp_dir();
my ($port, $sign) = free_port();
my $world = Signet::FaultSite->new(
	without => ['flow'], submission => $port,
	services => "127.0.0.1:$port inet n - n - - smtpd\n"
	    . "  -o smtpd_milters=unix:$sockets/door.sock\n",
	settings => {
		keys => { directory => $keys },
		sign => { listen => "unix:$sockets/sign.sock", check_dns =>
		    'no', socket_mode => 666, networks => '192.0.2.25' },
	},
	logs => { 'signet-sign' => sub { $sign->log } },
);
my $site = $world->{site};
$sign = $site->program('signet-sign');
my $door = Signet::Gate->new(listen => "unix:$sockets/door.sock",
    to => "unix:$sockets/sign.sock", replies => {
	nonsense => sub { "\xff" x length $_[0] } });

# The five ways of a program behind a gate: `later` is what mail does
# while it is away.
sub cells {
	my ($faults, $program, $gate, $prepare) = @_;
	my $flow = $world->{flow};
	$faults->cell(absent => lines => 1000, sub {
		$flow->pause;
		$program->stop;
		$flow->resume;
		$flow->later(4);
		$program->start;
		$world->well(2);
	});
	$faults->cell(lost => lines => 1000, sub {
		$flow->taken(3);
		$program->kill;
		$flow->later(2);
		$program->start;
		$world->well(2);
	});
	$faults->cell(slow => sub {
		$prepare->() if $prepare;
		$gate->slow(0.03);
		$world->well(2);
		$gate->pass;
	});
	$faults->cell(wrong => lines => 1000, sub {
		$gate->lie('nonsense');
		$flow->later(3);
		$gate->pass;
		my $text = slurp($site->config_file);
		spew($site->config_file, "$text\n[dns]\ntimeout = soon\n");
		$program->signal('HUP');
		$faults->line(1);
		spew($site->config_file, $text);
		$world->well(2);
	});
	$faults->cell(flapping => lines => 1000, sub {
		for (1 .. 4) {
			$program->kill;
			$flow->later(1);
			$program->start;
			$flow->taken(1);
		}
		$world->well(2);
	});
	return $faults->done;
}

$world->start_flow;
cells($world->faults('milter'), $site->{milter}, $world->{door}, sub {
	$world->{flow}->pause;
	$site->{mta}->set(smtpd_milters => "unix:$world->{dir}/run/door.sock");
	$world->{flow}->resume;
});
$world->{flow}->stop;
$world->start_flow(kinds => ['own']);
cells($world->faults('sign'), $sign, $door);

# --- the Postfix that gives us mail ---

$world->{flow}->stop;
$site->{mta}->set(smtpd_milters => $site->socket);
$world->start_flow;
my $flow = $world->{flow};
my $mta = $world->faults('mta');

sub kill_postfix {
	my $pid = slurp("$world->{dir}/postfix/queue/pid/master.pid") =~ /(\d+)/
	    ? $1 : die "no master\n";
	kill 'KILL', -$pid;
	wait_for(60, sub { !group_is_alive($pid) }, 'the end of Postfix');
	return;
}

# A message that stops before its end; the connection.
sub half_a_message {
	my $on = Signet::Milter->new(socket => $site->socket, timeout => 60);
	$on->negotiate;
	$on->connect('mail.good.example', '192.0.2.1');
	$on->helo('mail.good.example');
	$on->mail('<ann@good.example>');
	$on->rcpt('<user@site.example>');
	$on->header('From', ' ann@good.example');
	return $on;
}

$mta->cell(absent => sub {
	$flow->pause;
	$site->{mta}->stop;
	$site->{milter}->restart;
	$flow->resume;
	$flow->later(2);
	$site->{mta}->start;
	$world->well(2);
});

$mta->cell(lost => sub {
	$flow->taken(3);
	kill_postfix();
	$flow->later(2);
	$site->{mta}->start;
	$world->well(2);
});

$mta->cell(slow => sub {
	my @open = map { half_a_message() } 1 .. 20;
	$flow->taken(6);
	for my $on (@open) {
		$on->eoh;
		$on->macros(E => { i => '4SLOW' });
		is($on->eom->{action}, 'continue', 'answered at last')
		    if $on == $open[0] || $on == $open[-1];
	}
	$world->well(2);
});

$mta->cell(wrong => sub {
	my @open = map { half_a_message() } 1 .. 10;
	@open = ();	# hung up
	for my $bytes ("GET / HTTP/1.0\r\n\r\n", "\xff" x 1000,
		"\0\0\0\x0dO\0\0") {
		my $socket = IO::Socket::UNIX->new(Peer => $site->socket
			=~ s/^unix://r) or die "socket: $!\n";
		syswrite $socket, $bytes;
	}
	$flow->taken(6);
	$world->well(2);
});

$mta->cell(flapping => sub {
	for (1 .. 3) {
		$site->{mta}->stop;
		$flow->later(1);
		$site->{mta}->start;
		$flow->taken(1);
	}
	$world->well(2);
});
$mta->done;

is($sign->stop, 0, 'signet-sign ends well');
$world->stop;
done_testing;
