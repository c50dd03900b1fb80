#!/usr/bin/perl
# The judge of t/bench/soak can say no: each thing that it looks at is made
# wrong in turn, and nothing else is.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/lib", "$FindBin::Bin/bench/lib";
use Test::More;
use Bench::Soak;

# What a good run has seen; memory goes up and down a little.
sub good {
	my (%change) = @_;
	my @kib = map { 15_000 + 100 * ($_ * 7 % 5) } 1 .. 200;
	return { rate => 500, wanted_rate => 500, answered => 1000,
		broken_off => 5, missing => 0, twice => 0, rows => 1003,
		aside => 0, left => 0, backlogs => 0, policies => 900,
		wrong => 0, faults => { 'kill -9' => 3, 'DNS silent' => 2 },
		rest => { 'signet-milter' => { kib => \@kib,
			descriptors => [(12) x 200] } }, %change };
}

# The lines that the judge does not let pass.
sub missed {
	return [map { $_->[0] } grep { !$_->[3] }
		Bench::Soak::judge(good(@_))];
}

sub rest {
	my ($name, @values) = @_;
	my $rest = good()->{rest}{'signet-milter'};
	return { 'signet-milter' => { %$rest, $name => \@values } };
}

is_deeply(missed(), [], 'a good run');
my %wrong = (
	'messages a second' => { rate => 300 },
	'messages answered' => { answered => 0, rows => 0 },
	'... of these without a row' => { missing => 1 },
	'... with two' => { twice => 1 },
	'rows' => { rows => 999 },
	'lines put aside that a kill does not explain' => { aside => 1 },
	'files left in the spool' => { left => 1 },
	'loads after which the spool was not emptied' => { backlogs => 1 },
	'TLS policies answered' => { policies => 0 },
	'... with a word that should not be' => { wrong => 1 },
	'fault: DNS silent' => { faults => { 'kill -9' => 3,
	    'DNS silent' => 0 } },
);
is_deeply(missed(%{ $wrong{$_} }), [$_], $_) for sort keys %wrong;
is_deeply(missed(rows => 1006), ['rows'],
    'more rows than messages that were answered or broken off');

my $memory = 'signet-milter: KiB at rest, later / earlier';
my $open = 'signet-milter: descriptors at rest, later / earlier';
is_deeply(missed(rest => rest('kib', map { 15_000 + 20 * $_ } 1 .. 200)),
    [$memory], 'memory that grows all the time');
is_deeply(missed(rest => rest('kib', map { 5000 + 400 * sqrt } 1 .. 200)),
    [$memory], '... more slowly in the end');
is_deeply(missed(rest => rest('kib', (9000) x 40, (15_000) x 160)), [],
    'caches that fill at the start are no leak');
is_deeply(missed(rest => rest('kib', (15_000) x 150, 40_000,
	(15_000) x 49)), [], 'neither is one value out of line');
is_deeply(missed(rest => rest('descriptors', map { 12 + int($_ / 60) }
	1 .. 200)), [$open], 'descriptors that are never closed');
is_deeply(missed(rest => rest('kib', (15_000) x 10)), [$memory],
    'too few values are no proof');

# A line for each process, as the table of the page shows.
is(scalar(grep { /signet-milter/ } map { $_->[0] }
	Bench::Soak::judge(good())), 2, 'memory and descriptors');

done_testing;
