#!/usr/bin/perl
# Authentication-Results fields that came with a message and claim to be ours
# are gone, however they are spelt, however many and wherever they are; those
# of others stay.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/lib";
use Test::More;
use Signet::Inbound;
use Signet::Milter;

Signet::Inbound->need;
my $in = Signet::Inbound->new(
	milter => { authserv_id => 'mx.site.test',
	    own_ids => "b\xc3\xbccher.test, old.site.test" });
my $rest = '; dkim=pass header.d=bank.example';
my $name = 'Authentication-Results';

# The message after the milter has changed it, and what is known of it.
sub sent {
	my ($in, $head) = @_;
	my $data = $head . "From: a\@good.example\nSubject: x\n\nbody\n";
	my $got = $in->send(data => $data);
	is($got->{answer}{action}, 'continue', 'answered') or return;
	$got->{after} = Signet::Milter::apply($data, $got->{answer});
	return $got;
}

my @ours = (
	'mx.site.test', 'MX.Site.TEST', 'mx.site.test.', 'mx.site.test..',
	'"mx.site.test"', '"mx.si\te.test"', '"mx".site.test',
	'(x)mx.site.test', '(x (y) \) z) mx.site.test (;)', 'mx.(x)site.test',
	"\n mx.site.test\n ", "\tmx.site.test\t", 'mx.site.test 1',
	'mx.site.test (v) 1', 'mx.site.test/1', 'mx . site . test',
	"mx.site\n .test", "\x01mx.site.test", "mx.si\xe2\x80\x8bte.test",
	"\xef\xbd\x8d\xef\xbd\x98.site.test", "mx\xe3\x80\x82site.test",
	'mx.site.test (no end', 'mx.site.test,other', 'mx.site.test:25',
	"b\xc3\xbccher.test", 'xn--bcher-kva.test', "B\xc3\x9cCHER.TEST.",
	"bu\xcc\x88cher.test", 'old.site.test', '', '""', '=?utf-8?q?mx?=',
	"\xff", '()',
);
for my $id (@ours) {
	(my $shown = $id) =~ s/([^ -~])/sprintf '\\x%02x', ord $1/ge;
	my $got = sent($in, "$name: $id$rest\n") or next;
	unlike($got->{after}, qr/bank\.example/, "[$shown] is gone");
	is($got->{log}{forged}, 1, '... and counted');
}
for my $field ('authentication-results', 'AUTHENTICATION-RESULTS',
	'Authentication-Results ', "Authentication-Results\t") {
	my $got = sent($in, "$field: mx.site.test$rest\n") or next;
	unlike($got->{after}, qr/bank\.example/, "name '$field'");
}
for my $id ('other.test', 'site.test', 'a.mx.site.test', 'mx.site.test.evil',
	'mx-site.test', 'mx.site.test1', 'other (mx.site.test) 1') {
	my $got = sent($in, "$name: $id$rest\n") or next;
	like($got->{after}, qr/^\Q$name: $id$rest\E$/m, "[$id] stays");
	is($got->{log}{forged}, undef, '... and is not counted');
}

# opendmarc and opendkim lost count here (CVE-2022-48521).
for my $count (1 .. 50) {
	my $head = '';
	my $keep = '';
	for my $i (1 .. $count) {
		my $good = "$name: other$i.test; spf=pass smtp.helo=$i\n";
		$keep .= $good;
		my @two = ("$name: $ours[$i % @ours]$rest\n", $good);
		$head .= join '', $i % 3 ? @two : reverse @two;
		$head .= "$name: mx.site.test$rest\n" if $i % 7 == 0;
	}
	my $got = sent($in, $head) or next;
	my $all = join '', $got->{after} =~ /^($name: other.*\n)/mg;
	ok($got->{after} !~ /bank\.example/ && $all eq $keep,
	    "$count interleaved: ours are gone, others stay in order");
	is($got->{event}{forged_removed}, $count + int($count / 7),
	    '... and are counted');
}

{
	my $many = join '', map { "X-$_: $_\n" } 1 .. 5000;
	my $got = sent($in, "$many$name: mx.site.test$rest\n$name: other.test"
		. "; none\n");
	unlike($got->{after}, qr/bank/, 'one behind 5000 others is gone');
	like($got->{after}, qr/other\.test; none/, '... a good one is not');
	$got = sent($in, "$name: other.test; none\n" x 5000
	    . "$name: mx.site.test$rest\n");
	unlike($got->{after}, qr/bank/, 'one behind 5000 of others');
	is(scalar(() = $got->{after} =~ /other\.test; none/g), 5000,
	    '... which stay');
	$got = sent($in, "$name: mx.site.test$rest\n" x 5000);
	unlike($got->{after}, qr/bank/, '5000 of ours');
	is($got->{event}{forged_removed}, 5000, '... all counted');
	$got = sent($in, "$name: " . '(' x 90_000 . "mx.site.test$rest\n");
	unlike($got->{after}, qr/bank/, 'behind comments without end');
	$got = sent($in, "$name: " . ' ' x 90_000 . "mx.site.test$rest\n");
	unlike($got->{after}, qr/bank/, 'behind 90000 spaces');
	$got = sent($in, "X-Signet-Verdict: pass\nX-Signet-Verdict: x\n");
	unlike($got->{after}, qr/X-Signet-Verdict/, 'our tag is gone too');
	is($got->{event}{forged_removed}, 2, '... counted as well');
}

# One field of ours on top, which says what we found.
{
	my $got = sent($in, "$name: other.test; none\n");
	like($got->{after}, qr/\A$name: mx\.site\.test;/, 'ours is on top');
	is(scalar(() = $got->{after} =~ /^$name: mx\.site\.test/mg), 1,
	    'once');
	like($got->{results}, qr/dmarc=pass/, 'and says the truth');
}

# An internal host has checked what it hands on; `all` believes nobody.
$in->reconfigure(milter => { role => 'internal' });
like(sent($in, "$name: mx.site.test; dkim=pass\n")->{after},
    qr/mx\.site\.test; dkim=pass$/m, 'role internal: what came stays');
$in->reconfigure(milter => { role => undef, remove_results => 'all' });
unlike(sent($in, "$name: other.test$rest\n$name: x$rest\n")->{after},
    qr/bank/, 'remove_results = all');

is($in->good, '', 'a good message passes after all this');
is($in->milter->stop, 0, 'ends cleanly');
done_testing;
