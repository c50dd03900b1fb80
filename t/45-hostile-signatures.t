#!/usr/bin/perl
# Floods of signatures, names and tags, and keys that want too much work: the
# answer comes in a time that does not grow with them, and an aligned
# signature is found behind all the others.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/lib";
use MIME::Base64 qw(encode_base64);
use Test::More;
use Signet::Dns;
use Signet::Inbound;
use Signet::Sign;

# Seconds of processor time that any of them may take, signatures checked and
# DNS asked.
use constant LONGEST => 5;
# DNS questions of one message: LIMIT_DNS_QUESTIONS
use constant QUESTIONS => 300;

Signet::Inbound->need;
my %key = map { $_ => Signet::Sign->key('rsa', $_) } 1024, 2048, 4096;
my $zone = Signet::Inbound::good_zone()
    . "*.foreign.example TXT \@nxdomain\n"
    . join '', map { $key{$_}->zone_line("k$_._domainkey.good.example") }
	sort keys %key;
# A record that only looks like a key: the modulus is of that many bits.
sub record_of {
	my ($bits, $exponent) = @_;
	my $number = sub {
		my ($bytes) = @_;
		$bytes = "\0$bytes" if ord($bytes) & 0x80;
		return _der("\x02", $bytes);
	};
	my $key = _der("\x30", $number->("\xc1" x ($bits / 8))
	    . $number->($exponent // "\1\0\1"));
	return 'v=DKIM1; k=rsa; p=' . encode_base64(_der("\x30",
		"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\0"
		. _der("\x03", "\0$key")), '');
}
sub _der {
	my ($tag, $bytes) = @_;
	my $n = length $bytes;
	return $tag . ($n < 128 ? chr $n : "\x82" . pack 'n', $n) . $bytes;
}
$zone .= Signet::Sign::txt_line('large._domainkey.good.example',
	record_of(8192));
$zone .= Signet::Sign::txt_line('huge._domainkey.good.example',
	record_of(16384));
$zone .= Signet::Sign::txt_line('slow._domainkey.good.example',
	record_of(2048, "\xff" x 255));
$zone .= Signet::Sign::txt_line('bomb._domainkey.good.example',
	'v=DKIM1; ' . join '; ', map { "t$_=x" } 1 .. 3000);
$zone .= 'text._domainkey.good.example TXT "' . '\\000' x 200 . "\"\n";

my $in = Signet::Inbound->new(dns => $zone);
my $plain = "From: a\@good.example\nTo: u\@site.test\nSubject: s\n\nHello.\n";
my $signed = $key{2048}->sign($plain, d => 'good.example', s => 's1');

sub hostile {
	my ($name, $data, %want) = @_;
	$in->dns->forget;
	my $start = $in->milter->processor_seconds;
	my $got = eval { $in->send(data => $data) };
	my $took = $in->milter->processor_seconds - $start;
	note sprintf "%s: %.2f s of processor time", $name, $took;
	ok($got && $got->{answer}{action} eq 'continue', "$name: answered")
	    or return diag $@ || $got->{answer}{action};
	cmp_ok($took, '<', LONGEST, "$name: soon");
	cmp_ok($got->{event}{timings}{questions}, '<=', QUESTIONS,
	    "$name: questions");
	my $best = (grep { $_->{domain} eq 'good.example'
		&& $_->{result} eq 'pass' } @{ $got->{event}{dkim} }) ? 'pass'
	    : 'no';
	is($best, $want{dkim} // 'no', "$name: DKIM of the author");
	is($in->good, '', "$name: and then a good one");
	return $got;
}

sub forged {
	my ($n) = @_;
	return "DKIM-Signature: v=1; a=rsa-sha256; d=d$n.foreign.example; "
	    . "s=s; h=from; bh=YWJj; b=YWJj\n";
}
my $foreign = join '', map { forged($_) } 1 .. 1000;

for my $case ([1000 => $foreign], [10_000 => $foreign x 10],
	['1000 of the author' => ($foreign =~ s/d\d+\.foreign/good/gr)]) {
	my ($what, $flood) = @$case;
	my $name = $what =~ /^\d+$/ ? "$what signatures" : $what;
	hostile($name, "$flood$plain");
	# Of more than 2000 fields the rest is not kept, From among them.
	hostile("$name, a good one below 1000",
	    substr($flood, 0, length $foreign) . $signed,
	    $name =~ /author/ ? () : (dkim => 'pass'));
	hostile("$name, a good one on top", $signed =~ s/^(?=From:)/$flood/mr,
	    $what eq '10000' ? () : (dkim => 'pass'));
}

# --- names and tags ---

my $bombs = '';
my %one = (
	'h= of 1 MB' => 'h=' . join(':', ('from') x 200_000),
	'h= of 1 MB, no names' => 'h=' . ':' x 1_000_000,
	'100000 tags' => join('; ', map { "t$_=x" } 1 .. 100_000),
	'1 MB of ;' => ';' x 1_000_000,
	'tag twice' => 'h=from; h=from',
	'b= of 1 MB' => 'b=' . 'QUFB' x 250_000,
	'bh= of 1 MB' => 'bh=' . 'QUFB' x 250_000,
	'l= of 40 digits' => 'l=' . '9' x 40,
	'x= of 40 digits' => 'x=' . '9' x 40,
	't= below zero' => 't=-1',
	'c= of 1 MB' => 'c=' . 'relaxed/' x 100_000,
	's= of 200 labels' => 's=' . join('.', ('a') x 200),
	's= with a slash' => 's=../../etc/passwd',
	'd= of 60 KB' => 'd=' . 'a.' x 30_000 . 'good.example',
	'i= of 60 KB' => 'i=' . 'a' x 60_000 . '@good.example',
	'no value' => '=', 'only blanks' => ' ' x 100_000,
);
for my $name (sort keys %one) {
	my %tag = (v => 1, a => 'rsa-sha256', d => 'good.example', s => 's1',
	    h => 'from', bh => 'YWJj', b => 'YWJj');
	my ($tag) = $one{$name} =~ /^([a-z]+)=/;
	delete $tag{$tag} if defined $tag;
	my $field = join '; ', (map { "$_=$tag{$_}" } sort keys %tag),
	    $one{$name};
	hostile($name, "DKIM-Signature: $field\n$plain");
}
for my $name ('ARC-Seal', 'ARC-Message-Signature',
	'ARC-Authentication-Results') {
	hostile("1000 fields $name", join '', (map { "$name: i=$_; a=rsa-sha256; "
		. "d=d$_.foreign.example; s=s; cv=pass; h=from; bh=YWJj; "
		. "b=YWJj\n" } 1 .. 1000), $plain);
}

# --- keys ---

for my $bits (1024, 2048, 4096) {
	hostile("a key of $bits bits", $key{$bits}->sign($plain,
		d => 'good.example', s => "k$bits"), dkim => 'pass');
}
for my $name (qw(large huge slow bomb text)) {
	my $many = $key{2048}->sign($plain, d => 'good.example', s => $name);
	my ($field) = $many =~ /\A(DKIM-Signature:.*?\n)(?=\S)/s;
	my $got = hostile("100 signatures by the key '$name'",
	    $field x 99 . $many);
	isnt($got->{event}{dkim}[0]{reason} // '', '', '... with a reason');
}

SKIP: {
	skip 'sanitizers hold memory of their own', 1 if $in->has_sanitizer;
	cmp_ok($in->memory('VmHWM'), '<', 64 << 20,
	    'memory was bounded all the time');
}
note 'peak ', $in->memory('VmHWM') >> 10, ' KiB';
is($in->milter->stop, 0, 'ends cleanly');
done_testing;
