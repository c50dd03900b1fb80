#!/usr/bin/perl
# The commands of README.md, section Install, typed one after the other on a
# host of the test's own. What they install is kept for the tests of the pages
# of docs/.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/../lib";
use Test::More;
use Signet::Guide;
use Signet::GuideHost;

Signet::GuideHost->enter;
my $work = sub {
	my $host = Signet::GuideHost->new;
	my $guide = Signet::Guide->new('../README.md', host => $host);
	$guide->type('Install');
	my ($status, $out) = $host->shell('signet --version');
	is($status, 0, 'signet is there');
	like($out, qr/^signet \d/, 'and says its version');
	for my $name (qw(milter sign load policy tls-collect mailbox
	    dmarc-report tls-report report-intake)) {
		($status) = $host->shell("command -v signet-$name");
		is($status, 0, "signet-$name is there");
	}
	$host->keep_installed;
	$host->stop;
};
if ($ENV{SIGNET_GUIDE_LOCKED}) {
	$work->();
} else {
	Signet::GuideHost::locked($work);
}
done_testing;
