#!/usr/bin/perl
# A message, line, datagram, file or question that crashes a program does so
# once: started again, the program passes over it, with one line in the log, and
# goes on with everything else. The crash is in a library that the test loads
# before the program (t/poison.c); the programs hold nothing of it.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/lib";
use JSON::PP ();
use POSIX ();
use Test::More;
use Signet::Dns;
use Signet::Events qw(event_data json);
use Signet::Mailbox qw(spam);
use Signet::Postfix;
use Signet::Program;
use Signet::Reports qw(dmarc_xml dmarc_record report_mail);
use Signet::Sign;
use Signet::Site;
use Signet::Socketmap;
use Signet::Tlsrpt qw(datagram);
use Signet::Util qw(append_file build_dir must_run program_path run_command
    run_with_input skip_or_fail slurp spew temp_dir wait_for);

my $poison = build_dir() . '/t/poison.so';
-e $poison or skip_or_fail("$poison is not built (make check builds it)");
for my $program (qw(signet-sign signet-tls-collect signet-policy
    signet-mailbox signet-report-intake)) {
	program_path($program) or skip_or_fail("$program is not built");
}
Signet::Site->need;
my $LONG = 120;		# seconds that only a failure takes
my $WORD = 'fatal-bytes';

# The environment of a program that crashes where this function sees $WORD.
sub crash_at {
	my ($function, $by) = @_;
	return (LD_PRELOAD => $poison, SIGNET_POISON => $WORD,
	    SIGNET_POISON_AT => $function, SIGNET_POISON_BY => $by // 'abort',
	    # a sanitizer wants to be the first library
	    ASAN_OPTIONS => join(':', 'verify_asan_link_order=0',
		grep { defined } $ENV{ASAN_OPTIONS}));
}

# It has ended by itself, of a signal.
sub crashed {
	my ($program, $name) = @_;
	wait_for($LONG, sub { !$program->running }, sub { "the end of $name"
	    . $program->log });
	return is($program->status & 127, POSIX::SIGABRT(), "$name crashed");
}

sub crashes { return () = $_[0]->log =~ /the program crashed/g }

# What the supervisor does, and what the log says then.
sub start_again {
	my ($program, $about) = @_;
	$program->start;
	return like($program->log,
	    qr/crashed \(signal \d+\) on $about.*passed over/, 'told what of');
}

# --- mail, through Postfix ---

my $key = Signet::Sign->key('rsa', 1024);
my $dir = temp_dir();
mkdir "$dir/$_", 0755 for qw(site site/keys site/keys/site.example);
spew("$dir/site/keys/site.example/s1.pem", slurp($key->file), 0600);
my $site = Signet::Site->new(dir => "$dir/site",
	without => ['milter', 'postfix'], trust => { skip_local => 'no' },
	own_zone => $key->zone_line('s1._domainkey') . "\@ MX 10 mx\n"
	    . "mx A 127.0.0.1\n\@ TXT \"v=spf1 ip4:127.0.0.1 -all\"\n",
	zones => { 'shop.example' => "\@ TXT \"v=spf1 ip4:192.0.2.20 -all\"\n"
	    . "_dmarc TXT \"v=DMARC1; p=reject\"\n" });
$site->configure(
	keys => { directory => "$dir/site/keys" },
	sign => { listen => "unix:$dir/site/run/sign.sock", socket_mode => 666,
	    check_dns => 'no' },
);
my $milter = $site->program('signet-milter',
    env => { crash_at('EVP_DigestUpdate') });
my $sign = $site->program('signet-sign',
    env => { crash_at('EVP_DigestUpdate') });
$site->{mta} = Signet::Postfix->new(dir => "$dir/site/postfix",
    host => 'mx.site.example', domains => ['site.example'],
    milters => $site->socket . " unix:$dir/site/run/sign.sock");
my $pg = $site->{pg};

sub foreign {
	my ($body, $subject) = @_;
	return $site->send(client => '192.0.2.20', from => 'a@shop.example',
	    data => "From: a\@shop.example\nAuthentication-Results: "
	    . "mx.site.example; dmarc=pass header.from=bank.example\n"
	    . "Subject: @{[$subject // 'x']}\nDKIM-Signature: v=1; "
	    . 'a=rsa-sha256; c=relaxed/relaxed; d=shop.example; s=s1; '
	    . "h=from; bh=AAAA; b=AAAA\n"
	    . "Authentication-Results: mx.site.example; spf=pass\n\n$body\n");
}

sub results_of {
	my ($id) = @_;
	my ($head) = split /\n\n/, $site->delivered($id);
	$head =~ s/\n[ \t]+/ /g;
	return $head =~ /^Authentication-Results: (.*)/mg;
}

