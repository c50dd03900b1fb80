#!/usr/bin/perl
# Where signet-tls-collect reads the log of the mail server: a file that is
# rotated, and the journal through journalctl(1), here a program that speaks
# like it. Each line counts once, whatever ends in between; STARTTLS of others
# is counted; figures for Prometheus.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/lib";
use IO::Socket::UNIX;
use JSON::PP ();
use POSIX ();
use Socket qw(SOCK_DGRAM);
use Test::More;
use Signet::Program;
use Signet::Util qw(program_path skip_or_fail temp_dir slurp spew wait_for);

program_path('signet-tls-collect') or skip_or_fail('not built');
my $LONG = 120;

sub collector {
	my ($dir, $more) = @_;
	mkdir "$dir/spool";
	return Signet::Program->new('signet-tls-collect', dir => $dir,
	    start => 0, seconds => $LONG, config => <<"END");
[common]
hostname = mx1.example.org
spool_directory = $dir/spool
[tls_collect]
listen = none
answers = unix:$dir/answers.sock
log_position = $dir/position
probe = no
$more
END
}

# Events by id: one that was written twice is one.
sub events {
	my ($dir, $type) = @_;
	my %event;
	for my $file (glob "$dir/spool/{open,new}/*.jsonl") {
		my $text = slurp($file) // next;	# moved meanwhile
		for ($text =~ /([^\n]*)\n/g) {
			my $event = JSON::PP::decode_json($_);
			$event{ $event->{id} } = $event
			    if $event->{type} eq $type;
		}
	}
	return values %event;
}

sub wait_events {
	my ($program, $type, $count) = @_;
	my @events;
	wait_for($LONG, sub {
		@events = events($program->dir, $type);
		return @events >= $count;
	}, sub { "$count events, have " . @events . "\n" . $program->log });
	return @events;
}

sub add {
	my ($file, @lines) = @_;
	open my $out, '>>', $file or die "$file: $!\n";
	print {$out} map { "$_\n" } @lines;
	close $out or die "$file: $!\n";
	return;
}

my $day = POSIX::strftime('%Y-%m-%d', gmtime(time - 86400));
my $count = 0;

# What is old is forgotten, by the clock.
sub now { return POSIX::strftime('%Y-%m-%dT%H:%M:%SZ', gmtime) }

# A session of its own: a handshake, and what became of the mail.
sub session {
	my ($domain, $pid) = @_;
	$pid //= 77;
	my $at = now() . ' mx1';
	my $id = sprintf '%06X', ++$count;
	return ("$at postfix/smtp[$pid]: Trusted TLS connection established to "
	    . "mx.$domain\[192.0.2.1]:25: TLSv1.3 with cipher X (256/256 bits) "
	    . 'key-exchange X25519 server-signature ECDSA (prime256v1) '
	    . 'server-digest SHA256',
	    "$at postfix/smtp[$pid]: $id: to=<u\@$domain>, relay=mx.$domain"
	    . "[192.0.2.1]:25, delay=1, delays=0/0/0/1, dsn=2.0.0, "
	    . 'status=sent (250 2.0.0 Ok)');
}

sub figures {
	my ($dir) = @_;
	my $http = IO::Socket::UNIX->new(Peer => "$dir/metrics.sock")
	    or die "metrics.sock: $!\n";
	print {$http} "GET /metrics HTTP/1.0\r\n\r\n";
	$http->flush;
	my $figures = do { local $/; readline $http };
	return $figures =~ s/\r//gr;
}

sub domains { return join ' ', sort map { $_->{recipient_domain} } @_ }

subtest 'a file' => sub {
	my $dir = temp_dir();
	my $log = "$dir/mail.log";
	add($log, session('before.test'));
	my $program = collector($dir, "log_file = $log")->start;
	add($log, session('a.test'));
	is(domains(wait_events($program, 'tls_result', 1)), 'a.test',
	    'what comes from the first start on');
	rename $log, "$log.1" or die $!;
	add($log, session('b.test'));
	wait_events($program, 'tls_result', 2);
	my ($handshake, $delivery) = session('c.test');
	add($log, $handshake);
	wait_for($LONG, sub { slurp("$dir/position") =~ /^\Q$log\E file / },
	    'a position');
	$program->kill;
	add($log, $delivery, session('d.test'));
	rename $log, "$log.2" or die $!;
	add($log, session('e.test'));
	$program->start;
	is(domains(wait_events($program, 'tls_result', 5)),
	    'a.test b.test c.test d.test e.test', 'each once after kill -9');
	is($program->stop, 0, 'exit status');
};

# What is read again after a restart may begin in the middle of a session that
# was told of; the rest of it looks like mail in clear.
subtest 'half a session' => sub {
	my $dir = temp_dir();
	my $log = "$dir/mail.log";
	add($log);
	my $program = collector($dir, "log_file = $log\n"
	    . "metrics = unix:$dir/metrics.sock")->start;
	my ($handshake, $delivery) = session('a.test');
	$handshake =~ s/:\d\dZ /:00Z /;
	$delivery =~ s/:\d\dZ /:01Z /;
	add($log, $handshake);
	wait_for($LONG, sub { figures($dir) =~ /_log_lines_total 1$/m },
	    'the handshake to be read');
	my @other = session('b.test', 88);
	add($log, $other[0], $delivery, $other[1], session('c.test'));
	wait_events($program, 'tls_result', 3);
	wait_for($LONG, sub { slurp("$dir/position") =~ / [1-9]\d*\ntold / },
	    sub { "a position behind it, have\n" . slurp("$dir/position") });
	$program->kill;
	add($log, session('d.test'));
	$program->start;
	is(domains(wait_events($program, 'tls_result', 4)),
	    'a.test b.test c.test d.test', 'each once');
	is($program->stop, 0, 'exit status');
	is_deeply([grep { !$_->{success} } map { @{ $_->{policies} } }
	    events($dir, 'tls_result')], [], 'none without TLS');
};

