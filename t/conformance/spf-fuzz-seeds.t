#!/usr/bin/perl
# The finds of another project's fuzzer (vectors/spf-fuzz-seeds) as policies:
# each gets an answer of RFC 7208.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/../lib";
use Test::More;
use Signet::Probe;
use Signet::Util qw(vectors_dir skip_or_fail slurp);

my $dir = vectors_dir() . '/spf-fuzz-seeds';
my @files = sort glob "$dir/Fuzz*";
@files or skip_or_fail("$dir is not there");

my %letter = (n => "\n", t => "\t", r => "\r", a => "\a", b => "\b",
    f => "\f", v => "\x0b");

# A string literal of Go.
sub bytes_of {
	my ($literal) = @_;
	$literal =~ s{\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|([0-7]{3})|(.))}{
		defined $1 ? chr hex $1
		    : defined $2 ? do { my $c = chr hex $2; utf8::encode($c); $c }
		    : defined $3 ? chr oct $3 : $letter{$4} // $4
	}gsei;
	return $literal;
}

my @requests;
for my $file (@files) {
	my ($literal) = slurp($file) =~ /^string\("(.*)"\)/m
	    or die "$file: no string\n";
	my $record = Signet::Probe::zone_strings(bytes_of($literal));
	push @requests, ['spf', client => '192.0.2.1',
	    helo => 'mx.example.com', sender => 'user@example.com',
	    zone => "example.com. TXT $record\n*.example.com. TXT $record\n" .
		"*.example.com. A 192.0.2.1\nexample.com. MX 1 a.example.com.\n"];
}
my @answers = Signet::Probe::ask(@requests);
my %seen;
for my $i (0 .. $#files) {
	my $result = $answers[$i]{result};
	$seen{$result}++;
	like($result, qr/^(?:none|neutral|pass|fail|softfail|permerror)$/,
	    $files[$i] =~ s{.*/}{}r);
	cmp_ok($answers[$i]{lookups}, '<=', 10, 'within the limit');
}
ok($seen{$_}, "$_ is among the answers") for qw(neutral pass fail permerror);
done_testing;