subtest 'a message, and signet-milter' => sub {
	my ($reply, $id) = foreign('Hello');
	like($reply, qr/^250 /, 'mail flows');
	like((results_of($id))[0], qr/dmarc=pass/, 'judged');
	($reply) = foreign("Hello $WORD");
	like($reply, qr/^4/, 'the mail server got no answer: try again');
	crashed($milter, 'signet-milter');
	start_again($milter, 'a message from a@shop\.example');
	my $pid = $milter->pid;
	for my $time (1 .. 3) {
		($reply, $id) = foreign("Hello $WORD");
		like($reply, qr/^250 /, "tried again $time: taken");
		my @results = results_of($id);
		is(@results, 1, 'forged results are removed');
		like($results[0], qr/dmarc=temperror/, 'DMARC: temperror');
		like($results[0], qr/spf=temperror/, 'SPF: temperror');
		like($results[0], qr/dkim=temperror/, 'DKIM: temperror');
		unlike($results[0], qr/=pass/, 'and nothing passed');
		my $row = $site->ledger($id, $LONG);
		is($row->{dmarc_result}, 'temperror', 'in the ledger as well');
		is($row->{action_reason}, 'not-judged', 'and why');
	}
	($reply, $id) = foreign('Hello');
	like((results_of($id))[0], qr/dmarc=pass/, 'all other mail is judged');
	ok($milter->running && $milter->pid == $pid, 'the program lives');
	is(crashes($milter), 1, 'one crash in all');
	is(scalar(() = $milter->log =~ /not touched, since the program died/g),
	    3, 'one line for each that was passed over');
	# a site that wants certainty defers what could not be judged
	$site->configure(milter => { dmarc_temperror => 'tempfail' });
	$milter->stop;
	$milter->start;
	($reply) = foreign("Hello $WORD");
	like($reply, qr/^451 4\.7\.26 /, 'dmarc_temperror counts');
	$site->configure(milter => { dmarc_temperror => undef });
	$milter->stop;
	$milter->start;
};

subtest 'an envelope, and signet-milter' => sub {
	$milter->stop;
	$milter = $site->program('signet-milter',
	    env => { crash_at('ub_resolve_async') });
	my $send = sub {
		my ($sender) = @_;
		return $site->send(client => '192.0.2.20', from => $sender,
		    data => "From: $sender\n\nHello\n");
	};
	my ($reply, $id) = $send->("a\@$WORD.example");
	like($reply, qr/^4/, 'try again');
	crashed($milter, 'signet-milter');
	start_again($milter, "a message from a\@$WORD\\.example");
	($reply, $id) = $send->("a\@$WORD.example");
	like($reply, qr/^250 /, 'then it is taken');
	like((results_of($id))[0], qr/dmarc=temperror/, 'as temperror');
	($reply, $id) = $send->('a@shop.example');
	like((results_of($id))[0], qr/dmarc=pass/, 'others are judged');
	is($milter->stop, 0, 'it ends well');
	$milter = $site->program('signet-milter');
};

subtest 'a message of ours, and signet-sign' => sub {
	my $send = sub {
		return $site->send(from => 'a@site.example', data =>
		    "From: a\@site.example\nSubject: x\n\n$_[0]\n");
	};
	my ($reply, $id) = $send->('Hello');
	like($site->delivered($id), qr/^DKIM-Signature: /m, 'signed');
	($reply) = $send->("Hello $WORD");
	like($reply, qr/^4/, 'try again');
	crashed($sign, 'signet-sign');
	start_again($sign, 'a message from a@site\.example');
	my $pid = $sign->pid;
	for (1 .. 2) {
		($reply, $id) = $send->("Hello $WORD");
		like($reply, qr/^250 /, 'then it is taken');
		unlike($site->delivered($id), qr/^DKIM-Signature: /m,
		    'as one that cannot be signed');
		like($sign->log, qr/\Q$id\E: .*why=not_looked_at/, 'told');
	}
	($reply, $id) = $send->('Hello');
	like($site->delivered($id), qr/^DKIM-Signature: /m, 'others are');
	is($sign->pid, $pid, 'one crash in all');
	$site->configure(sign => { signing_failure => 'tempfail' });
	$sign->stop;
	$sign->start;
	($reply) = $send->("Hello $WORD");
	like($reply, qr/^451 /, 'signing_failure counts');
	is($sign->stop, 0, 'it ends well');
};
$site->{mta}->stop;
$milter->stop;

# --- facts ---

