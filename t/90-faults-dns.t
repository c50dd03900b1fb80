#!/usr/bin/perl
# The DNS fails, while mail flows: docs/operations.md, cells dns-*.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/lib";
use Test::More;
use Signet::FaultSite;

Signet::FaultSite->need;
my $world = Signet::FaultSite->new(
    settings => { dns => { timeout => '1s' } });
my ($flow, $dns) = @$world{qw(flow dns)};
my $milter = $world->{site}{milter};
my $faults = $world->faults('dns');

# A machine that is too busy for the short timeout may lose answers by itself,
# after those of the fault.
$faults->cell(absent => lines => 3, sub {
	$flow->pause;
	$dns->refuse;
	$milter->restart;
	$flow->resume;
	$faults->line(0);
	$dns->pass;
	$world->well(2);
});

$faults->cell(lost => lines => 3, sub {
	$dns->refuse;
	$faults->line(0);
	$dns->pass;
	$world->well(2);
});

$faults->cell(slow => sub {
	$dns->slow(0.1);
	$world->well(2);
	$dns->pass;
	$world->well(2);
});

$faults->cell(wrong => sub {
	for my $lie (qw(forge servfail nonsense)) {
		$dns->lie($lie);
		$flow->taken(3);
	}
	$dns->pass;
	$world->well(2);
});

$faults->cell(flapping => lines => 3, sub {
	for (1 .. 3) {
		$dns->refuse;
		$flow->taken(2);
		$dns->pass;
		$flow->taken(2);
	}
	$world->well(2);
});

$faults->done;
$world->stop;
done_testing;