subtest 'answers of signet-policy' => sub {
	my $dir = temp_dir();
	add("$dir/mail.log");
	my $program = collector($dir, "log_file = $dir/mail.log")->start;
	my $to = IO::Socket::UNIX->new(Type => SOCK_DGRAM,
	    Peer => "$dir/answers.sock") or die "answers.sock: $!\n";
	$to->send(JSON::PP::encode_json({ v => 1, pid => 77,
	    at => now(), key => 's.test', domain => 's.test',
	    map => 'policy', answer => 'secure match=mx.s.test',
	    policy => { type => 'sts', domain => 's.test', mode => 'enforce',
		strings => ['version: STSv1'], mx => ['mx.s.test'] } }))
	    or die "send: $!\n";
	$to->send('no answer') or die "send: $!\n";
	add("$dir/mail.log", session('s.test'));
	my ($event) = wait_events($program, 'tls_result', 1);
	is_deeply([map { "$_->{type} $_->{domain} @{$_->{mx}}" }
	    @{ $event->{policies} }], ['sts s.test mx.s.test',
	    'no-policy-found mx.s.test '], 'the policy of the domain');
	like($program->log, qr/socket for answers .* got something else/,
	    'what is none is told');
	is($program->stop, 0, 'exit status');
};

# --- the journal ---

# The entry N has the cursor "cN".
my $journalctl = <<'END';
#!/bin/sh
dir=${0%/*}
echo "$*" >>"$dir/calls"
for word; do
	case $word in
	--after-cursor=c*) exec tail -n +$((${word#--after-cursor=c} + 1)) -f "$dir/entries" ;;
	esac
done
exec tail -n 0 -f "$dir/entries"
END

my $entries = 0;

sub entry {
	my ($line) = @_;
	my ($tag, $pid, $message) =
	    $line =~ /^\S+ mx1 (\S+)\[(\d+)\]: (.*)/ or die $line;
	return JSON::PP->new->canonical->encode({
	    __CURSOR => 'c' . ++$entries, SYSLOG_IDENTIFIER => $tag,
	    _PID => "$pid", _HOSTNAME => 'mx1', MESSAGE => $message,
	    __REALTIME_TIMESTAMP => time . '000000' });
}

subtest 'the journal' => sub {
	my $dir = temp_dir();
	spew("$dir/journalctl", $journalctl, 0755);
	spew("$dir/position", "journal c0\n");
	add("$dir/entries", map { entry($_) } session('a.test'));
	my $program = collector($dir, "log_journal = yes\n"
	    . "log_journalctl = $dir/journalctl")->start;
	is(domains(wait_events($program, 'tls_result', 1)), 'a.test',
	    'an entry that was there');
	add("$dir/entries", map { entry($_) } session('b.test'));
	wait_events($program, 'tls_result', 2);
	my $asked = '--lines=all --after-cursor=c0';
	like(slurp("$dir/calls"),
	    qr/\A--follow --output=json .* SYSLOG_FACILITY=2 \Q$asked\E$/m,
	    'what journalctl is asked');
	is($program->stop, 0, 'exit status');
	add("$dir/entries", map { entry($_) } session('c.test'));
	$program->start;
	is(domains(wait_events($program, 'tls_result', 3)),
	    'a.test b.test c.test', 'each once after a restart');
	like((split /\n/, slurp("$dir/calls"))[-1],
	    qr/--after-cursor=c[0-4]$/, 'behind what was told');
	is($program->stop, 0, 'exit status');
};

# --- STARTTLS of others ---

subtest 'incoming' => sub {
	my $dir = temp_dir();
	my $log = "$dir/mail.log";
	add($log);
	my $program = collector($dir, "log_file = $log\n"
	    . "metrics = unix:$dir/metrics.sock")->start;
	my $in = "${day}T12:0%d:00Z mx1 postfix/smtpd[%d]: %s";
	add($log, map { sprintf $in, @$_ } (
	    [1, 5, 'Anonymous TLS connection established from '
		. 'x.test[192.0.2.1]: TLSv1.3 with cipher X (256/256 bits)'],
	    [2, 6, 'SSL_accept error from x.test[192.0.2.2]: lost connection'],
	    [2, 6, 'lost connection after STARTTLS from x.test[192.0.2.2]'],
	    [3, 6, 'SSL_accept error from x.test[192.0.2.2]: -1'],
	    [3, 6, 'warning: TLS library problem: error:0A0000C1:SSL '
		. 'routines::no shared cipher:../ssl/statem.c:2226:']));
	my ($event) = wait_events($program, 'tls_incoming', 1);
	is_deeply([@$event{qw(seconds handshakes failed reasons)}], [600, 3, 2,
	    { 'connection-closed-during-handshake' => 1,
	    'no-shared-cipher' => 1 }], 'counts of ten minutes');
	is($event->{at}, "${day}T12:00:00.000Z", 'which ones');
	my $figures = figures($dir);
	like($figures,
	    qr/^signet_tls_collect_incoming_total\{outcome="failure"\} 2$/m,
	    'figures');
	like($figures, qr/^signet_tls_collect_log_lines_total 5$/m, '... lines');
	is($program->stop, 0, 'exit status');
};

done_testing();