subtest 'a line of the spool, and signet-load' => sub {
	$site->{load}->stop;
	my $spool = Signet::Events->spool;
	my $load = Signet::Program->new('signet-load', dir => temp_dir(),
	    env => { crash_at('u8_check') }, start => 0, config => <<"END");
[common]
hostname = mx1.example.org
spool_directory = @{[$spool->dir]}
[database]
conninfo = @{[$pg->conninfo]}
END
	my @events = map { event_data() } 1 .. 20;
	# (a text without other letters is not asked about)
	$events[7]{helo} = "$WORD.m\xfcller.example";
	$spool->put(map { json($_) } @events[0 .. 9]);
	$spool->put(map { json($_) } @events[10 .. 19]);
	eval { $load->start };
	crashed($load, 'signet-load');
	start_again($load, 'the line');
	wait_for($LONG, sub { !$spool->files }, sub { $load->log });
	my $ids = join ',', map { "'$_->{id}'" } @events;
	is($pg->value("select count(*) from signet.message where id in ($ids)"),
	    19, 'all others are rows');
	my ($reason) = grep { /reason$/ } $spool->files('bad');
	like($spool->read_file('bad', $reason),
	    qr/^line 8: the program died of it$/m, 'it is put aside');
	is($load->stop, 0, 'and it ends well');
	is(crashes($load), 1, 'one crash in all');
};

# --- signet-tls-collect ---

sub collect {
	my ($home, $function) = @_;
	mkdir $_, 0755 for $home, "$home/spool";
	spew("$home/mail.log", '') unless -e "$home/mail.log";
	return Signet::Program->new('signet-tls-collect', dir => $home,
	    env => { crash_at($function) }, config => <<"END");
[common]
hostname = mx1.example.org
spool_directory = $home/spool
[tls_collect]
listen = unix:$home/tlsrpt.sock
answers = unix:$home/answers.sock
log_position = $home/position
log_file = $home/mail.log
probe = no
END
}

