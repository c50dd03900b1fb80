#!/usr/bin/perl
# The From fields of vectors/dmarc-rfc9989/from-field.json: which author
# domains they have, or that they are malformed and can never pass.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/../lib";
use JSON::PP ();
use Test::More;
use Signet::Probe;
use Signet::Util qw(vectors_dir skip_or_fail slurp);

my $file = vectors_dir() . '/dmarc-rfc9989/from-field.json';
-e $file or skip_or_fail("$file is not there");

my $cases = JSON::PP->new->decode(slurp($file));
is(scalar @$cases, 13, 'the file has 13 fields');

my @answers = Signet::Probe::ask(
    map { ['header', text => "From: $_->{field}\r\n\r\n"] } @$cases);
for my $case (@$cases) {
	my $got = shift @answers;
	if (!defined $case->{want}) {
		is($got->{status}, 'ambiguous', "malformed: $case->{field}");
		is($got->{domains}, '', '... and no domain comes of it');
		next;
	}
	my @want = @{ $case->{want} };
	is($got->{status}, @want > 1 ? 'several domains' : 'one',
	    $case->{field});
	is($got->{domains}, join('', map { "$_\n" } @want), '... its domains');
}
done_testing;
