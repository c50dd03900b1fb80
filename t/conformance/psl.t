#!/usr/bin/perl
# The test set of the Public Suffix List, in both its forms (vectors/psl).

use strict;
use warnings;
use Cwd qw(realpath);
use FindBin ();
use lib "$FindBin::Bin/../lib";
use Test::More;
use Signet::Probe;
use Signet::Util qw(vectors_dir skip_or_fail slurp);

my $dir = vectors_dir() . '/psl';
-e "$dir/tests.txt" or skip_or_fail("$dir is not there");
my $list = realpath("$dir/public_suffix_list.dat");

# A line of tests.txt is "name answer"; one of test_psl.txt a call.
my @cases;
for my $line (split /\n/, slurp("$dir/tests.txt")) {
	push @cases, ["tests.txt: $line", $1, $2]
	    if $line =~ m{^(?!//)(\S+) (\S+)$};
}
for my $line (split /\n/, slurp("$dir/test_psl.txt")) {
	push @cases, ["test_psl.txt: $line", $1, $2]
	    if $line =~ /^checkPublicSuffix\('?([^',]*)'?, '?([^')]*)'?\);$/;
}
is(scalar @cases, 156, 'two files of 78 questions');

my @answers = Signet::Probe::ask(map {
	['psl', list => $list, name => $_->[1] eq 'null' ? '' : $_->[1]]
} @cases);

# A name may be written in U-labels: the answer is compared in A-labels.
my @wanted = Signet::Probe::ask(map { ['idna', name => $_->[2]] } @cases);
for my $case (@cases) {
	my ($name, undef, $want) = @$case;
	my $got = shift @answers;
	my $a_labels = shift @wanted;
	# no domain, or a public suffix, which has no organizational domain
	my $answer = defined $got->{refused} || $got->{suffix}
	    ? 'null' : $got->{organizational};
	is($answer, $want eq 'null' ? 'null' : $a_labels->{ascii}, $name);
}
done_testing();