sub domains_in {
	my ($home) = @_;
	my %seen = map { ($_->{recipient_domain} // '') => 1 }
	    map { JSON::PP::decode_json($_) }
	    Signet::Events::spool_lines("$home/spool");
	return join ' ', grep { length } sort keys %seen;
}

sub wait_domains {
	my ($home, $wanted, $program) = @_;
	my $got;
	eval { wait_for($LONG, sub {
		$got = domains_in($home);
		return $got eq $wanted;
	}) };
	return is($got, $wanted, 'the others are there') || diag $program->log;
}

subtest 'a datagram, and signet-tls-collect' => sub {
	my $home = "$dir/datagrams";
	my $program = collect($home, 'json_loadb');
	my $send = sub {
		my $to = Signet::Tlsrpt->sender("$home/tlsrpt.sock");
		$to->send(datagram(d => $_[0])) or die $to->error;
	};
	$send->('one.test');
	wait_domains($home, 'one.test', $program);
	$send->("$WORD.test");
	crashed($program, 'signet-tls-collect');
	start_again($program, 'a datagram');
	$send->("$WORD.test");
	$send->('two.test');
	wait_domains($home, 'one.test two.test', $program);
	is($program->stop, 0, 'it ends well');
	is(crashes($program), 1, 'one crash in all');
};

sub session {
	my ($domain) = @_;
	my $at = POSIX::strftime('%Y-%m-%dT%H:%M:%SZ', gmtime) . ' mx1';
	return "$at postfix/smtp[77]: Trusted TLS connection established to "
	    . "mx.$domain\[192.0.2.1]:25: TLSv1.3 with cipher X (256/256 bits) "
	    . 'key-exchange X25519 server-signature ECDSA (prime256v1) '
	    . "server-digest SHA256\n$at postfix/smtp[77]: ABCDE: "
	    . "to=<u\@$domain>, relay=mx.$domain\[192.0.2.1]:25, delay=1, "
	    . 'delays=0/0/0/1, dsn=2.0.0, '
	    . "status=sent (250 2.0.0 Ok)\n";
}

# Such a line is read again after each start, as long as it is unfinished.
subtest 'a line of the log, and signet-tls-collect' => sub {
	my $home = "$dir/lines";
	my $program = collect($home, 'memmem');
	wait_for($LONG, sub { -s "$home/position" }, 'a position');
	append_file("$home/mail.log", session('one.test'));
	wait_domains($home, 'one.test', $program);
	append_file("$home/mail.log", session("$WORD.test")
	    . session('two.test'));
	crashed($program, 'signet-tls-collect');
	# each line of the session is one
	for my $line (1, 2) {
		$program->begin;
		last if wait_for($LONG, sub {
			!$program->running ? 'ended'
			    : domains_in($home) =~ /two/ ? 'lives' : 0;
		}, sub { $program->log }) eq 'lives';
	}
	ok($program->running, 'it goes on');
	like($program->log, qr/crashed .* on the line .*passed over/, 'told');
	wait_domains($home, 'one.test two.test', $program);
	is($program->stop, 0, 'it ends well');
};

# --- signet-policy ---

subtest 'a destination, and signet-policy' => sub {
	my $home = "$dir/policy";
	mkdir $_, 0755 for $home, "$home/spool", "$home/state";
	my $dns = Signet::Dns->new(table => <<"END");
plain.test MX 10 mx.plain.test
mx.plain.test A 192.0.2.1
*.test * \@nodata
END
	my $program = Signet::Program->new('signet-policy', dir => $home,
	    env => { crash_at('ub_resolve_async') }, config => <<"END");
[common]
hostname = mx.site.example
log = stderr
spool_directory = $home/spool
[dns]
forward = @{[$dns->address]}
root_key = none
timeout = 10s
[mta_sts]
directory = $home/state
[policy]
listen = unix:$home/policy.sock
deadline = 60s
answers = none
END
	my $ask = sub {
		my $map = Signet::Socketmap->new("unix:$home/policy.sock");
		return $map->ask('policy', $_[0]);
	};
	is($ask->('plain.test'), 'NOTFOUND ', 'it answers');
	ok(!eval { $ask->("$WORD.test"); 1 }, 'no answer');
	crashed($program, 'signet-policy');
	start_again($program, "the destination $WORD\\.test");
	my $pid = $program->pid;
	like($ask->("$WORD.test"), qr/^TEMP this destination has crashed/,
	    'mail to that destination waits') for 1 .. 3;
	is($ask->('plain.test'), 'NOTFOUND ', 'all others have answers');
	ok($program->running && $program->pid == $pid, 'it lives');
	is($program->stop, 0, 'and ends well');
};

# --- signet-mailbox ---

subtest 'an event, and signet-mailbox' => sub {
	$pg->login('mailbox', 'signet_mailbox');
	my $mailbox = Signet::Mailbox->new(pg => $pg, start => 0);
	$mailbox->{option}{env} = { crash_at('u8_check') };
	my $bad = spam(1) =~ s/\r\n\r\n/\r\n\r\n$WORD M\xc3\xbcller /r;
	$mailbox->move_junk('a', spam($_)) for 1 .. 5;
	$mailbox->move_junk('a', $bad);
	$mailbox->move_junk('a', spam($_)) for 6 .. 9;
	eval { $mailbox->start };
	crashed($mailbox, 'signet-mailbox');
	start_again($mailbox, 'the event T-');
	$mailbox->rest;
	is($pg->value("select count(*) from signet.mailbox_event where "
		. "account = 'a'"), 9, 'all others are learned');
	is(scalar(my @files = glob $mailbox->spool . '/bad/*'), 1,
	    'it is put aside');
	is($mailbox->ask(user => 'a', message => spam(3))->{verdict},
	    'unsure', 'and questions are answered');
	is($mailbox->stop, 0, 'it ends well');
	is(crashes($mailbox), 1, 'one crash in all');
};

# --- signet-report-intake: each report has a process of its own ---

subtest 'a report, and signet-report-intake' => sub {
	my $home = "$dir/intake";
	mkdir $_, 0755 for $home, "$home/spool";
	spew("$home/signet.conf", <<"END");
[common]
hostname = mx.site.example
log = stderr
spool_directory = $home/spool
[report_intake]
domains = site.example
directory = $home/keep
END
	my %env = crash_at('EVP_DigestUpdate');
	my $take = sub {
		local @ENV{keys %env} = values %env;
		my ($status, $out, $error) = run_with_input($_[0],
		    program_path('signet-report-intake'), '-c',
		    "$home/signet.conf", '--queue-id', 'Q1');
		return ($status, $out . $error);
	};
	my $mail = "X-Word: $WORD\n" . report_mail(gzip => dmarc_xml());
	is(($take->($mail))[0], 128 + POSIX::SIGABRT(), 'it crashed');
	my ($status, $log) = $take->($mail);
	is($status, 0, 'then it is taken') or diag $log;
	like($log, qr/crashed \(signal \d+\) on the message.*passed over/,
	    'told what of');
	like($log, qr/Q1: aside .*reason="?the program died of it/, 'aside');
	my ($kept) = grep { -f } glob "$home/keep/aside/*";
	like(slurp($kept // '/dev/null'), qr/\Q$WORD\E/, 'for a person');
};

done_testing;
