#!/usr/bin/perl
# DNS that does not answer, answers late, wrongly or too much: temperror is
# never "none" and never "pass", mail is answered within the deadline, and
# nobody makes us ask more than is good for the world.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/lib";
use IO::Socket::UNIX;
use Test::More;
use Signet::Inbound;
use Signet::Sign;
use Signet::Util qw(now need_programs);
use Signet::Zone;

Signet::Inbound->need;

# [dns] timeout, and what an answer may take beyond it on a busy machine: less
# than to wait a second time.
use constant { TIMEOUT => 4, SLACK => 3.5, QUESTIONS_MOST => 300 };

my $key = Signet::Sign->key('rsa', 1024);
my $in = Signet::Inbound->new(dns_options => { timeout => TIMEOUT . 's' });
my $good = Signet::Inbound::good_zone();

# A message of x@DOMAIN, signed by it, with the table of this case.
sub sent {
	my ($domain, $table, %option) = @_;
	$in->dns->table("$good$table");
	$in->dns->forget;
	my $data = $key->sign("From: x\@$domain\nSubject: x\n\nbody\n",
	    d => $domain, s => 's1');
	my $start = now();
	my $got = $in->send(from => "x\@$domain", helo => "mail.$domain",
	    data => $data, %option);
	$got->{took} = now() - $start;
	cmp_ok($got->{took}, '<', TIMEOUT + SLACK, "$domain: in time");
	cmp_ok($got->{event}{timings}{questions}, '<=', QUESTIONS_MOST,
	    "$domain: questions");
	return $got;
}

