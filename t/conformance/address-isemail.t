#!/usr/bin/perl
# The address tests of isemail (vectors/address-isemail/tests.xml) against the
# one grammar for addr-specs. ISEMAIL_ERR must be refused, all else read,
# apart from what is listed here with its reason.

use strict;
use warnings;
use Encode qw(encode);
use FindBin ();
use lib "$FindBin::Bin/../lib";
use Test::More;
use Signet::Probe;
use Signet::Util qw(vectors_dir skip_or_fail slurp);

my $file = vectors_dir() . '/address-isemail/tests.xml';
-e $file or skip_or_fail("$file is not there");

# Legal by some rule, and refused by us.
my %refused = (
	literal => ['an address literal is no domain that DMARC could judge',
	    61, 63 .. 84, 95, 112, 115 .. 117, 120, 121, 159],
	control => ['readers cut, drop or show control bytes (obs-NO-WS-CTL)',
	    58, 124 .. 126, 134, 138 .. 140],
	label => ['a label above 63 bytes is in no DNS', 28],
	long => ['a domain above 253 bytes is in no DNS', 40, 41],
	slash => ['a domain with a slash is no host name (RFC 1123)', 161],
);

# Refused by isemail, and read by us.
my %read = (
	utf8 => ['RFC 6532 section 3.2 has UTF-8 in quoted pairs', 160],
);

sub numbered {
	my (%lists) = @_;
	my %why;
	for my $list (values %lists) {
		my ($reason, @ids) = @$list;
		$why{$_} = $reason for @ids;
	}
	return \%why;
}

my %entity = (amp => '&', lt => '<', gt => '>', quot => '"', apos => "'");

# U+2400 and on stand for control bytes.
sub octets {
	my ($xml) = @_;
	utf8::decode($xml);
	$xml =~ s/&#x([0-9a-fA-F]+);/chr hex $1/ge;
	$xml =~ s/&#([0-9]+);/chr $1/ge;
	$xml =~ s/&(\w+);/$entity{$1} \/\/ die "&$1;"/ge;
	$xml =~ s/([\x{2400}-\x{241f}])/chr(ord($1) - 0x2400)/ge;
	return encode('UTF-8', $xml);
}

my @cases;
my $xml = slurp($file);
while ($xml =~ m{<test id="(\d+)">(.*?)</test>}gs) {
	my ($id, $inside) = ($1, $2);
	my ($address) = $inside =~ m{<address>(.*?)</address>}s;
	my ($category) = $inside =~ m{<category>(\w+)</category>};
	push @cases, { id => $id, address => octets($address // ''),
	    is_error => $category eq 'ISEMAIL_ERR' };
}
is(scalar @cases, 164, 'the file has 164 addresses');
is(scalar(grep { $_->{is_error} } @cases), 66, '66 of them are errors');

my $refused = numbered(%refused);
my $read = numbered(%read);
my @answers = Signet::Probe::ask(
    map { ['address', text => $_->{address}] } @cases);
for my $case (@cases) {
	my $got = shift @answers;
	my $id = $case->{id};
	my $want = $case->{is_error} ? 0 : 1;
	my $name = "test $id is " . ($want ? 'read' : 'refused');
	if ($want && $refused->{$id}) {
		$want = 0;
		$name = "test $id is refused: $refused->{$id}";
	} elsif (!$want && $read->{$id}) {
		$want = 1;
		$name = "test $id is read: $read->{$id}";
	}
	is($got->{good}, $want, $name) or
	    diag "[$case->{address}] ", $got->{reason};
}
done_testing;