# Names of results, in one string.
sub results {
	my ($got) = @_;
	my $event = $got->{event};
	return join ' ', "spf=$event->{spf}{mailfrom}{result}",
	    'dkim=' . ($event->{dkim}[0]{result} // 'none'),
	    "dmarc=$event->{dmarc}{result}";
}

# Everything a domain publishes, each type replaced in turn.
sub published {
	my ($domain, %other) = @_;
	my %line = (
		spf => "$domain TXT \"v=spf1 ip4:192.0.2.1 -all\"",
		dmarc => "_dmarc.$domain TXT \"v=DMARC1; p=reject\"",
		dkim => $key->zone_line("s1._domainkey.$domain"), %other,
	);
	return join '', map { "$_\n" } values %line;
}

my $n = 0;
sub next_domain { return 'f' . ++$n . '.example' }

{
	my $domain = next_domain();
	is(results(sent($domain, published($domain))),
	    'spf=pass dkim=pass dmarc=pass', 'all is well');
}

# --- each question fails in each way ---

my %owner = (spf => '%s TXT', dmarc => '_dmarc.%s *',
	dkim => 's1._domainkey.%s *');
for my $fault ('@servfail', '@refused', '@silence', '@formerr', '@garbage',
	'@slow 60', '@loop', '@chain') {
	for my $part (qw(spf dkim dmarc)) {
		my $domain = next_domain();
		my $line = sprintf "$owner{$part} $fault", $domain;
		# a chain goes on below the name
		$line .= "\n*." . $line =~ s/ TXT / * /r if $fault eq '@chain';
		my $got = sent($domain, published($domain, $part => $line));
		my $event = $got->{event};
		my $result = $part eq 'spf' ? $event->{spf}{mailfrom}{result}
		    : $part eq 'dkim' ? $event->{dkim}[0]{result}
		    : $event->{dmarc}{result};
		is($result, 'temperror', "$fault for $part");
		is($got->{answer}{action}, 'continue', '... and mail flows');
		my ($said) = $part eq 'spf' ? qr/spf=temperror/
		    : qr/$part=temperror/;
		like($got->{results}, $said, '... which the field says');
	}
	is($in->good, '', "$fault: and then a good one");
}
for my $case (['@nxdomain', 'none', 'permerror', 'none'],
	['@nodata', 'none', 'permerror', 'none']) {
	my ($fault, @want) = @$case;
	my $domain = next_domain();
	my $got = sent($domain, "$domain * $fault\n*.$domain * $fault\n");
	is(results($got), "spf=$want[0] dkim=$want[1] dmarc=$want[2]",
	    "$fault is an answer");
}
{
	my $domain = next_domain();
	my $got = sent($domain, published($domain,
		spf => "$domain TXT \@truncate \"v=spf1 ip4:192.0.2.1 -all\""));
	is(results($got), 'spf=pass dkim=pass dmarc=pass',
	    'an answer over TCP alone');
	ok((grep { $_->[0] eq 'tcp' } $in->dns->questions), '... was asked');
	$domain = next_domain();
	$got = sent($domain, published($domain, spf => "$domain TXT "
		. '@slow 0.3 "v=spf1 ip4:192.0.2.1 -all"'));
	is(results($got), 'spf=pass dkim=pass dmarc=pass',
	    'a slow answer is waited for');
}

# A failing p=reject whose aligned check could not be asked is no "fail".
{
	my $domain = next_domain();
	my $got = sent($domain, published($domain, dkim => '',
		spf => "$domain TXT \@servfail"));
	is($got->{event}{dmarc}{result}, 'temperror',
	    'nothing passes, SPF could not be asked: no verdict');
	is($got->{answer}{action}, 'continue', '... and no reject');
	$in->reconfigure(milter => { dmarc_temperror => 'tempfail' });
	$domain = next_domain();
	$got = sent($domain, published($domain, dmarc =>
		"_dmarc.$domain * \@servfail"));
	is($got->{answer}{action}, 'reply', 'dmarc_temperror = tempfail');
	like($got->{answer}{text}, qr/^451 4\.7\.\d+ /, '... try again');
	$in->reconfigure(milter => { dmarc_temperror => undef });
}

# --- the server goes and comes ---

{
	$in->dns->table($good);
	$in->dns->stop;
	my $start = now();
	my $got = $in->send(from => 'x@gone.example', data =>
	    "From: x\@gone.example\n\nx\n", helo => 'mail.gone.example');
	cmp_ok(now() - $start, '<', TIMEOUT + SLACK, 'no server: in time');
	is(results($got), 'spf=temperror dkim=none dmarc=temperror',
	    '... and no verdict');
	$in->dns->start;
	my $on = $in->open;
	$on->connect('mail.back.example', '192.0.2.77');
	$on->helo('mail.back.example');
	$in->dns->stop;
	my $domain = next_domain();
	$on->mail("<x\@$domain>");
	$on->rcpt('<u@site.test>');
	$on->header(From => " x\@$domain");
	$on->eoh;
	my $id = Signet::Inbound::next_id();
	$on->macros(E => { i => $id });
	is($on->eom->{action}, 'continue', 'gone in mid-message: answered');
	is($in->log_of($id)->{dmarc}, 'temperror', '... without a verdict');
	$domain = next_domain();
	$in->dns->table($good . published($domain));
	$in->dns->start;
	my $back;
	Signet::Util::wait_for(30, sub {
		$domain = next_domain();
		$back = results(sent($domain, published($domain)));
		return $back eq 'spf=pass dkim=pass dmarc=pass';
	}, 'a verdict with the server back');
	pass('back: verdicts again');
}

# --- dead domains delay nobody ---

# The connections that the milter has counted.
sub connections {
	my $socket = IO::Socket::UNIX->new(Peer => $in->metrics)
	    or die "metrics: $!\n";
	syswrite $socket, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n";
	my $all = '';
	1 while sysread $socket, $all, 65536, length $all;
	return $all =~ /^signet_milter_connections_total (\d+)$/m ? $1
	    : die "no count in $all\n";
}

# All wait at the same time: a good message comes before them all, and the
# first and the last of them are answered less than one waiting time apart. It
# is long, so that a busy machine does not matter.
{
	my $long = 2 * TIMEOUT;
	$in->reconfigure(dns => { timeout => "${long}s" });
	$in->dns->table("$good*.dead.example * \@silence\n"
	    . "dead.example * \@silence\n");
	my ($before, $log) = (connections(), length $in->milter->log);
	my @waiting = map { $in->open } 1 .. 20;
	my $k = 0;
	for my $on (@waiting) {
		my $domain = 'd' . ++$k . '.dead.example';
		$on->connect($domain, "192.0.2.$k");
		$on->helo($domain);
		$on->mail("<x\@$domain>");
		$on->rcpt('<u@site.test>');
		$on->header(From => " x\@$domain");
		$on->eoh;
	}
	$_->send_packet('E') for @waiting;
	is($in->good, '', '20 messages wait for dead servers: a good one');
	is(scalar(grep { $_->has_input } @waiting), 0, '... is not delayed');
	my (%answers, @at);
	my %left = map { $_ => $waiting[$_] } 0 .. $#waiting;
	Signet::Util::wait_for(20 * $long, sub {
		for my $n (grep { $left{$_}->has_input } sort keys %left) {
			$answers{ (delete $left{$n})->answer->{action} }++;
			push @at, now();
		}
		return !%left;
	}, 'an answer to each');
	is_deeply(\%answers, { continue => 20 }, 'an answer at last');
	cmp_ok($at[-1] - $at[0], '<', $long * 3 / 4, '... all at once');
	is(connections(), $before + 21, '... and no connection is counted but '
	    . 'these');
	is_deeply([grep { !/ action=/ } split /\n/, substr $in->milter->log,
	    $log], [], '... or told in the log');
	$in->reconfigure(dns => { timeout => TIMEOUT . 's' });
}

# --- amplification (item_04_spf_amplification sees each rule) ---

# What one message may cost, in questions that reach the network.
sub costs {
	my ($name, $most, $table, %option) = @_;
	my $domain = next_domain();
	$table =~ s/\bDOMAIN\b/$domain/g;
	my $got = sent($domain, $table, %option);
	# The resolver may still ask for names of tests before.
	my $questions = grep { $_->[1] !~ /dead\.example$/
	    && ($_->[1] !~ /f\d+\.example$/ || $_->[1] =~ /\b\Q$domain\E$/) }
	    $in->dns->questions;
	cmp_ok($questions, '<=', $most, "$name: $questions questions");
	is($in->good, '', "$name: and then a good one");
	return $got;
}
my $got = costs('include of itself', 30,
	'DOMAIN TXT "v=spf1 include:DOMAIN include:DOMAIN -all"');
is($got->{event}{spf}{mailfrom}{result}, 'permerror', '... is permerror');
$got = costs('a ring of includes', 40,
	"DOMAIN TXT \"v=spf1 include:i0.DOMAIN\"\n" . join '', map { "i$_."
	    . 'DOMAIN TXT "v=spf1 include:i' . ($_ + 1) % 5 . ".DOMAIN\"\n" }
	0 .. 4);
is($got->{event}{spf}{mailfrom}{result}, 'permerror', '... is permerror');
$got = costs('100 includes', 60, 'DOMAIN TXT "v=spf1 '
    . join(' ', map { "include:i$_.DOMAIN" } 1 .. 20) . ' " "'
    . join(' ', map { "include:i$_.DOMAIN" } 21 .. 100) =~
	s/(.{200}) /$1 " "/gr . " -all\"\n"
    . "*.DOMAIN TXT \"v=spf1 a:a.DOMAIN a:b.DOMAIN ?all\"\n");
is($got->{event}{spf}{mailfrom}{result}, 'permerror', '... is permerror');
$got = costs('a tree of includes', 60, "DOMAIN TXT \"v=spf1 include:a.DOMAIN "
    . "include:b.DOMAIN\"\n*.DOMAIN TXT \"v=spf1 include:a.%{h}.DOMAIN "
    . "include:b.%{h}.DOMAIN\"\n");
$got = costs('100 MX hosts', 60, 'DOMAIN TXT "v=spf1 mx -all"' . "\n"
    . join '', map { "DOMAIN MX $_ m$_.DOMAIN.\n" } 1 .. 100);
is($got->{event}{spf}{mailfrom}{result}, 'permerror', '... is permerror');
$got = costs('mx ten times', 150, 'DOMAIN TXT "v=spf1 '
    . join(' ', map { "mx:x$_.DOMAIN" } 1 .. 10) . " -all\"\n"
    . join '', map { my $x = $_;
	map { "x$x.DOMAIN MX $_ m$_.x$x.DOMAIN.\n" } 1 .. 10 } 1 .. 10);
$got = costs('void names', 40, 'DOMAIN TXT "v=spf1 '
    . join(' ', map { "a:v$_.DOMAIN" } 1 .. 10) . " -all\"\n");
is($got->{event}{spf}{mailfrom}{result}, 'permerror', '... is permerror');
$got = costs('a flood of PTR names', 60, 'DOMAIN TXT "v=spf1 ptr -all"'
    . "\n" . join('', map { "99.2.0.192.in-addr.arpa PTR p$_.DOMAIN.\n" }
	1 .. 100), client => '192.0.2.99');
is($got->{event}{iprev}{result}, 'fail', '... and no name is confirmed')
    or diag explain $got->{event}{iprev};
$got = costs('a walk of 40 labels', 60, "*.DOMAIN TXT \"x\"\n",
    data => 'From: x@' . join('.', ('l') x 40) . ".walk.example\n\nx\n");
$got = costs('50 authors', 120, '',
    data => 'From: ' . join(', ', map { "x\@a$_.b.c.d.e.f$_.example" }
	1 .. 50) . "\n\nx\n");
$got = costs('1000 signers', 120, '', data => join('', map {
	"DKIM-Signature: v=1; a=rsa-sha256; d=s$_.q.example; s=s; h=from; "
	. "bh=YWJj; b=YWJj\n" } 1 .. 1000) . "From: x\@q.example\n\nx\n");
is($in->milter->stop, 0, 'ends cleanly');

# --- DNSSEC ---

SKIP: {
	my @needed = qw(nsd ldns-signzone);
	my @missing = grep { !Signet::Util::find_program($_) } @needed;
	need_programs(@needed) if @missing && ($ENV{CI} // '') eq 'true';
	skip "not installed: @missing", 1 if @missing;
	my $record = $key->zone_line('s1._domainkey');
	my $text = "\@ TXT \"v=spf1 ip4:192.0.2.1 -all\"\n"
	    . "_dmarc TXT \"v=DMARC1; p=reject\"\n$record";
	my $zone = Signet::Zone->new('secure.test' => $text,
	    'plain.test' => { text => $text, unsigned => 1 },
	    'bogus.test' => { text => $text, bogus => 1 },
	    'expired.test' => { text => $text, expired => 1 },
	    'broken.test' => { servfail => 1 });
	my $site = Signet::Inbound->new(dns => $zone,
	    dns_options => { timeout => '5s' });
	my %want = (secure => 'pass', plain => 'pass', bogus => 'temperror',
	    expired => 'temperror', broken => 'temperror');
	for my $name (sort keys %want) {
		my $domain = "$name.test";
		my $mail = $key->sign("From: x\@$domain\n\nbody\n",
		    d => $domain, s => 's1');
		my $got = $site->send(from => "x\@$domain",
		    helo => "mail.$domain", data => $mail);
		my $r = $want{$name};
		is(results($got), "spf=$r dkim=$r dmarc=$r", $domain);
		my $state = { secure => 'secure', plain => 'insecure',
			bogus => 'bogus', expired => 'bogus' }->{$name} // next;
		is($got->{event}{dmarc}{dnssec}, $state, "... DMARC is $state");
		is($got->{event}{spf}{mailfrom}{dnssec}, $state,
		    "... SPF is $state");
		is($got->{event}{dkim}[0]{dnssec}, $state, "... DKIM is $state");
	}
	is($site->milter->stop, 0, 'ends cleanly');
}
done_testing;
